public import Engine
import Workflows

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
}

extension MemoryTables {
    fileprivate func evidence(of token: ReadyToken) -> ReadyEvidence {
        let bucket = token.row.bucket
        let queue = queues[bucket.queue] ?? QueueRecord(id: bucket.queue, tenant: bucket.tenant, name: "")
        let route = interned.first { $0.value == bucket.route.value && $0.key.hasPrefix("route/") }?.key ?? ""
        let parts = route.split(separator: "/").map(String.init)
        return ReadyEvidence(
            queue: queue, taskType: parts.dropFirst().dropLast().joined(separator: "/"), pool: parts.last ?? "",
            ahead: ready.values.count { $0.row.bucket == bucket && $0.row.rank < token.row.rank },
            running: queue.settings.concurrency == nil
                ? 0 : attempts.values.count { $0.row.bucket.queue == bucket.queue },
            workers: sessions.values.count {
                $0.record.tenant == bucket.tenant && $0.leasedUntil > now && $0.record.routes.contains(bucket.route)
            }, since: token.enqueuedAt)
    }

    fileprivate func evidence(of token: HeldToken) -> LimitEvidence? {
        guard let id = token.limit, let limit = limits[id] else { return nil }
        let holders = slotHolders.filter { $0.value == id }.map(\.key)
            .sorted { ($0.run.run, $0.step) < ($1.run.run, $1.step) }
        return LimitEvidence(
            name: limit.name, level: limit.level, slots: limit.slots,
            holders: holders.prefix(LimitEvidence.mostHolders).map {
                LimitEvidence.Holder(run: $0.run.run, step: $0.step, since: now)
            },
            ahead: held.values.count { $0.limit == id && $0.row.rank < token.row.rank }, since: now)
    }
}
