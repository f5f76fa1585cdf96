public import Engine
internal import Postgres
internal import Workflows

/// What `removeExpired` has removed.
public struct RemovedRuns: Sendable, Equatable {
    public var runs = 0
    /// Runs of which only the logs went.
    public var logs = 0

    public init(runs: Int = 0, logs: Int = 0) {
        self.runs = runs
        self.logs = logs
    }
}

extension PostgresStore {
    /// Removes runs that ended before their tenant's days, with all that they have left, and logs whose days are fewer.
    /// What has not ended stays, and so do runs that one which goes on has started. Nodes do it one at a time, in batches.
    ///
    /// - Parameter batch: How many runs one transaction looks at.
    public func removeExpired(batch: Int = 500) async throws(StoreError) -> RemovedRuns {
        let tenants = try await duty { (connection) throws(PostgresError) in
            var tenants: [(tenant: Int32, retention: TenantRetention)] = []
            for row in try await connection.execute(RetentionStatement.tenants) {
                tenants.append(
                    (try row.decode(0), TenantRetention(runDays: try row.decode(1), logDays: try row.decode(2))))
            }
            return tenants
        }
        var removed = RemovedRuns()
        for (tenant, retention) in tenants {
            if let days = retention.runDays {
                removed.runs += try await remove(
                    RetentionStatement.oldRuns, RetentionStatement.deletions, of: tenant, days: days, batch: batch)
            }
            if let days = retention.logDays {
                removed.logs += try await remove(
                    RetentionStatement.oldLogs, [(.logs, RetentionStatement.logs)], of: tenant, days: days,
                    batch: batch)
            }
        }
        return removed
    }

    /// Goes through a tenant's old runs once, and answers how many it has removed.
    private func remove(
        _ search: PostgresStatement, _ deletions: [(part: RetentionStatement.Part?, statement: PostgresStatement)],
        of tenant: Int32, days: Int32, batch: Int
    ) async throws(StoreError) -> Int {
        var position = PostgresUUID(high: 0, low: 0)
        var count = 0
        while true {
            let after = position
            let (last, found, removed) = try await duty {
                (connection) throws(PostgresError) -> (PostgresUUID, Int, Int) in
                do {
                    return try await connection.withTransaction { transaction -> (PostgresUUID, Int, Int) in
                        let lock = try await transaction.execute(RetentionStatement.lock)
                        guard try lock.decode(row: 0, column: 0, as: Bool.self) else { return (after, 0, 0) }
                        var last = after
                        var runs: [PostgresUUID] = []
                        let rows = try await transaction.execute(search, tenant, after, days, Int64(batch))
                        for row in rows {
                            last = try row.decode(0)
                            if try row.decode(1, as: Bool.self) { runs.append(last) }
                        }
                        try await Self.delete(runs, deletions, of: tenant, transaction)
                        return (last, rows.count, runs.count)
                    }
                } catch let error as PostgresError {
                    throw error
                } catch {
                    throw PostgresError(.misuse, reason: "\(error)")
                }
            }
            position = last
            count += removed
            guard found == batch else { return count }
        }
    }

    private static func delete(
        _ runs: [PostgresUUID], _ deletions: [(part: RetentionStatement.Part?, statement: PostgresStatement)],
        of tenant: Int32, _ transaction: PostgresTransaction
    ) async throws(PostgresError) {
        guard let first = runs.first, let last = runs.last else { return }
        var pipeline = PostgresPipeline(.single)
        for deletion in deletions { pipeline.add(deletion.statement, tenant, runs, first, last) }
        let results = try await transaction.execute(pipeline)
        var gone = StoredBytes()
        for (deletion, result) in zip(deletions, results) {
            let bytes = try result.decode(row: 0, column: 0, as: Int64.self)
            switch deletion.part {
            case .payloads: gone.payloads -= bytes
            case .logs: gone.logs -= bytes
            case nil: break
            }
        }
        guard !gone.isZero else { return }
        _ = try await transaction.execute(StoredByteStatement.add, [tenant], [gone.payloads], [gone.logs])
    }
}
