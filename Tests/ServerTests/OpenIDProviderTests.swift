import Access
import Foundation
import HTTP
import HTTPClient
import JSON
import Logging
import Postgres
import Supervision
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite("OpenID providers", .serialized, .timeLimit(.minutes(5)))
struct OpenIDProviderTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func configuration(_ url: String, secretFile: String? = nil) throws -> String {
        let secret = secretFile.map { #","secret_file":"\#($0)""# } ?? ""
        return """
            {"issuers":[{"name":"company","url":"\(url)","audience":"beamline","tenant":{"name":"default"},
            "roles":{"claim":"groups","map":{"ops":["operator"]}},
            "client":{"id":"client","public_url":"http://127.0.0.1:1"\(secret)}}]}
            """
    }

    private func provider(_ url: String, now: @escaping @Sendable () -> Int64) throws -> OpenIDProvider {
        OpenIDProvider(
            try IssuerConfiguration.read(json: Array(try Self.configuration(url).utf8))[0], client: HTTPClient(),
            logger: Self.logger, now: now)
    }

    @Test("keys are fetched by discovery; unknown ones again, but not at once; they outlast the provider's absence")
    func keys() async throws {
        try await TestProviderServer.run { server in
            let (old, new) = (try SigningKey.generate(id: "old"), try SigningKey.generate(id: "new", algorithm: .ps256))
            server.state.withLock { $0.keys = [old] }
            let now = Mutex<Int64>(1000)
            let provider = try provider(server.url) { now.withLock { $0 } }
            func refresh(at time: Int64) async throws -> Bool {
                now.withLock { $0 = time }
                return try await provider.refresh(now: time)
            }
            // Many at once cause one fetch.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await provider.refresh(now: 1000) } }
                try await group.waitForAll()
            }
            #expect(provider.ring.ids == ["old"] && server.count("/keys") == 1)
            server.state.withLock { $0.keys = [new] }
            #expect(try await !refresh(at: 1009))
            #expect(server.count("/keys") == 1)
            #expect(try await refresh(at: 1010))
            #expect(provider.ring.ids == ["new"] && server.count("/keys") == 2)
            server.state.withLock { $0.isAway = true }
            #expect(try await !refresh(at: 2000))
            #expect(provider.ring.ids == ["new"])
            // Whoever has never seen its keys says that they cannot be had.
            let fresh = try self.provider(server.url) { 3000 }
            await #expect(throws: IssuerUnavailable.self) { try await fresh.refresh(now: 3000) }
            await #expect(throws: IssuerUnavailable.self) { try await fresh.refresh(now: 3001) }
        }
    }

    @Test("keys that nobody has confirmed for a day are let go of")
    func bound() async throws {
        try await TestProviderServer.run { server in
            server.state.withLock { $0.keys = [try! .generate(id: "k")] }
            let now = Mutex<Int64>(1000)
            let provider = try provider(server.url) { now.withLock { $0 } }
            #expect(try await provider.refresh(now: 1000))
            server.state.withLock { $0.isAway = true }
            now.withLock { $0 = 1000 + IssuerKeySchedule.bound }
            let task = Task { try await provider.run() }
            defer { task.cancel() }
            // The change is announced when the ring is empty.
            await provider.changes.wait()
            #expect(provider.ring.ids.isEmpty)
        }
    }

    @Test("a code is redeemed with the verifier and the client's secret; what the ID token says decides")
    func codes() async throws {
        let folder = NSTemporaryDirectory() + "/beamline-oidc-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("s3cret\n".utf8).write(to: URL(filePath: folder + "/secret"))
        try await TestProviderServer.run { server in
            server.state.withLock { $0.keys = [try! .generate(id: "k")] }
            let text = try Self.configuration(server.url, secretFile: folder + "/secret")
            let provider = OpenIDProvider(
                try IssuerConfiguration.read(json: Array(text.utf8))[0], client: HTTPClient(), logger: Self.logger,
                now: { 1000 })
            var generator = SystemRandomNumberGenerator()
            let request = SignInRequest(using: &generator)
            #expect(try await provider.url(for: request).hasPrefix("\(server.url)/authorize?response_type=code&"))
            let now = Int64(Date().timeIntervalSince1970)
            func outcome(_ claims: JSONObject) async -> String {
                server.state.withLock { $0.claims = claims }
                do {
                    let signIn = try await provider.signIn(code: "c/1", for: request, now: now)
                    return "\(signIn.subject) \(signIn.roles) \(signIn.expiresAt - now)"
                } catch { return error.code.rawValue }
            }
            let nonce = JSONValue.string(request.nonce)
            #expect(
                await outcome(["aud": "client", "sub": "ada", "groups": ["ops"], "nonce": nonce])
                    == #"company:ada ["operator"] 43200"#)
            let (form, authorization) = server.state.withLock { ($0.form, $0.authorization) }
            #expect(form.contains("code=c%2F1&") && form.contains("code_verifier=\(request.codeVerifier)"))
            #expect(authorization == ClientCredentials.basic(id: "client", secret: "s3cret"))
            #expect(await outcome(["aud": "client", "sub": "ada", "groups": ["x"], "nonce": nonce]) == "no_account")
            #expect(await outcome(["aud": "client", "sub": "ada", "groups": ["ops"], "nonce": "x"]) == "token_refused")
            #expect(await outcome(["aud": "x", "sub": "ada", "groups": ["ops"], "nonce": nonce]) == "token_refused")
            server.state.withLock { $0.isAway = true }
            #expect(await outcome([:]) == "provider_failed")
        }
    }

    /// Runs a body against a node that knows the provider.
    private func withNode(
        _ server: TestProviderServer, _ body: (_ answer: (String) async throws -> String) async throws -> Void
    ) async throws {
        let database = try await StoreDatabase.make()
        let folder = NSTemporaryDirectory() + "/beamline-oidc-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(try Self.configuration(server.url).utf8).write(to: URL(filePath: folder + "/identity.json"))
        var options = ServerOptions(
            database: database.cluster.options(database: database.name).conninfo, keysFolder: folder + "/keys")
        options.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        options.identityFile = folder + "/identity.json"
        let node = try await ServerNode.make(options, logger: Self.logger)
        let client = HTTPClient()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body { token in
                let answer = try await client.send(
                    OutgoingRequest(
                        url: "http://\(node.addresses[0])/v1/runs", fields: [("authorization", "Bearer \(token)")]))
                let code = (try? JSONValue(parsing: answer.body))?["code"]?.stringValue
                return "\(answer.status)\(code.map { " \($0)" } ?? "")"
            }
            node.stop()
            try await group.waitForAll()
        }
        try await database.discard()
    }

    @Test("a node takes a provider's tokens by its mapping; while it has never been seen, they are answered 503")
    func node() async throws {
        try await TestProviderServer.run { server in
            let (key, other) = (try SigningKey.generate(id: "k", algorithm: .rs256), try SigningKey.generate(id: "x"))
            server.state.withLock { ($0.keys, $0.isAway) = ([key], true) }
            try await withNode(server) { (answer: (String) async throws -> String) async throws in
                #expect(try await answer(server.token(key)) == "503 issuer_unavailable")
            }
            server.state.withLock { $0.isAway = false }
            try await withNode(server) { (answer: (String) async throws -> String) async throws in
                #expect(try await answer(server.token(key)) == "200")
                #expect(try await answer(server.token(key, groups: ["tennis"])) == "401 token_claims")
                #expect(try await answer(server.token(other)) == "401 token_unknown_key")
            }
        }
    }
}
