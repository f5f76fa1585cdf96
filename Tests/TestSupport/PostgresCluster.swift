private import Glibc
public import Postgres
private import Synchronization

/// A private PostgreSQL for tests. One is shared by the whole test process; it is stopped and deleted when the process
/// ends, however it ends. A missing PostgreSQL is a failure of the test that asks for it.
public struct PostgresCluster: Sendable {
    public let cluster: PrivateCluster
    private let templates = Templates()

    /// The cluster of this process, with full durability; started by whoever asks first.
    public static func shared() async throws -> PostgresCluster {
        try await Shared.instance.cluster()
    }

    /// A cluster of one's own, to stop, kill and restart.
    public static func own(
        durability: PrivateCluster.Durability = .full, settings: [String: String] = [:]
    ) async throws -> PostgresCluster {
        let directory = "/tmp/beamline-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        var settings = settings
        settings["shared_buffers"] = settings["shared_buffers"] ?? "64MB"
        settings["max_wal_size"] = settings["max_wal_size"] ?? "1GB"
        settings["max_connections"] = settings["max_connections"] ?? "1000"
        return PostgresCluster(
            cluster: try await .start(
                PrivateCluster.Options(
                    directory: directory, durability: durability, settings: settings, isTemporary: true)))
    }

    private init(cluster: PrivateCluster) {
        self.cluster = cluster
    }

    /// Options of a connection to one of the databases.
    public func options(database: String = "postgres") -> PostgresConnection.Options {
        PostgresConnection.Options(cluster.conninfo(database: database), applicationName: "test")
    }

    /// Makes a fresh, empty database and returns its name.
    public func makeDatabase() async throws -> String {
        let name = "t_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try await create(name, template: "template1")
        return name
    }

    /// Makes a fresh database as a copy of a template, which `prepare` fills the first time that its name is met
    /// (migrations, say). Returns the new database's name.
    public func makeDatabase(
        template: String, prepare: @escaping @Sendable (PostgresConnection.Options) async throws -> Void
    ) async throws -> String {
        try await templates.ready(template) {
            try await create("template_\(template)", template: "template1")
            try await prepare(options(database: "template_\(template)"))
        }
        let name = "t_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try await create(name, template: "template_\(template)")
        return name
    }

    /// Drops a database, with its sessions.
    public func dropDatabase(_ name: String) async throws {
        let connection = try await PostgresConnection.connect(options())
        try await connection.query("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)")
        await connection.close()
    }

    /// Ends the sessions of a database (or of all) as an administrator would. Returns how many.
    @discardableResult
    public func killBackends(database: String? = nil) async throws -> Int {
        let connection = try await PostgresConnection.connect(options())
        let result = try await connection.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = coalesce(\(database), datname)
            """)
        await connection.close()
        return result.count
    }

    private func create(_ name: String, template: String) async throws {
        let connection = try await PostgresConnection.connect(options())
        let query: PostgresQuery = "CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)"
        // A session on the template may just be ending; the server itself waits five seconds before it refuses.
        for _ in 1...9 {
            if try await isDone(query, on: connection) { return await connection.close() }
        }
        try await connection.query(query)
        await connection.close()
    }

    private func isDone(_ query: PostgresQuery, on connection: PostgresConnection) async throws -> Bool {
        do {
            try await connection.query(query)
            return true
        } catch SQLState.objectInUse {
            return false
        }
    }
}

/// Makes the process's cluster once, while later askers wait.
private actor Shared {
    static let instance = Shared()
    private var start: Task<PostgresCluster, any Error>?

    func cluster() async throws -> PostgresCluster {
        let start = start ?? Task { try await PostgresCluster.own() }
        self.start = start
        return try await start.value
    }
}

/// Fills each template once, while later askers wait.
private actor Templates {
    private var fills: [String: Task<Void, any Error>] = [:]

    func ready(_ name: String, _ fill: @escaping @Sendable () async throws -> Void) async throws {
        let task = fills[name] ?? Task { try await fill() }
        fills[name] = task
        try await task.value
    }
}
