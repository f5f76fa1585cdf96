internal import Audit
public import Engine
internal import JSON
internal import Postgres
public import Workflows

extension PostgresStore: BulkStore {
    public func createJob(_ job: BulkJob, items: [BulkItem]) async throws(StoreError) -> BulkJob {
        try await change { transaction in
            let rows = try await transaction.execute(
                BulkStatement.create, job.tenant.value, job.id.uuid, job.order.action.rawValue, job.order.filter,
                job.order.rate, job.order.mostReplays, job.order.reason, job.order.by, job.total)
            let made = try BulkJob(rows[0])
            try await transaction.execute(
                BulkStatement.addItems, job.tenant.value, job.id.uuid, items.map(\.number), items.map(\.run.uuid),
                items.map(\.generation))
            try await Self.record("bulk.create", made, in: transaction)
            return made
        }
    }

    /// Where somebody has asked for it, beside the change.
    private static func record(
        _ action: String, _ job: BulkJob, in transaction: PostgresTransaction
    ) async throws(PostgresError) {
        guard let context = AuditContext.current else { return }
        let now = JSONValue.object([
            ("action", .string(job.order.action.text)), ("filter", .string(job.order.filter)),
            ("state", .string(job.state.text)), ("total", .int(Int64(job.total))),
            ("dealt_with", .int(Int64(job.dealtWith))),
        ])
        try await transaction.execute(
            BulkStatement.audit, job.tenant.value, context.json, action, "\(job.id)", now.text())
    }

    public func job(_ id: RunID.Bytes, tenant: TenantID) async throws(StoreError) -> BulkJob? {
        try await reader(of: tenant.value) { (connection) throws(PostgresError) in
            try await connection.execute(BulkStatement.one, tenant.value, id.uuid).first
                .map { (row) throws(PostgresError) in try BulkJob(row) }
        }
    }

    public func jobs(before: RunID.Bytes?, limit: Int, tenant: TenantID) async throws(StoreError) -> [BulkJob] {
        try await reader(of: tenant.value) { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                BulkStatement.list, tenant.value, before?.uuid ?? PostgresUUID(high: .max, low: .max), Int64(limit))
            return try rows.map { (row) throws(PostgresError) in try BulkJob(row) }
        }
    }

    public func results(
        of id: RunID.Bytes, outcome: BulkJob.Outcome?, after number: Int32, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> [BulkResult] {
        try await reader(of: tenant.value) { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                BulkStatement.results, tenant.value, id.uuid, number, outcome?.rawValue, Int64(limit))
            return try rows.map { (row) throws(PostgresError) in
                BulkResult(
                    item: try BulkItem(row),
                    outcome: try row.decode(3, as: Int16?.self).flatMap(BulkJob.Outcome.init(rawValue:)),
                    detail: try row.decode(4), newRun: try row.decode(5, as: PostgresUUID?.self).map { RunID($0) })
            }
        }
    }

    public func cancelJob(_ id: RunID.Bytes, tenant: TenantID, by: String) async throws(StoreError) -> BulkJob? {
        try await change { transaction in
            let rows = try await transaction.execute(BulkStatement.cancel, tenant.value, id.uuid, by)
            if let row = rows.first { try await Self.record("bulk.cancel", try BulkJob(row), in: transaction) }
        }
        return try await job(id, tenant: tenant)
    }

    public func claimJob(node: SessionID, lease: Duration, limit: Int) async throws(StoreError) -> BulkClaim? {
        try await duty { (connection) throws(PostgresError) in
            guard let row = try await connection.execute(BulkStatement.claim, node.uuid, lease.microseconds).first
            else {
                return nil
            }
            let job = try BulkJob(row)
            // A slow job deals with no more runs in a turn than it may in a second.
            let count = min(limit, Int(job.order.rate ?? .max))
            let rows = try await connection.execute(
                BulkStatement.items, job.tenant.value, job.id.uuid, job.dealtWith, Int64(count))
            return BulkClaim(job: job, items: try rows.map { (row) throws(PostgresError) in try BulkItem(row) })
        }
    }

    public func recordResults(
        _ results: [BulkResult], of claim: BulkClaim, node: SessionID, pause: Duration
    ) async throws(StoreError) -> Bool {
        let job = claim.job
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                BulkStatement.record, job.tenant.value, job.id.uuid, node.uuid, job.dealtWith, pause.microseconds,
                results.map(\.item.number), results.map { $0.outcome?.rawValue }, results.map(\.detail),
                results.map { $0.newRun?.uuid })
            return !rows.isEmpty
        }
    }
}

extension BulkItem {
    /// Reads number, run and generation from the first columns.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            number: try row.decode(0), run: RunID(try row.decode(1, as: PostgresUUID.self)),
            generation: try row.decode(2))
    }
}

extension BulkJob {
    /// Reads `BulkStatement.columns`.
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let action = Action(rawValue: try row.decode(2)), let state = State(rawValue: try row.decode(8)) else {
            throw PostgresError(.decoding, reason: "a job's action or state is unknown")
        }
        self.init(
            id: RunID.Bytes(try row.decode(1, as: PostgresUUID.self)), tenant: TenantID(try row.decode(0)),
            order: Order(
                action: action, filter: try row.decode(3), rate: try row.decode(4), mostReplays: try row.decode(5),
                reason: try row.decode(6), by: try row.decode(7)),
            state: state, total: try row.decode(9), dealtWith: try row.decode(10), unchanged: try row.decode(11),
            failed: try row.decode(12), createdAt: Timestamp(try row.decode(13, as: PostgresTimestamp.self)),
            endedAt: try row.decode(14, as: PostgresTimestamp?.self).map(Timestamp.init),
            cancelledBy: try row.decode(15))
    }
}
