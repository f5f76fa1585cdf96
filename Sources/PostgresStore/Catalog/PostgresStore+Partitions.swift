public import Engine
internal import Postgres

extension PostgresStore {
    /// Makes the partitions of today and the days ahead, and deletes idempotency keys that have expired. Meant to be
    /// called hourly; many nodes may do so at once.
    ///
    /// - Returns: how many partitions were made.
    @discardableResult
    public func maintainPartitions(daysAhead: Int = 3) async throws(StoreError) -> Int {
        try await duty { (connection) throws(PostgresError) in
            let made = try await connection.query("SELECT make_partitions(\(Int32(daysAhead)))")
            try await connection.query(
                """
                DELETE FROM idempotency_keys WHERE (tenant, key) IN (
                    SELECT tenant, key FROM idempotency_keys WHERE expires_at < now() ORDER BY expires_at LIMIT 50000)
                """)
            return Int(try made.decode(row: 0, column: 0, as: Int32.self))
        }
    }
}
