public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func readEvents(
        after position: EventPosition?, limit: Int, isTold: Bool
    ) async throws(StoreError) -> EventPage {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(EventStatement.bounds)
            // Without a position, the horizon itself is the place: below it, everything has been read.
            let after = position?.transaction ?? .max
            pipeline.add(
                EventStatement.after, PostgresXID8(rawValue: after), position?.tenant.value ?? .max, Int64(limit),
                isTold)
            let results = try await connection.execute(pipeline)
            let bounds = results[0][0]
            let epoch = try bounds.decode(0, as: Int32.self)
            let oldest = try bounds.decode(1, as: PostgresXID8.self).rawValue
            let horizon = try bounds.decode(2, as: PostgresXID8.self).rawValue
            let end = EventPosition(epoch: epoch, transaction: horizon - 1, tenant: TenantID(.max))
            guard let position else { return EventPage(rows: [], position: end, gap: false) }
            guard position.epoch == epoch, position.transaction >= oldest else {
                return EventPage(rows: [], position: end, gap: true)
            }
            var rows: [EventRow] = []
            rows.reserveCapacity(results[1].count)
            for row in results[1] { rows.append(try EventRow(row, epoch: epoch)) }
            return EventPage(rows: rows, position: rows.last?.position ?? position, gap: false)
        }
    }

    /// Deletes event rows older than `age`, at most `limit` of them. Returns how many.
    @discardableResult
    public func pruneEvents(olderThan age: Duration, limit: Int) async throws(StoreError) -> Int {
        try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(EventStatement.prune, age.microseconds, Int64(limit))
            return rows.isEmpty ? 0 : Int(try rows.decode(row: 0, column: 0, as: Int64.self))
        }
    }
}

extension EventRow {
    init(_ row: PostgresRow, epoch: Int32) throws(PostgresError) {
        let tenant = try row.decode(1, as: Int32.self)
        let wakes = try row.decode(3, as: [Int64].self)
        var buckets: [ReadyBucket] = []
        for index in stride(from: 0, to: wakes.count - 2, by: 3) {
            buckets.append(
                ReadyBucket(
                    bucket: Bucket(
                        tenant, Int32(truncatingIfNeeded: wakes[index]), Int32(truncatingIfNeeded: wakes[index + 1])),
                    lowestRank: wakes[index + 2]))
        }
        self.init(
            position: EventPosition(
                epoch: epoch, transaction: try row.decode(0, as: PostgresXID8.self).rawValue, tenant: TenantID(tenant)),
            at: Timestamp(try row.decode(2, as: PostgresTimestamp.self)), wakes: buckets,
            queues: (try row.decode(5, as: [Int32]?.self) ?? []).map { QueueID($0) },
            payload: try row.decode(4, as: [UInt8]?.self) ?? [])
    }
}
