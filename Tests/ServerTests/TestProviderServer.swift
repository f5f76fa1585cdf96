import Foundation
import HTTP
import JSON
import Logging
import NIOCore
import Synchronization

@testable import Access

/// An OpenID provider on a loopback port: discovery, keys, and a token endpoint that gives what it is told.
final class TestProviderServer: Sendable {
    struct State {
        var keys: [SigningKey] = []
        var isAway = false
        var requests: [String] = []
        /// What the token endpoint puts into the ID token besides the standard claims.
        var claims: JSONObject = [:]
        /// The last form that the token endpoint was sent, and its authorization.
        var form = ""
        var authorization = ""
    }

    let state = Mutex(State())
    private let server: HTTPServer
    let url: String

    static func run(_ body: (TestProviderServer) async throws -> Void) async throws {
        let box = Mutex<TestProviderServer?>(nil)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = HTTPServer(
            configuration: .init(addresses: [.tcp(host: "127.0.0.1", port: 0)]), logger: logger,
            handler: { request in try await box.withLock { $0 }!.respond(to: request) })
        let provider = TestProviderServer(server, url: "http://\(try await server.bind()[0])")
        box.withLock { $0 = provider }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            do { try await body(provider) } catch {
                group.cancelAll()
                throw error
            }
            server.drain()
            try await group.waitForAll()
        }
    }

    private init(_ server: HTTPServer, url: String) {
        self.server = server
        self.url = url
    }

    func count(_ path: String) -> Int { state.withLock { $0.requests.count { $0 == path } } }

    private func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let form = String(buffer: try await request.body.collect(upTo: 64 << 10))
        let (isAway, keys) = state.withLock { state in
            state.requests.append(request.path)
            if request.path == "/token" {
                state.form = form
                state.authorization = request.fields["authorization"] ?? ""
            }
            return (state.isAway, state.keys)
        }
        guard !isAway else { return HTTPResponse(status: 500) }
        switch request.path {
        case "/.well-known/openid-configuration":
            return json([
                "issuer": .string(url), "jwks_uri": .string("\(url)/keys"),
                "authorization_endpoint": .string("\(url)/authorize"), "token_endpoint": .string("\(url)/token"),
            ])
        case "/keys":
            let all = try keys.flatMap { try JSONValue(parsing: $0.publicKeySet())["keys"]?.arrayValue ?? [] }
            return json(["keys": .array(all)])
        case "/token":
            var claims: JSONObject = ["iss": .string(url), "exp": .int(Int64(Date().timeIntervalSince1970) + 60)]
            for (name, value) in state.withLock({ $0.claims }) { claims[name] = value }
            return json(["id_token": .string(try keys[0].sign(.object(claims))), "token_type": "Bearer"])
        default: return HTTPResponse(status: 404)
        }
    }

    private func json(_ members: JSONObject) -> HTTPResponse {
        HTTPResponse(
            status: 200, fields: ["content-type": "application/json"],
            body: .bytes(ByteBuffer(bytes: JSONValue.object(members).bytes())))
    }

    /// A bearer token of this provider.
    func token(_ key: SigningKey, subject: String = "ada", groups: [JSONValue] = ["ops"], id: String = "1") throws
        -> String
    {
        try key.sign(
            .object([
                ("iss", .string(url)), ("aud", "beamline"), ("sub", .string(subject)), ("groups", .array(groups)),
                ("exp", .int(Int64(Date().timeIntervalSince1970) + 300)), ("jti", .string(id)),
            ]))
    }
}

extension SigningKey {
    fileprivate func sign(_ claims: JSONValue) throws -> String { try key.sign(claims.bytes()) }
}
