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
            _ = try await Migrator(options, Migration.load(from: migrations)).up()
        }
        let store = try await PostgresStore.open(
            PostgresStore.Configuration(postgres: home.options(database: name), lanes: lanes))
        return StoreDatabase(cluster: home, name: name, store: store)
    }

    /// Another store on the same database, reached through a proxy's folder.
    public func store(through proxy: SocketProxy) async throws -> PostgresStore {
        var options = cluster.options(database: name)
        options.conninfo = options.conninfo.replacing(cluster.cluster.socketDirectory, with: proxy.directory)
        return try await PostgresStore.open(PostgresStore.Configuration(postgres: options, lanes: 1))
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

    /// The repository's folder of migrations.
    private static var migrations: String {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return here.joined(separator: "/") + "/migrations"
    }
}
