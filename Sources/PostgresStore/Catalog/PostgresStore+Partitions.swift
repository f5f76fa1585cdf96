public import Engine
internal import Postgres

extension PostgresStore {
    /// How many rows one statement deletes, and how many statements a call makes: a bounded piece of work.
    private static let pruned = (rows: 1000, rounds: 500)

    /// Makes the partitions of today and the days ahead, deletes idempotency keys and outcomes that have expired, and event rows that
    /// are too old to be replayed. Meant to be called hourly; many nodes may do so at once.
    ///
    /// - Returns: how many partitions were made.
    @discardableResult
    public func maintainPartitions(
        daysAhead: Int = 3, eventRetention: Duration = .seconds(86_400)
    ) async throws(StoreError) -> Int {
        for _ in 0..<Self.pruned.rounds {
            let deleted = try await pruneEvents(olderThan: eventRetention, limit: Self.pruned.rows)
            if deleted < Self.pruned.rows { break }
        }
        return try await duty { (connection) throws(PostgresError) in
            let made = try await connection.query("SELECT make_partitions(\(Int32(daysAhead)))")
            try await connection.query(
                """
                DELETE FROM idempotency_keys WHERE (tenant, key) IN (
                    SELECT tenant, key FROM idempotency_keys WHERE expires_at < now() ORDER BY expires_at LIMIT 50000)
                """)
            _ = try await connection.execute(OutcomeStatement.forget, 50_000)
            return Int(try made.decode(row: 0, column: 0, as: Int32.self))
        }
    }
}
