import Access
import Foundation
import GRPC
import HTTP
import HTTPClient
import JSON
import Logging
import Postgres
import Server
import TLS
import TestSupport

/// A node on a database of its own, for one test.
struct RunningNode {
    let node: ServerNode
    let keys: NodeKeys

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func run(
        _ change: (inout ServerOptions) -> Void = { _ in }, _ body: (RunningNode) async throws -> Void
    ) async throws {
        let database = try await StoreDatabase.make()
        let folder = NSTemporaryDirectory() + "/beamline-node-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = ServerOptions(
            database: database.cluster.options(database: database.name).conninfo, keysFolder: folder)
        options.addresses = [.tcp(host: "127.0.0.1", port: 0)]
        change(&options)
        let node = try await ServerNode.make(options, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            do {
                try await body(RunningNode(node: node, keys: try NodeKeys.open(folder)))
            } catch {
                group.cancelAll()
                throw error
            }
            node.stop()
            try await group.waitForAll()
        }
        try await database.discard()
    }

    func token(_ roles: Role..., id: String = "t") throws -> String {
        try keys.mint(
            subject: "ada", tenant: "default", roles: Set(roles), lifetime: 600,
            now: Int64(Date().timeIntervalSince1970))
    }

    func address(_ listener: Listener = .public) -> HTTPAddress { node.listeners[listener]![0] }

    func channel(_ listener: Listener = .public, tls: TLSContext? = nil, bearer: String? = nil) -> GRPCChannel {
        var configuration = GRPCChannel.Configuration(address: address(listener), tls: tls)
        if let bearer { configuration.metadata["authorization"] = "Bearer \(bearer)" }
        return GRPCChannel(configuration, logger: Self.logger)
    }
}
