internal import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    /// After so many rounds the sweep of the limits goes on.
    private static let jointRounds = 1_000

    /// Hands out the free slots of lines in which steps with two limits wait.
    func admitJointly(_ lines: [LimitID]) async throws(StoreError) -> Admissions {
        var admissions = Admissions()
        var open = lines
        for _ in 0..<Self.jointRounds where !open.isEmpty {
            let lines = LimitColumns(stated: [], known: open)
            let round = try await lane { (connection) throws(PostgresError) in
                let others = try JointRound.limits(
                    try await connection.execute(JointStatement.others, lines.tenants, lines.ids), column: 1)
                return try await connection.transaction { transaction in
                    try await JointRound(lines, and: others, in: transaction)
                }
            }
            admissions.add(round.admissions)
            open = round.unfinished
        }
        return admissions
    }

    /// What a transaction has left to do when it admitted, recalled and committed.
    func admitLater(
        joint lines: [LimitID], freed: [LimitID]
    ) async throws(StoreError) -> Admissions {
        var admissions = lines.isEmpty ? Admissions() : try await admitJointly(lines)
        if !freed.isEmpty { admissions.add(try await admit(freed)) }
        return admissions
    }
}

/// One transaction that looks at lines, with the limits that their first tokens need besides.
private struct JointRound {
    private(set) var admissions = Admissions()
    /// Lines with a slot and with tokens that this round has not seen.
    private(set) var unfinished: [LimitID] = []

    init(_ lines: LimitColumns, and others: [LimitID], in transaction: PostgresTransaction) async throws {
        let all = LimitColumns(stated: [], known: lines.order + others)
        var look = PostgresPipeline(.single)
        all.addLock(to: &look)
        let free = look.add(JointStatement.free, all.tenants, all.ids)
        let heads = look.add(JointStatement.heads, lines.tenants, lines.ids)
        let results = try await transaction.execute(look)
        let counts = try results[free].column(0, as: Int64.self)
        var judge = JointAdmission(free: Dictionary(zip(all.order, counts)) { first, _ in first })

        var seen: [LimitID: Int] = [:]
        var left: [LimitID: Int] = [:]
        var tokens: (tenants: [Int32], runs: [PostgresUUID], steps: [Int32], admitted: [Bool]) = ([], [], [], [])
        for row in results[heads] {
            let tenant = TenantID(try row.decode(0))
            let line = LimitID(tenant: tenant, digest: RunID.Bytes(try row.decode(3, as: PostgresUUID.self)))
            let joint = try row.decode(4, as: PostgresUUID?.self).map {
                LimitID(tenant: tenant, digest: RunID.Bytes($0))
            }
            seen[line, default: 0] += 1
            let verdict = judge.judge(line: line, joint: joint)
            guard verdict != .waits else { continue }
            left[line, default: 0] += 1
            tokens.tenants.append(tenant.value)
            tokens.runs.append(try row.decode(1))
            tokens.steps.append(try row.decode(2))
            tokens.admitted.append(verdict == .admitted)
        }
        unfinished = lines.order.filter { line in
            judge.unfinished.contains(line)
                || judge.hasRoom(line) && seen[line] == JointStatement.span && left[line] != nil
        }
        guard !tokens.steps.isEmpty else { return }
        admissions = try AdmittedRows(
            try await transaction.execute(
                JointStatement.settle, tokens.tenants, tokens.runs, tokens.steps, tokens.admitted)
        ).admissions
    }

    /// Reads limits from a tenant and a digest.
    static func limits(_ rows: PostgresResult, column: Int) throws(PostgresError) -> [LimitID] {
        var limits: [LimitID] = []
        for row in rows {
            limits.append(
                LimitID(
                    tenant: TenantID(try row.decode(0)),
                    digest: RunID.Bytes(try row.decode(column, as: PostgresUUID.self))))
        }
        return limits
    }
}

/// What a statement answers that hands out slots.
struct AdmittedRows {
    private(set) var admissions: Admissions
    /// Lines whose next token needs a slot of another limit, which is not locked.
    private(set) var joint: [LimitID] = []

    init(_ rows: PostgresResult) throws(PostgresError) {
        var ready: [Bucket: Rank] = [:]
        var messages: [InboxMessage] = []
        var count = 0
        for row in rows {
            let tenant = try row.decode(0, as: Int32.self)
            if let line = try row.decode(7, as: PostgresUUID?.self) {
                joint.append(LimitID(tenant: TenantID(tenant), digest: RunID.Bytes(line)))
                continue
            }
            count += 1
            if try row.decode(2, as: Int32.self) == HeldRow.run {
                messages.append(
                    InboxMessage(
                        id: InboxID(
                            key: RunKey(tenant, try row.decode(1)),
                            id: RunID.Bytes(try row.decode(6, as: PostgresUUID.self))), command: .admit))
            } else {
                let bucket = Bucket(tenant, try row.decode(3), try row.decode(4))
                ready[bucket] = min(ready[bucket] ?? .max, try row.decode(5, as: Int64.self))
            }
        }
        admissions = Admissions(
            ready: ready.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) }, messages: messages, count: count)
    }
}
