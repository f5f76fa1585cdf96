internal import Engine
internal import Postgres
internal import Workflows

/// The starts and ends of a part of a batch that a tenant's quota of active runs counts.
///
/// Units become runs before anything else is written, and only those that the lane still has: so a block that has expired
/// meanwhile, and may be another's by now, starts nothing. What was not written after all is taken back at the end.
struct CountedRuns {
    private let runs: [CountedRun]
    private let holder: QuotaHolder

    init?(_ columns: CommitColumns) {
        guard !columns.counted.isEmpty, let holder = columns.holder else { return nil }
        runs = columns.counted
        self.holder = holder
    }

    /// Starts without a unit: they are refused, unless they repeat one.
    var overQuota: [RunKey: CommitOutcome.Exclusion] {
        Dictionary(runs.filter { !$0.hasUnit }.map { ($0.key, .overQuota) }) { first, _ in first }
    }

    /// Turns units into runs. Answers the starts for which there are none any more; then nothing has changed.
    func use(in transaction: PostgresTransaction) async throws(PostgresError) -> [RunKey: CommitOutcome.Exclusion] {
        let starts = count { $0.change > 0 ? 1 : 0 }
        guard !starts.isEmpty else { return [:] }
        let tenants = starts.map(\.tenant)
        let rows = try await transaction.execute(
            QuotaStatement.use, tenants, starts.map { Int32($0.count) }, holder.node.uuid, holder.lane)
        let used = Set(try rows.column(0, as: Int32.self))
        let missing = tenants.filter { !used.contains($0) }
        guard !missing.isEmpty else { return [:] }
        // A tenant whose quota was taken away meanwhile needs no units.
        let limited = Set(
            try await transaction.execute(QuotaStatement.limited, missing).column(0, as: Int32.self))
        guard !limited.isEmpty else { return [:] }
        try await settle(
            starts.filter { used.contains($0.tenant) }.map { ($0.tenant, $0.count, -$0.count) }, transaction)
        return Dictionary(
            runs.filter { $0.change > 0 && limited.contains($0.key.tenant.value) }.map { ($0.key, .overQuota) }
        ) { first, _ in first }
    }

    /// Takes back what `use` did for starts that were not written, and counts the ends that were.
    func settle(in transaction: PostgresTransaction, wrote: (RunKey) -> Bool) async throws(PostgresError) {
        let unwritten = count { $0.change > 0 && !wrote($0.key) ? 1 : 0 }
        let ended = count { $0.change < 0 && wrote($0.key) ? 1 : 0 }
        var changes: [Int32: (units: Int, used: Int)] = [:]
        for (tenant, count) in unwritten { changes[tenant] = (count, -count) }
        for (tenant, count) in ended { changes[tenant, default: (0, 0)].used -= count }
        try await settle(
            changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value.units, $0.value.used) }, transaction)
    }

    private func settle(
        _ changes: [(tenant: Int32, units: Int, used: Int)], _ transaction: PostgresTransaction
    ) async throws(PostgresError) {
        guard !changes.isEmpty else { return }
        _ = try await transaction.execute(
            QuotaStatement.settle, changes.map(\.tenant), changes.map { Int32($0.units) },
            changes.map { Int64($0.used) }, holder.node.uuid, holder.lane)
    }

    /// By tenant, in order; none with 0.
    private func count(_ weight: (CountedRun) -> Int) -> [(tenant: Int32, count: Int)] {
        var counts: [Int32: Int] = [:]
        for run in runs { counts[run.key.tenant.value, default: 0] += weight(run) }
        return counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension PostgresStore {
    /// Writes a part of a batch with counted runs.
    static func write(
        _ columns: CommitColumns, _ statement: PostgresStatement, counting counted: CountedRuns,
        on connection: PostgresConnection
    ) async throws(PostgresError) -> LimitedReply {
        let over = counted.overQuota
        guard over.isEmpty else { return .refused(over) }
        return try await connection.transaction { transaction in
            let over = try await counted.use(in: transaction)
            guard over.isEmpty else { return .refused(over) }
            let reply: LimitedReply
            if columns.needsLimits {
                reply = try await writeWithLimits(columns, statement, in: transaction)
            } else {
                var pipeline = PostgresPipeline(.single)
                pipeline.add(statement) { columns.bind(into: &$0) }
                reply = .written(try await write(columns, pipeline, in: transaction))
            }
            switch reply {
            case .written(let reply): try await counted.settle(in: transaction, wrote: reply.wrote)
            case .refused: try await counted.settle(in: transaction) { _ in false }
            }
            return reply
        }
    }
}
