public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [LeasedTask] {
        guard !request.slots.isEmpty, !request.buckets.isEmpty else { return [] }
        let tenants = request.buckets.map(\.bucket.tenant.value)
        let queues = request.buckets.map(\.bucket.queue.value)
        let routes = request.buckets.map(\.bucket.route.value)
        let marks = request.buckets.map(\.lowWater)
        let shares = request.shares.map(Int64.init)
        let numbers = request.buckets.map { Int64($0.share + 1) }
        let sessions = request.slots.map(\.uuid)
        return try await lane { (connection) throws(PostgresError) in
            if let breaker = request.breaker {
                let (tenant, id) = (breaker.tenant.value, breaker.digest.uuid)
                var pipeline = PostgresPipeline(.transaction)
                pipeline.add(ClaimStatement.lockTenant, tenant)
                pipeline.add(ClaimStatement.lockBreaker, tenant, id)
                pipeline.add(ClaimStatement.lockQueue, queues[0])
                let claim = pipeline.add(
                    ClaimStatement.probes, tenants, queues, routes, marks, shares, numbers, sessions, tenant, id)
                return try Self.leased(try await connection.execute(pipeline)[claim])
            }
            let statement =
                request.isCounted
                ? ClaimStatement.counted : request.isGuarded ? ClaimStatement.guarded : ClaimStatement.claim
            var pipeline = PostgresPipeline(request.isGuarded ? .transaction : .single)
            if request.isCounted { pipeline.add(ClaimStatement.lockTenant, tenants[0]) }
            if request.isGuarded { pipeline.add(ClaimStatement.lockQueue, queues[0]) }
            // Some candidates more than slots are looked at, because rivals may hold a few.
            let claim = pipeline.add(
                statement, tenants, queues, routes, marks,
                shares, numbers, sessions)
            return try Self.leased(try await connection.execute(pipeline)[claim])
        }
    }

    private static func leased(_ rows: PostgresResult) throws(PostgresError) -> [LeasedTask] {
        var leased: [LeasedTask] = []
        leased.reserveCapacity(rows.count)
        for row in rows { leased.append(try LeasedTask(row, from: 0)) }
        return leased
    }

    public func release(_ attempts: [AttemptFence]) async throws(StoreError) -> [AttemptFence] {
        guard !attempts.isEmpty else { return [] }
        let fences = FenceColumns(attempts)
        return try await lane { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                ClaimStatement.release, fences.tenants, fences.runs, fences.steps, fences.attempts, fences.sessions)
            var released: [AttemptFence] = []
            for row in rows { released.append(try AttemptFence(row)) }
            return released
        }
    }

    public func readyBuckets() async throws(StoreError) -> [ReadyBucket] {
        try await lane { (connection) throws(PostgresError) in
            try Self.buckets(try await connection.execute(ClaimStatement.buckets))
        }
    }

    /// Reads tenant, queue, route and lowest rank.
    static func buckets(_ rows: PostgresResult) throws(PostgresError) -> [ReadyBucket] {
        var buckets: [ReadyBucket] = []
        for row in rows {
            buckets.append(
                ReadyBucket(
                    bucket: Bucket(try row.decode(0), try row.decode(1), try row.decode(2)),
                    lowestRank: try row.decode(3)))
        }
        return buckets
    }
}

extension LeasedTask {
    /// Reads a fence's five columns, then queue, route, rank, losses, enqueued and leased time.
    init(_ row: PostgresRow, from column: Int) throws(PostgresError) {
        let tenant = try row.decode(column, as: Int32.self)
        self.init(
            fence: AttemptFence(
                key: RunKey(tenant, try row.decode(column + 1)), step: try row.decode(column + 2),
                attempt: try row.decode(column + 3),
                session: SessionID(try row.decode(column + 4, as: PostgresUUID.self))),
            bucket: Bucket(tenant, try row.decode(column + 5), try row.decode(column + 6)),
            rank: try row.decode(column + 7), losses: try row.decode(column + 8),
            enqueuedAt: Timestamp(try row.decode(column + 9, as: PostgresTimestamp.self)),
            leasedAt: Timestamp(try row.decode(column + 10, as: PostgresTimestamp.self)))
    }
}
