private import Foundation
public import Postgres
public import PostgresStore

/// A fresh database with the schema, and a store on it.
public struct StoreDatabase: Sendable {
    public let cluster: PostgresCluster
    public let name: String
    public let store: PostgresStore

    /// Makes a database as a copy of a migrated template.
    public static func make(
        in cluster: PostgresCluster? = nil, lanes: Int = 4
    ) async throws -> StoreDatabase {
        let home: PostgresCluster
        if let cluster { home = cluster } else { home = try await .shared() }
        let name = try await home.makeDatabase(template: "store") { options in
            let connection = try await PostgresConnection.connect(options)
            for script in try migrations() { try await connection.run(script: script) }
            await connection.close()
        }
        let store = try await PostgresStore.open(
            PostgresStore.Configuration(postgres: home.options(database: name), lanes: lanes))
        return StoreDatabase(cluster: home, name: name, store: store)
    }

    /// A connection of one's own to the database.
    public func connect(settings: [String: String] = [:]) async throws -> PostgresConnection {
        var options = cluster.options(database: name)
        options.settings = settings
        return try await PostgresConnection.connect(options)
    }

    /// Closes the store and drops the database.
    public func discard() async throws {
        await store.close()
        try await cluster.dropDatabase(name)
    }

    /// The up-migrations of the repository, in order.
    private static func migrations() throws -> [String] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "migrations")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.lastPathComponent.hasSuffix(".up.sql") }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }
}
