public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore {
    public func openSession(
        _ session: SessionRecord, held: [HeldAttempt]
    ) async throws(StoreError) -> SessionSettlement {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(SessionStatement.share)
            pipeline.add(
                SessionStatement.open, session.id.uuid, session.tenant.value, session.worker, session.node.uuid,
                session.lease.microseconds, RawText(session.capabilities),
                session.routes.map(\.value))
            Self.addSettlement(of: session.id, held: held, to: &pipeline)
            let rows = try await connection.execute(pipeline)[2]
            var kept: [LeasedTask] = []
            var returned: [Bucket: Rank] = [:]
            for row in rows {
                let task = try LeasedTask(row, from: 1)
                if try row.decode(0, as: Bool.self) {
                    kept.append(task)
                } else {
                    returned[task.bucket] = min(returned[task.bucket] ?? .max, task.rank)
                }
            }
            let known = Set(kept.map { HeldAttempt($0.fence) })
            return SessionSettlement(
                kept: kept, returned: returned.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) },
                unknown: held.filter { !known.contains($0) })
        }
    }

    public func renewSessions(
        _ sessions: [SessionID], lease: Duration
    ) async throws(StoreError) -> Set<SessionID> {
        guard !sessions.isEmpty else { return [] }
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                SessionStatement.renew, sessions.map(\.uuid), lease.microseconds)
            return Set(try rows.column(0, as: PostgresUUID.self).map { SessionID($0) })
        }
    }

    public func leases(
        of sessions: [SessionID], olderThan age: Duration
    ) async throws(StoreError) -> [LeasedTask] {
        guard !sessions.isEmpty else { return [] }
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                SessionStatement.leases, sessions.map(\.uuid), age.microseconds)
            var leases: [LeasedTask] = []
            for row in rows { leases.append(try LeasedTask(row, from: 0)) }
            return leases
        }
    }

    public func closeSession(_ session: SessionID) async throws(StoreError) {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(SessionStatement.share)
            pipeline.add(SessionStatement.close, session.uuid)
            Self.addSettlement(of: session, held: [], to: &pipeline)
            _ = try await connection.execute(pipeline)
        }
    }

    public func rescue(limit: Int, lease: Duration) async throws(StoreError) -> [RescuedAttempt] {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(SessionStatement.exclude)
            pipeline.add(SessionStatement.holdExpired)
            pipeline.add(SessionStatement.rescue, Int64(limit), lease.microseconds)
            pipeline.add(SessionStatement.forget, lease.microseconds)
            let rows = try await connection.execute(pipeline)[2]
            var rescued: [RescuedAttempt] = []
            for row in rows {
                let fence = try AttemptFence(row)
                var quarantine: AttemptTiming?
                if try row.decode(8, as: Bool.self) {
                    quarantine = AttemptTiming(
                        worker: try row.decode(10),
                        enqueuedAt: Timestamp(try row.decode(11, as: PostgresTimestamp.self)),
                        leasedAt: Timestamp(try row.decode(12, as: PostgresTimestamp.self)),
                        losses: try row.decode(9))
                }
                rescued.append(
                    RescuedAttempt(
                        fence: fence,
                        bucket: Bucket(fence.key.tenant.value, try row.decode(5), try row.decode(6)),
                        rank: try row.decode(7), quarantine: quarantine))
            }
            return rescued
        }
    }

    private static func addSettlement(
        of session: SessionID, held: [HeldAttempt], to pipeline: inout PostgresPipeline
    ) {
        pipeline.add(
            SessionStatement.settle, session.uuid, held.map(\.key.tenant.value), held.map(\.key.run.uuid),
            held.map(\.step), held.map(\.attempt))
    }
}

extension HeldAttempt {
    init(_ fence: AttemptFence) {
        self.init(key: fence.key, step: fence.step, attempt: fence.attempt)
    }
}
