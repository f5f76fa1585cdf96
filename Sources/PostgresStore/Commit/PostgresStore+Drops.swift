internal import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    /// How often the tokens of a run are looked for: a claim, rescue or timer can carry one past a look.
    private static let looks = 8

    /// Writes a batch inside a transaction: the tokens of dropped runs that the first look misses are looked for again in
    /// statements, and so snapshots, of their own, before the commit.
    static func write(
        _ columns: CommitColumns, _ pipeline: PostgresPipeline, in transaction: PostgresTransaction
    ) async throws(PostgresError) -> CommitReply {
        var reply = try CommitReply(try await transaction.execute(pipeline)[0])
        let drops = columns.drops.filter { reply.wrote($0.key) }
        guard !drops.isEmpty else { return reply }
        var missing: [RunKey: Int] = [:]
        for drop in drops { missing[drop.key] = drop.expected }
        var tenants = drops.map(\.key.tenant.value)
        var runs = drops.map(\.key.run.uuid)
        for _ in 0..<looks {
            let rows = try await transaction.execute(DropStatement.drop, tenants, runs)
            for row in rows {
                let key = RunKey(try row.decode(0), try row.decode(1))
                missing[key, default: 0] -= 1
                if try row.decode(2, as: Int32?.self) != nil {
                    reply.dropped.append(try AttemptFence(row))
                }
            }
            let short = missing.filter { $0.value > 0 }.map(\.key)
            guard !short.isEmpty else { break }
            tenants = short.map(\.tenant.value)
            runs = short.map(\.run.uuid)
        }
        return reply
    }

    /// The same in a transaction of its own.
    static func write(
        _ columns: CommitColumns, _ pipeline: PostgresPipeline, on connection: PostgresConnection
    ) async throws(PostgresError) -> CommitReply {
        do {
            return try await connection.withTransaction { transaction in
                try await write(columns, pipeline, in: transaction)
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(.misuse, reason: "\(error)")
        }
    }
}
