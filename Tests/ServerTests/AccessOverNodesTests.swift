import Access
import Foundation
import HTTP
import HTTPClient
import JSON
import Logging
import Postgres
import Server
import TestSupport
import Testing

@Suite("Access over two nodes", .serialized, .timeLimit(.minutes(5)))
struct AccessOverNodesTests {
    /// Runs a body with two nodes on one database, under one set of keys.
    private func withNodes(_ body: ([String], NodeKeys) async throws -> Void) async throws {
        let database = try await StoreDatabase.make()
        let folder = NSTemporaryDirectory() + "/beamline-access-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = ServerOptions(
            database: database.cluster.options(database: database.name).conninfo, keysFolder: folder)
        options.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let nodes = [
            try await ServerNode.make(options, logger: logger), try await ServerNode.make(options, logger: logger),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await node.run() } }
            try await body(nodes.map { "http://\($0.addresses[0])" }, try NodeKeys.open(folder))
            for node in nodes { node.stop() }
            try await group.waitForAll()
        }
        try await database.discard()
    }

    @Test("a key that one node revokes is refused by the other, and its stream there ends")
    func revoked() async throws {
        let client = HTTPClient()
        try await withNodes { urls, keys in
            let token = try keys.mint(
                subject: "t", tenant: "default", roles: [.admin], lifetime: 600,
                now: Int64(Date().timeIntervalSince1970))
            func send(_ method: String, _ url: String, _ bearer: String, body: String? = nil) async throws -> (
                status: Int, json: JSONValue?
            ) {
                var fields = [("authorization", "Bearer \(bearer)")]
                if body != nil { fields.append(("content-type", "application/json")) }
                var request = OutgoingRequest(
                    method: method, url: url, body: body.map { Array($0.utf8) }, timeout: .seconds(60))
                request.fields = fields
                let answer = try await client.send(request)
                return (answer.status, try? JSONValue(parsing: answer.body))
            }
            let made = try await send("POST", urls[0] + "/v1/keys", token, body: #"{"name":"k","roles":["viewer"]}"#)
            let (id, text) = (made.json?["id"]?.stringValue ?? "", made.json?["key"]?.stringValue ?? "")
            #expect(try await send("GET", urls[1] + "/v1/runs", text).status == 200)
            async let stream = send("GET", urls[1] + "/v1/events", text)
            #expect(try await send("DELETE", urls[0] + "/v1/keys/\(id)", token).status == 200)
            let revokedAt = ContinuousClock.now
            while try await send("GET", urls[1] + "/v1/runs", text).status != 401 {}
            let refusedAfter = ContinuousClock.now - revokedAt
            // Opened before or just after: in either case it is over.
            #expect(try await [200, 401].contains(stream.status))
            print(
                "the other node refused the key after \(refusedAfter), its stream had ended after \(ContinuousClock.now - revokedAt)"
            )
        }
    }
}
