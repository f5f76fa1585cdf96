public import Engine
internal import Logging
public import Postgres
internal import Synchronization
internal import Workflows

/// The engine's ports on PostgreSQL: `Store`, `Catalog`, `RunReader` and `TaskLog`.
///
/// It holds three sets of connections, so that none can starve another: one connection a commit lane, a few for duties
/// and slow tables, and a few with a statement time-out for people who look. All of them come back by themselves when
/// the database does; until then calls fail with `StoreError.unavailable`.
public final class PostgresStore: Store {
    /// Where the database is, and how many connections of each set.
    public struct Configuration: Sendable {
        /// The database; settings given here win over the store's own.
        public var postgres: PostgresConnection.Options
        /// Connections for commits and claims.
        public var lanes: Int
        /// Connections for duties, the catalog and task logs.
        public var duties: Int
        /// Connections for `RunReader`.
        public var readers: Int
        /// How long a read for people may take.
        public var readLimit: Duration

        public init(
            postgres: PostgresConnection.Options, lanes: Int = 4, duties: Int = 2, readers: Int = 4,
            readLimit: Duration = .seconds(5)
        ) {
            self.postgres = postgres
            self.lanes = lanes
            self.duties = duties
            self.readers = readers
            self.readLimit = readLimit
        }
    }

    let lanes: ConnectionSlots
    let duties: ConnectionSlots
    let readers: ConnectionSlots
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
        readers = slots(
            configuration.readers, "readers",
            ["statement_timeout": "\(limit)ms", "default_transaction_read_only": "on", "timezone": "UTC"])
    }

    /// Connects to a database whose schema is up to date, and settles its epoch: the number in event positions goes up
    /// when this is another database than the one that wrote the last events.
    ///
    /// - Throws: `StoreError.unavailable` when the database cannot be reached.
    public static func open(_ configuration: Configuration) async throws(StoreError) -> PostgresStore {
        let store = PostgresStore(configuration)
        try await store.settleEpoch()
        return store
    }

    /// Closes every connection; calls that come later fail.
    public func close() async {
        await lanes.close()
        await duties.close()
        await readers.close()
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

    /// Runs something on a reader's connection.
    func reader<Answer>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await perform(on: readers, body)
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
