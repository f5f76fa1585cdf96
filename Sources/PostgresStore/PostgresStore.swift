public import Engine
internal import Logging
public import Postgres
internal import Synchronization
internal import Workflows

/// The engine's ports on PostgreSQL: `Store`, `Catalog`, `RunReader` and `TaskLog`.
///
/// It holds sets of connections, so that none can starve another: one connection a commit lane, a few for duties and slow
/// tables, and a few for asking who calls, all as the engine's role; then, as the role of requests (`TenantScope`), a few
/// with a statement time-out for people who look, and a few for definitions. All of them come back by themselves when the
/// database does; until then calls fail with `StoreError.unavailable`.
public final class PostgresStore: Store {
    /// Where the database is, and how many connections of each set.
    public struct Configuration: Sendable {
        /// The database; settings given here win over the store's own.
        public var postgres: PostgresConnection.Options
        /// Connections for commits and claims.
        public var lanes: Int
        /// Connections for duties, the catalog and task logs.
        public var duties: Int
        /// Connections for asking who calls: keys, roles and tenants, before the request's tenant is known.
        public var directory: Int
        /// Connections for `RunReader`.
        public var readers: Int
        /// Connections for definitions, theirs to read and to write.
        public var requests: Int
        /// How long a read for people may take.
        public var readLimit: Duration

        public init(
            postgres: PostgresConnection.Options, lanes: Int = 4, duties: Int = 2, directory: Int = 2,
            readers: Int = 4, requests: Int = 2, readLimit: Duration = .seconds(5)
        ) {
            self.postgres = postgres
            self.lanes = lanes
            self.duties = duties
            self.directory = directory
            self.readers = readers
            self.requests = requests
            self.readLimit = readLimit
        }
    }

    let lanes: ConnectionSlots
    let duties: ConnectionSlots
    private let directorySlots: ConnectionSlots
    private let readers: ConnectionSlots
    private let requests: ConnectionSlots
    /// Pipelines for commits, kept for the memory of their parameters.
    private let pipelines = Mutex<[PostgresPipeline]>([])
    private let commitStatements = Mutex<[CommitSections: PostgresStatement]>([:])

    private init(_ configuration: Configuration) {
        func slots(_ count: Int, _ name: String, _ settings: [String: String]) -> ConnectionSlots {
            var options = configuration.postgres
            options.applicationName = "beamline \(name)"
            // A server that is silent for so long is taken for dead.
            options.responseLimit = options.responseLimit ?? .seconds(30)
            options.settings = settings.merging(options.settings) { _, given in given }
            return ConnectionSlots(options, limit: count)
        }
        let limit = configuration.readLimit.microseconds / 1000
        lanes = slots(configuration.lanes, "lanes", PinnedSettings.engine)
        duties = slots(configuration.duties, "duties", PinnedSettings.duties)
        let reading = ["statement_timeout": "\(limit)ms", "default_transaction_read_only": "on", "timezone": "UTC"]
        let asTenant = ["role": TenantScope.role]
        directorySlots = slots(configuration.directory, "directory", reading)
        readers = slots(configuration.readers, "readers", reading.merging(asTenant) { $1 })
        requests = slots(configuration.requests, "requests", PinnedSettings.duties.merging(asTenant) { $1 })
    }

    /// Connects to a database whose schema is up to date, and settles its epoch: the number in event positions goes up
    /// when this is another database than the one that wrote the last events.
    ///
    /// - Throws: `StoreError.unavailable` when the database cannot be reached; `refused` when its user lacks a role,
    ///   with the statement that gives it.
    public static func open(_ configuration: Configuration) async throws(StoreError) -> PostgresStore {
        let store = PostgresStore(configuration)
        try await store.checkRoles()
        try await store.settleEpoch()
        return store
    }

    /// Closes every connection; calls that come later fail.
    public func close() async {
        await lanes.close()
        await duties.close()
        await directorySlots.close()
        await readers.close()
        await requests.close()
    }

    private func checkRoles() async throws(StoreError) {
        let complaint = try await duty { (connection) throws(PostgresError) in
            try await RoleCheck.complaint(connection)
        }
        guard let complaint else { return }
        await close()
        throw .refused(code: SQLState.insufficientPrivilege.rawValue, detail: complaint)
    }

    private func settleEpoch() async throws(StoreError) {
        try await duty { (connection) throws(PostgresError) in
            _ = try await connection.query(
                """
                INSERT INTO cluster AS c (identity)
                SELECT s.system_identifier || '/' || k.timeline_id || '/' || d.oid
                FROM pg_control_system() s, pg_control_checkpoint() k, pg_database d WHERE d.datname = current_database()
                ON CONFLICT (singleton) DO UPDATE SET identity = excluded.identity, epoch = c.epoch + 1
                WHERE c.identity <> excluded.identity
                """)
        }
    }

    func commitStatement(_ sections: CommitSections) -> PostgresStatement {
        commitStatements.withLock { cache in
            if let known = cache[sections] { return known }
            let made = CommitStatement.statement(sections)
            cache[sections] = made
            return made
        }
    }

    /// A pipeline of one statement, in the memory of an earlier one if there is any.
    func pipeline(_ statement: PostgresStatement, _ columns: CommitColumns) -> PostgresPipeline {
        var pipeline = pipelines.withLock { $0.popLast() } ?? PostgresPipeline(.single)
        pipeline.removeAll()
        pipeline.add(statement) { columns.bind(into: &$0) }
        return pipeline
    }

    /// Takes a pipeline back that is not used any more, unless it has grown too much.
    func giveBack(_ pipeline: PostgresPipeline) {
        guard pipeline.parameterBytes <= 1 << 20 else { return }
        pipelines.withLock { if $0.count < 4 { $0.append(pipeline) } }
    }

    // MARK: Connections

    /// Runs something on a lane's connection and turns what goes wrong into the port's error.
    func lane<Answer>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: lanes, body)
    }

    /// Runs something on a duty's connection.
    func duty<Answer>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: duties, body)
    }

    /// Reads about callers on a connection of the engine's role: their tenant is what is asked for, or they have all.
    func directory<Answer>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: directorySlots, body)
    }

    /// Reads a tenant's rows for people.
    func reader<Answer>(
        of tenant: Int32, _ body: (TenantScope) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: readers) { (connection) throws(PostgresError) in
            try await body(TenantScope(tenant: tenant, connection: connection))
        }
    }

    /// Reads or writes a tenant's definitions.
    func request<Answer>(
        of tenant: Int32, _ body: (TenantScope) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: requests) { (connection) throws(PostgresError) in
            try await body(TenantScope(tenant: tenant, connection: connection))
        }
    }

    /// A transaction that lost against another (a deadlock, say) was rolled back, so it is simply run again.
    private func perform<Answer>(
        on slots: ConnectionSlots, _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        var tries = 0
        while true {
            do {
                return try await slots.withConnection(body)
            } catch {
                tries += 1
                guard error.isTransactionConflict, tries < 10 else { throw StoreError(error) }
            }
        }
    }
}
