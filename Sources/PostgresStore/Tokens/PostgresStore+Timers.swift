public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        try await lane { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(TimerStatement.fire, Int64(limit))
            pipeline.add(TimerStatement.deadlines, Int64(limit))
            pipeline.add(TimerStatement.next)
            pipeline.add(PacingStatement.fire, Int64(limit))
            let results = try await connection.execute(pipeline)
            var deadlines: [RunKey] = []
            for row in results[1] { deadlines.append(RunKey(try row.decode(0), try row.decode(1))) }
            let moved = try Self.buckets(results[0])
            let digests = try results[0].column(4, as: PostgresUUID?.self)
            var limits = zip(moved, digests).compactMap { bucket, digest in
                digest.map { LimitID(tenant: bucket.bucket.tenant, digest: RunID.Bytes($0)) }
            }
            var messages: [InboxMessage] = []
            for row in results[3] {
                if let limit = try row.decode(3, as: PostgresUUID?.self) {
                    limits.append(LimitID(tenant: TenantID(try row.decode(0)), digest: RunID.Bytes(limit)))
                } else {
                    messages.append(try InboxMessage(row, .admit))
                }
            }
            return FiredTimers(
                ready: moved.filter { $0.bucket.route != .any }, deadlines: deadlines,
                next: try results[2].decode(row: 0, column: 0, as: PostgresTimestamp?.self).map(Timestamp.init),
                limits: limits, messages: messages)
        }
    }
}
