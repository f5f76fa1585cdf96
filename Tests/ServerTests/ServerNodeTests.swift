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

@Suite("Server node", .serialized, .timeLimit(.minutes(5)))
struct ServerNodeTests {
    private func withNode(
        tenants: [String] = ["default"], _ body: (ServerNode, String, NodeKeys) async throws -> Void
    ) async throws {
        let database = try await StoreDatabase.make()
        let keysFolder = NSTemporaryDirectory() + "/beamline-node-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: keysFolder) }
        var options = ServerOptions(
            database: database.cluster.options(database: database.name).conninfo, keysFolder: keysFolder)
        options.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        options.tenants = tenants
        let node = try await ServerNode.make(options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body(node, "http://\(node.addresses[0])", try NodeKeys.open(keysFolder))
            node.stop()
            try await group.waitForAll()
        }
        try await database.discard()
    }

    @Test func itServesAndLeavesWhenToldTo() async throws {
        let client = HTTPClient()
        try await withNode { node, url, keys in
            var statuses: [Int] = []
            for path in ["/healthz", "/readyz", "/metrics"] {
                statuses.append(try await client.send(OutgoingRequest(url: url + path)).status)
            }
            #expect(statuses == [200, 200, 401])
        }
    }

    @Test func itsTreeShowsEverythingThatRuns() async throws {
        let client = HTTPClient()
        try await withNode { node, url, keys in
            let now = Int64(Date().timeIntervalSince1970)
            let token = try keys.mint(subject: "t", tenant: "default", roles: [.admin], lifetime: 60, now: now)
            let answer = try await client.send(
                OutgoingRequest(url: url + "/v1/system/tree", fields: [("authorization", "Bearer \(token)")]))
            #expect(answer.status == 200)
            let tree = try JSONValue(parsing: answer.body)
            let names = (tree["children"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
            #expect(names == ["database", "engine", "maintenance", "edge"])
            #expect(tree["strategy"]?.stringValue == "rest_for_one")
        }
    }

    @Test func aPortInUseIsSaidAtTheStart() async throws {
        try await withNode { node, url, keys in
            let database = try await StoreDatabase.make()
            let folder = NSTemporaryDirectory() + "/beamline-node-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var options = ServerOptions(
                database: database.cluster.options(database: database.name).conninfo, keysFolder: folder)
            options.addresses = node.addresses
            let taken = options
            let error = await #expect(throws: (any Error).self) {
                _ = try await ServerNode.make(taken, logger: Logger(label: "test"))
            }
            #expect("\(String(describing: error))".contains("cannot listen"))
            try await database.discard()
        }
    }
}
