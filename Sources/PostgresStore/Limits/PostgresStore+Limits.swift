public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func admit(_ limits: [LimitID]) async throws(StoreError) -> Admissions {
        let columns = LimitColumns(stated: [], known: limits)
        guard !columns.isEmpty else { return Admissions() }
        let rows = try await lane { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            columns.addLock(to: &pipeline)
            let admit = pipeline.add(LimitStatement.admit, columns.tenants, columns.ids)
            return try AdmittedRows(try await connection.execute(pipeline)[admit])
        }
        guard !rows.joint.isEmpty else { return rows.admissions }
        var admissions = rows.admissions
        admissions.add(try await admitJointly(rows.joint))
        return admissions
    }

    public func sweepLimits(limit: Int) async throws(StoreError) -> LimitSweep {
        let missed = try await duty { (connection) throws(PostgresError) in
            var limits: [LimitID] = []
            for row in try await connection.execute(LimitStatement.missed, Int64(limit)) {
                limits.append(
                    LimitID(
                        tenant: TenantID(try row.decode(0)),
                        digest: RunID.Bytes(try row.decode(1, as: PostgresUUID.self))))
            }
            return limits
        }
        let admissions = try await admit(missed)
        try await forgetLimits(limit: limit)
        return LimitSweep(admissions: admissions, missed: admissions.count)
    }

    /// Forgets limits that nobody uses. They are locked first and judged afterwards, by a snapshot from after the lock.
    private func forgetLimits(limit: Int) async throws(StoreError) {
        try await duty { (connection) throws(PostgresError) in
            try await connection.execute(RateStatement.forget, Int64(limit))
            try await connection.execute(PacingStatement.forgetThrottles, Int64(limit))
            try await connection.execute(PacingStatement.forgetDebounces, Int64(limit))
            try await connection.execute(BreakerStatement.forget, Int64(limit))
            try await connection.transaction { transaction in
                let old = try await transaction.execute(LimitStatement.old, Int64(limit))
                guard !old.isEmpty else { return }
                try await transaction.execute(
                    LimitStatement.forget, try old.column(0, as: Int32.self),
                    try old.column(1, as: PostgresUUID.self))
            }
        }
    }

    /// Writes a part of a batch that takes or gives slots: limits first, then the batch, then what may move.
    ///
    /// - Returns: the runs that were refused because their limit or window is full; then nothing was written.
    static func writeWithLimits(
        _ columns: CommitColumns, _ statement: PostgresStatement, on connection: PostgresConnection
    ) async throws(PostgresError) -> LimitedReply {
        if columns.isPipelined { return try await writePipelined(columns, statement, on: connection) }
        return try await connection.transaction { transaction in
            try await writeWithLimits(columns, statement, in: transaction)
        }
    }

    /// The same in one round trip, where nothing has to be decided between the statements.
    private static func writePipelined(
        _ columns: CommitColumns, _ statement: PostgresStatement, on connection: PostgresConnection
    ) async throws(PostgresError) -> LimitedReply {
        let open = columns.held.open
        var pipeline = PostgresPipeline(.transaction)
        columns.held.limits.addLock(to: &pipeline)
        let written = pipeline.add(statement) { columns.bind(into: &$0) }
        let admit = open.isEmpty ? nil : pipeline.add(LimitStatement.admit, open.tenants, open.ids)
        let results = try await connection.execute(pipeline)
        var reply = try CommitReply(results[written])
        reply.admissions = columns.held.admissions(of: reply.seated)
        if let admit { reply.add(try AdmittedRows(results[admit])) }
        guard !reply.stalled.isEmpty else { return .written(reply) }
        // Rare; the batch is durable, so that what fails here is only for the lane to ask for again.
        let raised = columns.held.limits(of: reply.stalled)
        var handing = PostgresPipeline(.transaction)
        raised.addLock(to: &handing)
        let again = handing.add(LimitStatement.admit, raised.tenants, raised.ids)
        do {
            reply.add(try AdmittedRows(try await connection.execute(handing)[again]))
        } catch {
            reply.limits += raised.order
        }
        return .written(reply)
    }

    /// The same in a transaction that has begun; when runs are refused, nothing of it is to be kept but locks.
    static func writeWithLimits(
        _ columns: CommitColumns, _ statement: PostgresStatement, in transaction: PostgresTransaction
    ) async throws -> LimitedReply {
        let limits = columns.held.limits
        var columns = columns
        if !columns.paced.isEmpty {
            columns.pace(try await RateStatement.delays(columns.paced, in: transaction))
        }
        if !limits.isEmpty {
            var lock = PostgresPipeline(.single)
            limits.addLock(to: &lock)
            _ = try await transaction.execute(lock)
            let refused = try await conflicts(columns.held.rows, in: transaction)
            guard refused.isEmpty else { return .refused(refused) }
        }
        var paced = PacedStarts(columns.delayed)
        if !paced.isEmpty {
            try await paced.lock(in: transaction)
            let excess = paced.excess()
            guard excess.isEmpty else { return .refused(excess) }
        }
        var pipeline = PostgresPipeline(.single)
        pipeline.add(statement) { columns.bind(into: &$0) }
        var reply = try await write(columns, pipeline, in: transaction)
        reply.admissions = columns.held.admissions(of: reply.seated)
        if !paced.isEmpty {
            reply.admissions.messages += try await paced.write(reply.wrote, in: transaction)
        }
        let outcomes = columns.outcomes.filter { reply.wrote($0.key) }
        if !outcomes.isEmpty {
            let change = try await BreakerRows.record(outcomes, in: transaction)
            reply.breakersChanged = change.isOfTaskType
            // What steps have given back that a breaker took out of `ready`; those limits are not locked here.
            reply.limits += change.freed
        }
        guard !limits.isEmpty else { return .written(reply) }
        let open = columns.held.open(with: reply.stalled)
        if !open.isEmpty {
            reply.add(try AdmittedRows(try await transaction.execute(LimitStatement.admit, open.tenants, open.ids)))
        }
        reply.admissions.messages += try await supersede(columns.held.rows, in: transaction)
        return .written(reply)
    }

    /// Runs that shall not wait and would have to.
    private static func conflicts(
        _ rows: [HeldRow], in transaction: PostgresTransaction
    ) async throws -> [RunKey: CommitOutcome.Exclusion] {
        let impatient = rows.filter { $0.onConflict == .reject && $0.token.step == HeldRow.run }
        guard !impatient.isEmpty else { return [:] }
        let limits = LimitColumns(stated: impatient.map(\.limit), known: [])
        let rooms = try await transaction.execute(LimitStatement.room, limits.tenants, limits.ids)
            .column(0, as: Int64.self)
        var room = Dictionary(zip(limits.order, rooms)) { first, _ in first }
        var refused: [RunKey: CommitOutcome.Exclusion] = [:]
        for row in impatient {
            if room[row.limit.id, default: 0] > 0 {
                room[row.limit.id, default: 0] -= 1
            } else {
                refused[row.token.key] = .conflict(limit: row.limit.name)
            }
        }
        return refused
    }

    /// Cancels the oldest runs where the newest shall not wait for them.
    private static func supersede(
        _ rows: [HeldRow], in transaction: PostgresTransaction
    ) async throws -> [InboxMessage] {
        let eager = rows.filter { $0.onConflict == .cancelRunning && $0.token.step == HeldRow.run }
        guard !eager.isEmpty else { return [] }
        let reason = SupersededRun.reason
        let rows = try await transaction.execute(
            LimitStatement.supersede, eager.map(\.limit.id.tenant.value), eager.map(\.limit.id.digest.uuid), reason)
        return try rows.map { row in
            InboxMessage(
                id: InboxID(
                    key: RunKey(try row.decode(0), try row.decode(1)),
                    id: RunID.Bytes(try row.decode(2, as: PostgresUUID.self))), command: .cancel(reason: reason))
        }
    }
}

/// What became of a part with limits.
enum LimitedReply {
    case written(CommitReply)
    /// Nothing was written: these runs find their limit or window full.
    case refused([RunKey: CommitOutcome.Exclusion])
}
