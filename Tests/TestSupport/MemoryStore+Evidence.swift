public import Engine
public import Workflows

extension MemoryStore {
    public func evidence(of run: RunKey) async throws(StoreError) -> [StepEvidence] {
        await transaction { tables in
            var evidence: [StepEvidence] = []
            for (key, token) in tables.ready where key.run == run {
                evidence.append(StepEvidence(step: key.step, place: .ready(tables.evidence(of: token))))
            }
            for (key, token) in tables.attempts where key.run == run {
                let worker = tables.sessions[token.fence.session]?.record.worker
                evidence.append(StepEvidence(step: key.step, place: .leased(worker: worker, since: token.leasedAt)))
            }
            for (key, token) in tables.timers where key.run == run {
                evidence.append(StepEvidence(step: key.step, place: .scheduled(due: token.due, rate: token.rate)))
            }
            for (key, token) in tables.held where key.run == run {
                if let due = token.due, let pacing = token.pacing {
                    let isThrottle = if case .throttle = pacing.rule { true } else { false }
                    let delay = DelayEvidence(
                        name: pacing.name, isThrottle: isThrottle, due: due, since: tables.now)
                    evidence.append(StepEvidence(step: key.step, place: .delayed(delay)))
                    continue
                }
                if let breaker = token.limit.flatMap({ tables.breakers[$0]?.record }), !breaker.breaker.phase.isClosed {
                    let ahead = tables.held.values.count { $0.limit == token.limit && $0.row.rank < token.row.rank }
                    evidence.append(
                        StepEvidence(step: key.step, place: .stopped(tables.breakerEvidence(breaker, ahead: ahead))))
                    continue
                }
                evidence.append(StepEvidence(step: key.step, place: .held(tables.evidence(of: token))))
            }
            for (key, token) in tables.parked where key.run == run {
                evidence.append(StepEvidence(step: key.step, place: .parked(since: token.since)))
            }
            for key in tables.waits.keys where key.run == run {
                evidence.append(StepEvidence(step: key.step, place: .waiting(since: tables.now)))
            }
            return evidence.sorted { $0.step < $1.step }
        }
    }

    public func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> [WaitingApproval] {
        await transaction { tables in
            let all = tables.waits.values.filter { $0.step.run.tenant == tenant && $0.request.kind == .approval }.map {
                WaitingApproval(
                    step: $0.step, message: $0.request.subject,
                    since: tables.waitingSince[MemoryTables.TokenKey(run: $0.step.run, step: $0.step.step)]
                        ?? tables.now)
            }
            let sorted = all.sorted {
                ($0.since, $0.step.run.run, $0.step.step) < ($1.since, $1.step.run.run, $1.step.step)
            }
            guard let position else { return Array(sorted.prefix(limit)) }
            let rest = sorted.drop {
                ($0.since, $0.step.run.run, $0.step.step) <= (position.since, position.run, position.step)
            }
            return Array(rest.prefix(limit))
        }
    }
}

extension MemoryTables {
    fileprivate func evidence(of token: ReadyToken) -> ReadyEvidence {
        let bucket = token.row.bucket
        let queue = queues[bucket.queue] ?? QueueRecord(id: bucket.queue, tenant: bucket.tenant, name: "")
        let route = interned.first { $0.value == bucket.route.value && $0.key.hasPrefix("route/") }?.key ?? ""
        let parts = route.split(separator: "/").map(String.init)
        let ahead = ready.values.count { $0.row.bucket == bucket && $0.row.rank < token.row.rank }
        return ReadyEvidence(
            queue: queue, taskType: parts.dropFirst().dropLast().joined(separator: "/"), pool: parts.last ?? "",
            ahead: ahead,
            running: queue.settings.concurrency == nil
                ? 0 : attempts.values.count { $0.row.bucket.queue == bucket.queue },
            workers: sessions.values.count {
                $0.record.tenant == bucket.tenant && $0.leasedUntil > now && $0.record.routes.contains(bucket.route)
            }, since: token.enqueuedAt, breaker: shut(bucket).map { breakerEvidence($0, ahead: ahead) },
            quota: quotas.quotas[bucket.tenant]?[.concurrentSteps].map { limit in
                QuotaUse(
                    kind: .concurrentSteps,
                    used: Int64(attempts.values.count { $0.row.bucket.tenant == bucket.tenant }),
                    limit: limit)
            })
    }

    fileprivate func evidence(of token: HeldToken) -> LimitEvidence? {
        guard let id = token.limit, let limit = limits[id] else { return nil }
        let holders = slotHolders.filter { $0.value.contains(id) }.map(\.key)
            .sorted { ($0.run.run, $0.step) < ($1.run.run, $1.step) }
        return LimitEvidence(
            name: limit.name, level: limit.level, slots: limit.slots,
            holders: holders.prefix(LimitEvidence.mostHolders).map {
                LimitEvidence.Holder(run: $0.run.run, step: $0.step, since: now)
            },
            ahead: held.values.count { $0.limit == id && $0.row.rank < token.row.rank }, since: now)
    }
}
