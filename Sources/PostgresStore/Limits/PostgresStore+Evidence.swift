public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    public func evidence(of run: RunKey) async throws(StoreError) -> [StepEvidence] {
        try await reader(of: run.tenant.value) { (scope) throws(PostgresError) in
            let results = try await scope.execute { pipeline in
                for statement in [EvidenceStatement.ready, EvidenceStatement.held, EvidenceStatement.others] {
                    pipeline.add(statement, run.tenant.value, run.run.uuid)
                }
            }
            var evidence: [StepEvidence] = []
            for (row, queue) in zip(results[0], try Self.queues(results[0])) {
                evidence.append(try Self.ready(row, queue: queue))
            }
            for row in results[1] { evidence.append(try Self.held(row)) }
            for row in results[2] { evidence.append(try Self.other(row)) }
            return evidence.sorted { $0.step < $1.step }
        }
    }

    public func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> [WaitingApproval] {
        let since = position?.since ?? Timestamp(microseconds: 0)
        let (run, step) = (position?.run.uuid ?? PostgresUUID(high: 0, low: 0), position?.step ?? -1)
        return try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.execute(
                EvidenceStatement.approvals, tenant.value, since.postgres, run, step, Int64(max(1, min(limit, 1000))))
            var found: [WaitingApproval] = []
            for row in rows {
                let key = RunKey(tenant: tenant, run: RunID(try row.decode(0, as: PostgresUUID.self)))
                found.append(
                    WaitingApproval(
                        step: StepKey(run: key, step: try row.decode(1)), message: try row.decode(2),
                        since: Timestamp(try row.decode(3, as: PostgresTimestamp.self))))
            }
            return found
        }
    }

    private static func ready(_ row: PostgresRow, queue: QueueRecord) throws(PostgresError) -> StepEvidence {
        let ahead = Int(try row.decode(15, as: Int64.self))
        let used = try row.decode(24, as: Int64.self)
        let quota = try row.decode(23, as: Int64?.self).map {
            QuotaUse(kind: .concurrentSteps, used: used, limit: $0)
        }
        return StepEvidence(
            step: try row.decode(11),
            place: .ready(
                ReadyEvidence(
                    queue: queue, taskType: try row.decode(12), pool: try row.decode(13),
                    ahead: ahead, running: Int(try row.decode(16, as: Int64.self)),
                    workers: Int(try row.decode(17, as: Int64.self)),
                    since: Timestamp(try row.decode(14, as: PostgresTimestamp.self)),
                    breaker: try breaker(row, from: 18, .taskType, name: row.decode(12), ahead: ahead), quota: quota)))
    }

    /// Reads phase, end, probes passed, time of change and probes of a breaker that is not closed.
    private static func breaker(
        _ row: PostgresRow, from column: Int, _ kind: BreakerKind, name: String, ahead: Int
    ) throws(PostgresError) -> BreakerEvidence? {
        guard let code = try row.decode(column, as: Int16?.self) else { return nil }
        let phase: Breaker.Phase =
            code == 2
            ? .open(until: try row.decode(column + 1, as: PostgresTimestamp?.self).map(Timestamp.init))
            : .halfOpen(passed: try row.decode(column + 2))
        return BreakerEvidence(
            kind: kind, name: name, phase: phase,
            changedAt: Timestamp(try row.decode(column + 3, as: PostgresTimestamp.self)),
            probes: try row.decode(column + 4), ahead: ahead)
    }

    private static func held(_ row: PostgresRow) throws(PostgresError) -> StepEvidence {
        let step = try row.decode(0, as: Int32.self)
        if try row.decode(12, as: Bool.self) {
            return StepEvidence(
                step: step, place: .parked(since: Timestamp(try row.decode(1, as: PostgresTimestamp.self))))
        }
        if let due = try row.decode(9, as: PostgresTimestamp?.self) {
            let throttle = try row.decode(10, as: String?.self)
            let debounce = try row.decode(11, as: String?.self)
            return StepEvidence(
                step: step,
                place: .delayed(
                    DelayEvidence(
                        name: throttle ?? debounce ?? "", isThrottle: throttle != nil, due: Timestamp(due),
                        since: Timestamp(try row.decode(1, as: PostgresTimestamp.self)))))
        }
        guard let name = try row.decode(2, as: String?.self),
            let level = LimitLevel(rawValue: try row.decode(3, as: Int16?.self) ?? 0)
        else { return StepEvidence(step: step, place: .held(nil)) }
        if level == .breaker {
            let ahead = Int(try row.decode(5, as: Int64.self))
            let breaker = try breaker(row, from: 13, .target, name: name, ahead: ahead)
            return StepEvidence(step: step, place: breaker.map { .stopped($0) } ?? .held(nil))
        }
        let runs = try row.decode(6, as: [PostgresUUID]?.self) ?? []
        let steps = try row.decode(7, as: [Int32]?.self) ?? []
        let times = try row.decode(8, as: [PostgresTimestamp]?.self) ?? []
        let holders = zip(runs, zip(steps, times)).map {
            LimitEvidence.Holder(run: RunID($0), step: $1.0, since: Timestamp($1.1))
        }
        return StepEvidence(
            step: step,
            place: .held(
                LimitEvidence(
                    name: name, level: level, slots: try row.decode(4), holders: holders,
                    ahead: Int(try row.decode(5, as: Int64.self)),
                    since: Timestamp(try row.decode(1, as: PostgresTimestamp.self)))))
    }

    private static func other(_ row: PostgresRow) throws(PostgresError) -> StepEvidence {
        let at = Timestamp(try row.decode(2, as: PostgresTimestamp.self))
        let place: StepEvidence.Place
        switch try row.decode(1, as: Int32.self) {
        case 1: place = .leased(worker: try row.decode(3), since: at)
        case 2:
            let isPaced = try row.decode(4, as: Bool.self)
            place = .scheduled(due: at, rate: isPaced ? try row.decode(3, as: String.self) : nil)
        case 3: place = .waiting(since: at)
        case let kind: throw PostgresError(.decoding, reason: "a token is of the unknown kind \(kind)")
        }
        return StepEvidence(step: try row.decode(0), place: place)
    }
}
