public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func reorderedQueues() async throws(StoreError) -> [ReorderedQueue] {
        try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(RankStatement.reordered)
            let records = try Self.queues(rows)
            let ages = try rows.column(11, as: Int64.self)
            return zip(records, ages).map { ReorderedQueue(queue: $0, age: .microseconds($1)) }
        }
    }

    public func tokens(
        of queue: QueueID, after: HeldAttempt?, limit: Int
    ) async throws(StoreError) -> [RankedToken] {
        let tenant = after?.key.tenant.value ?? .min
        let run = after?.key.run.uuid ?? PostgresUUID(high: 0, low: 0)
        let step = after?.step ?? .min
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(RankStatement.tokens, queue.value, tenant, run, step, Int64(limit))
            var tokens: [RankedToken] = []
            tokens.reserveCapacity(rows.count)
            for row in rows {
                tokens.append(
                    RankedToken(
                        key: RunKey(try row.decode(0), try row.decode(1)), step: try row.decode(2),
                        rank: try row.decode(3), flow: FlowVersionID(try row.decode(4)),
                        urgency: Urgency(
                            priority: try row.decode(5),
                            deadline: try row.decode(6, as: PostgresTimestamp?.self).map(Timestamp.init))))
            }
            return tokens
        }
    }

    public func setRanks(_ ranks: [RankedToken], queue: QueueID) async throws(StoreError) -> [ReadyBucket] {
        guard !ranks.isEmpty else { return [] }
        let sorted = ranks.sorted { ($0.key.tenant, $0.key.run, $0.step) < ($1.key.tenant, $1.key.run, $1.step) }
        return try await duty { (connection) throws(PostgresError) in
            try Self.buckets(
                try await connection.execute(
                    RankStatement.set, queue.value, sorted.map(\.key.tenant.value), sorted.map(\.key.run.uuid),
                    sorted.map(\.step), sorted.map(\.rank)))
        }
    }

    public func finishReordering(_ queue: QueueID, version: Int64) async throws(StoreError) {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(RankStatement.guardAttempts, queue.value)
            pipeline.add(RankStatement.finish, queue.value, version)
            _ = try await connection.execute(pipeline)
        }
    }
}
