public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        try await lane { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            let fire = pipeline.add(TimerStatement.fire, Int64(limit))
            let next = pipeline.add(TimerStatement.next)
            let starts = pipeline.add(PacingStatement.fire, Int64(limit))
            let told = pipeline.add(TimerStatement.deadlines, Int64(limit))
            let results = try await connection.execute(pipeline)
            var deadlines: [RunKey] = []
            var dues: [StepKey] = []
            for row in results[told] {
                let run = RunKey(try row.decode(0), try row.decode(1))
                let line: Int32 = try row.decode(2)
                if line == TimerLine.runDeadline {
                    deadlines.append(run)
                } else {
                    dues.append(StepKey(run: run, step: TimerLine.step(ofDue: line)))
                }
            }
            var (ready, limits) = try Self.returned(results[fire])
            var messages: [InboxMessage] = []
            for row in results[starts] {
                if let limit = try row.decode(3, as: PostgresUUID?.self) {
                    limits.append(LimitID(tenant: TenantID(try row.decode(0)), digest: RunID.Bytes(limit)))
                } else {
                    messages.append(try InboxMessage(row, .admit))
                }
            }
            return FiredTimers(
                ready: ready, deadlines: deadlines, dues: dues,
                next: try results[next].decode(row: 0, column: 0, as: PostgresTimestamp?.self).map(Timestamp.init),
                limits: limits, messages: messages)
        }
    }

    /// Reads buckets that received tokens, and in the last column limits whose lines did.
    static func returned(_ rows: PostgresResult) throws(PostgresError) -> (ready: [ReadyBucket], limits: [LimitID]) {
        let moved = try buckets(rows)
        let limits = zip(moved, try rows.column(4, as: PostgresUUID?.self)).compactMap { bucket, digest in
            digest.map { LimitID(tenant: bucket.bucket.tenant, digest: RunID.Bytes($0)) }
        }
        return (moved.filter { $0.bucket.route != .any }, limits)
    }
}
