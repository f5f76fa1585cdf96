/// Brings a database's schema to what this program needs.
///
/// Applied steps are rows of `schema_migrations` with a checksum. One migrator works at a time in a database, under an
/// advisory lock; each step is one transaction.
public struct Migrator: Sendable {
    /// What a migrator is doing.
    public enum Progress: Sendable, Equatable {
        /// Another migrator holds the lock.
        case waiting
        case applying(String)
        case applied(String, Duration)
        case undoing(String)
        case undone(String, Duration)
    }

    public let migrations: [Migration]
    private let options: PostgresConnection.Options

    /// "BeamMigr": the advisory lock's key.
    private static let lock: Int64 = 0x4265_616d_4d69_6772

    public init(_ options: PostgresConnection.Options, _ migrations: [Migration]) {
        self.options = options
        self.migrations = migrations
    }

    /// Which steps are applied. Changes nothing, not even in an empty database.
    ///
    /// - Throws: `MigrationError` if the schema is newer than this program or an applied file was edited.
    public func status() async throws -> [Status] {
        try await withConnection { connection in try await status(on: connection) }
    }

    /// Throws `MigrationError` unless the schema is exactly what this program needs.
    public func check() async throws {
        let pending = try await status().filter { $0.appliedAt == nil }.map(\.title)
        if !pending.isEmpty { throw MigrationError.pending(pending) }
    }

    /// Applies what is missing. Returns how many steps that were.
    @discardableResult
    public func up(_ progress: (Progress) -> Void = { _ in }) async throws -> Int {
        try await withLock(progress) { connection in
            try await connection.run(
                script: """
                    CREATE TABLE IF NOT EXISTS schema_migrations (
                        number integer PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL,
                        applied_at timestamptz NOT NULL DEFAULT now())
                    """)
            let missing = Set(try await status(on: connection).filter { $0.appliedAt == nil }.map(\.number))
            for migration in migrations where missing.contains(migration.number) {
                progress(.applying(migration.title))
                let start = ContinuousClock.now
                try await apply(migration, on: connection)
                progress(.applied(migration.title, ContinuousClock.now - start))
            }
            return missing.count
        }
    }

    /// Undoes the applied steps above `number`, the latest first. Returns how many steps that were.
    @discardableResult
    public func down(to number: Int, _ progress: (Progress) -> Void = { _ in }) async throws -> Int {
        try await withLock(progress) { connection in
            let applied = Set(try await status(on: connection).filter { $0.appliedAt != nil }.map(\.number))
            let doomed = migrations.reversed().filter { $0.number > number && applied.contains($0.number) }
            for migration in doomed where migration.down == nil {
                throw MigrationError.irreversible(migration.title)
            }
            for migration in doomed {
                progress(.undoing(migration.title))
                let start = ContinuousClock.now
                try await undo(migration, on: connection)
                progress(.undone(migration.title, ContinuousClock.now - start))
            }
            return doomed.count
        }
    }

    // MARK: Steps

    private func apply(_ migration: Migration, on connection: PostgresConnection) async throws {
        try await connection.withTransaction { transaction in
            try await run(migration.up, file: "\(migration.title).up.sql", in: transaction)
            try await transaction.query(
                """
                INSERT INTO schema_migrations (number, name, checksum)
                VALUES (\(Int32(migration.number)), \(migration.name), sha256(\(Array(migration.up.utf8))))
                """)
        }
    }

    private func undo(_ migration: Migration, on connection: PostgresConnection) async throws {
        guard let down = migration.down else { throw MigrationError.irreversible(migration.title) }
        try await connection.withTransaction { transaction in
            try await run(down, file: "\(migration.title).down.sql", in: transaction)
            try await transaction.query("DELETE FROM schema_migrations WHERE number = \(Int32(migration.number))")
        }
    }

    private func run(_ text: String, file: String, in transaction: PostgresTransaction) async throws {
        do throws(PostgresError) {
            try await transaction.run(script: text)
        } catch {
            let line = error.report?.position.map { Self.line(of: $0, in: text) }
            throw MigrationError.failed(file: file, line: line, error)
        }
    }

    private func status(on connection: PostgresConnection) async throws -> [Status] {
        let hasTable = try await connection.query("SELECT to_regclass('schema_migrations') IS NOT NULL")
        var applied: [Applied] = []
        if try hasTable[0].decode(0) as Bool {
            let rows = try await connection.query(
                "SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number")
            for row in rows {
                applied.append(
                    Applied(
                        number: try row.decode(0), name: try row.decode(1), checksum: try row.decode(2),
                        at: try row.decode(3)))
            }
        }
        let texts = migrations.map { Array($0.up.utf8) }
        let sums = try await connection.query(
            "SELECT sha256(text) FROM unnest(\(texts)) WITH ORDINALITY AS files (text, place) ORDER BY place")
        var known: [Known] = []
        for (migration, row) in zip(migrations, sums) {
            known.append(Known(migration: migration, checksum: try row.decode(0)))
        }
        return try Self.compare(known, applied)
    }

    private func withConnection<Answer>(_ body: (PostgresConnection) async throws -> Answer) async throws -> Answer {
        let connection = try await PostgresConnection.connect(options)
        do {
            let answer = try await body(connection)
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Holds the advisory lock while `body` runs. It ends with the session, however that ends.
    private func withLock<Answer>(
        _ progress: (Progress) -> Void, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        try await withConnection { connection in
            let attempt = try await connection.query("SELECT pg_try_advisory_lock(\(Self.lock))")
            if !(try attempt[0].decode(0) as Bool) {
                progress(.waiting)
                try await connection.query("SELECT pg_advisory_lock(\(Self.lock))")
            }
            return try await body(connection)
        }
    }
}
