internal import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    /// How often the tokens of a run are looked for: a claim, rescue or timer can carry one past a look.
    private static let looks = 8

    /// Writes a batch that takes tokens away, or that has rows which batches seldom have, inside a transaction.
    ///
    /// What was waited for first, then tokens that go, then those that move and come: so a drop counts what was there.
    static func write(
        _ columns: CommitColumns, _ pipeline: PostgresPipeline, in transaction: PostgresTransaction
    ) async throws(PostgresError) -> CommitReply {
        try await columns.rare.writeReopened(on: transaction)
        var reply = try CommitReply(try await transaction.execute(pipeline)[0])
        let rare = columns.rare.written(by: reply)
        try await rare.writeEndedWaits(on: transaction)
        for drop in columns.drops where reply.wrote(drop.key) && !drop.steps.isEmpty {
            reply.dropped += try await dropSteps(drop, on: transaction)
        }
        let drops = columns.drops.filter { $0.steps.isEmpty && reply.wrote($0.key) }
        reply.dropped += try await dropAll(drops, on: transaction)
        let resumed = try await rare.write(on: transaction)
        reply.resumed += resumed.ready
        reply.limits += resumed.limits
        reply.admissions.messages += try await rare.writeOutcomes(on: transaction)
        return reply
    }

    /// The same in a transaction of its own.
    static func write(
        _ columns: CommitColumns, _ pipeline: PostgresPipeline, on connection: PostgresConnection
    ) async throws(PostgresError) -> CommitReply {
        try await connection.transaction { transaction in
            try await write(columns, pipeline, in: transaction)
        }
    }

    /// The tokens that the first look misses are looked for again in statements, and so snapshots, of their own, before
    /// the commit.
    private static func dropAll(
        _ drops: [TokenDrop], on transaction: PostgresTransaction
    ) async throws(PostgresError) -> [AttemptFence] {
        guard !drops.isEmpty else { return [] }
        var fences: [AttemptFence] = []
        var missing: [RunKey: Int] = [:]
        for drop in drops { missing[drop.key] = drop.expected }
        var tenants = drops.map(\.key.tenant.value)
        var runs = drops.map(\.key.run.uuid)
        for _ in 0..<looks {
            let rows = try await transaction.execute(DropStatement.drop, tenants, runs)
            for row in rows {
                let key = RunKey(try row.decode(0), try row.decode(1))
                missing[key, default: 0] -= 1
                if try row.decode(2, as: Int32?.self) != nil { fences.append(try AttemptFence(row)) }
            }
            let short = missing.filter { $0.value > 0 }.map(\.key)
            guard !short.isEmpty else { break }
            tenants = short.map(\.tenant.value)
            runs = short.map(\.run.uuid)
        }
        return fences
    }

    /// The same for some steps of a run, with what they are due for.
    private static func dropSteps(
        _ drop: TokenDrop, on transaction: PostgresTransaction
    ) async throws(PostgresError) -> [AttemptFence] {
        var fences: [AttemptFence] = []
        var missing = drop.expected
        for _ in 0..<looks {
            let rows = try await transaction.execute(
                DropStatement.dropSteps, drop.key.tenant.value, drop.key.run.uuid, drop.steps,
                drop.steps.map(TimerLine.due))
            for row in rows {
                missing -= 1
                if try row.decode(2, as: Int32?.self) != nil { fences.append(try AttemptFence(row)) }
            }
            guard missing > 0 else { break }
        }
        return fences
    }
}
