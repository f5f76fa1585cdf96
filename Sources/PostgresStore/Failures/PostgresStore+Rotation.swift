public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    /// Deletes dead letters whose time is over, the oldest first, after they were handed on. Nodes do it one at a time.
    ///
    /// - Parameters:
    ///   - limit: So many at most.
    ///   - export: Called with the letters before they go, in the transaction that deletes them: a letter whose deletion
    ///     fails is handed on again.
    /// - Returns: how many went; 0 while another node does it.
    /// - Throws: `StoreError.refused` when the export has failed; nothing was deleted.
    public func rotateDeadLetters(
        _ retention: DeadLetterRetention, limit: Int, export: @Sendable ([DeadLetter]) throws -> Void
    ) async throws(StoreError) -> Int {
        guard !retention.isEmpty else { return 0 }
        return try await duty { (connection) throws(PostgresError) in
            do {
                return try await connection.withTransaction { transaction in
                    let lock = try await transaction.execute(RotationStatement.lock)
                    guard try lock.decode(row: 0, column: 0, as: Bool.self) else { return 0 }
                    let rows = try await transaction.execute(
                        RotationStatement.expired, retention.age?.microseconds, retention.count.map { Int64($0) },
                        Int64(limit))
                    let letters = try rows.map { try DeadLetter($0) }
                    guard !letters.isEmpty else { return 0 }
                    try export(letters)
                    try await transaction.execute(
                        RotationStatement.delete, letters.map(\.row.key.tenant.value), letters.map(\.id.run.uuid),
                        letters.map(\.id.revision))
                    return letters.count
                }
            } catch let error as PostgresError {
                throw error
            } catch {
                throw PostgresError(.misuse, reason: "the dead letters cannot be handed on: \(error)")
            }
        }
    }
}

enum RotationStatement {
    static let lock = PostgresStatement("SELECT pg_try_advisory_xact_lock(7021, 30)")

    /// $1 the age in µs, $2 how many of each tenant stay; null where that does not count.
    static let expired = PostgresStatement(
        """
        SELECT \(DeadLetterStatement.columns) FROM tenants t
        CROSS JOIN LATERAL (
            SELECT d.* FROM dead_letters d
            WHERE d.tenant = t.id AND (d.at < now() - $1 * interval '1 microsecond'
                OR (d.at, d.run, d.revision) <= (
                    SELECT x.at, x.run, x.revision FROM dead_letters x WHERE x.tenant = t.id AND $2::int8 IS NOT NULL
                    ORDER BY x.at DESC, x.run DESC, x.revision DESC OFFSET coalesce($2, 0) LIMIT 1))
            ORDER BY d.at, d.run, d.revision LIMIT $3) d
        \(DeadLetterStatement.names)
        ORDER BY d.at, d.run, d.revision LIMIT $3
        """,
        [.int8, .int8, .int8])

    static let delete = PostgresStatement(
        """
        DELETE FROM dead_letters d USING unnest($1::int4[], $2::uuid[], $3::int8[]) AS q(tenant, run, revision)
        WHERE d.tenant = q.tenant AND d.run = q.run AND d.revision = q.revision
        """,
        [.int4Array, .uuidArray, .int8Array])
}
