import Engine
import Workflows

extension MemoryTables {
    /// Tells breakers of ended attempts. Answers whether one of a task type has changed.
    mutating func record(_ outcomes: [BreakerOutcome]) -> Bool {
        for outcome in outcomes where outcome.matters {
            guard let terms = outcome.terms else { continue }
            let old = breakers[outcome.breaker]
            guard old.map({ $0.flow.value < terms.flow.value }) ?? true else { continue }
            var record =
                old?.record
                ?? BreakerRecord(
                    id: outcome.breaker, kind: .target, name: outcome.name, rule: terms.rule,
                    breaker: Breaker(changedAt: now))
            setRule(terms.rule, of: &record)
            breakers[outcome.breaker] = BreakerRow(record: record, flow: terms.flow)
        }
        let groups = Dictionary(grouping: outcomes, by: \.breaker)
        let now = now
        return change(groups.keys.sorted(by: LimitID.precedes)) { record in
            let told = groups[record.id] ?? []
            guard told.contains(where: \.matters) || !record.breaker.phase.isClosed else { return }
            record.breaker.record(told.map(\.outcome), rule: record.rule, at: now)
        }
    }

    /// Changes breakers, and what follows from their phases. Answers whether one of a task type has changed.
    mutating func change(_ ids: [LimitID], _ body: (inout BreakerRecord) -> Void) -> Bool {
        var isChanged = false
        for id in ids {
            guard let row = breakers[id] else { continue }
            var record = row.record
            body(&record)
            guard record != row.record else { continue }
            if record.breaker.phase != row.record.breaker.phase { record.revision += 1 }
            breakers[id]?.record = record
            switch record.kind {
            case .target:
                limits[id]?.slots = record.slots
                if record.slots == 0 { recall(id) }
            case .taskType where record.revision != row.record.revision:
                isChanged = true
                noteQueues(of: id.tenant)
            case .taskType: break
            }
        }
        return isChanged
    }

    /// Steps of a target go from `ready` back to the line, and give back what they have of other limits.
    mutating func recall(_ target: LimitID) {
        for (key, limits) in slotHolders where limits.contains(target) {
            guard let token = ready.removeValue(forKey: key) else { continue }
            slotHolders[key] = nil
            let joint = limits.first { $0 != target }
            held[key] = HeldToken(row: token.row, limit: target, joint: joint)
            note(key, movesTo: .held)
            if let joint { freedLimits.insert(joint) }
        }
    }

    /// The slots of targets whose breakers have counted something.
    var targetSlots: [LimitID: Int32] {
        guard !breakers.isEmpty else { return [:] }
        return breakers.filter { $0.value.record.kind == .target }.mapValues(\.record.slots)
    }

    /// Hands out what recalled steps have given back.
    mutating func admitFreed() -> Admissions {
        defer { freedLimits = [] }
        return admit(freedLimits)
    }

    mutating func noteQueues(of tenant: TenantID) {
        for queue in queues.values where queue.tenant == tenant { note(queue: queue.id, tenant: tenant) }
    }

    private func setRule(_ rule: BreakerRule, of record: inout BreakerRecord) {
        if rule.window != record.rule.window {
            record.breaker = Breaker(
                phase: record.breaker.phase, window: OutcomeWindow(), changedAt: record.breaker.changedAt,
                trips: record.breaker.trips)
        }
        record.rule = rule
    }

    mutating func setRule(_ rule: BreakerRule, of taskType: String, tenant: TenantID) -> BreakerWrite {
        let id = LimitID(tenant: tenant, breaker: .taskType, name: taskType)
        defer { noteQueues(of: tenant) }
        guard var record = breakers[id]?.record else {
            let record = BreakerRecord(
                id: id, kind: .taskType, name: taskType, rule: rule, breaker: Breaker(changedAt: now))
            breakers[id] = BreakerRow(record: record, flow: FlowVersionID(0))
            return .written(record, isNew: true)
        }
        setRule(rule, of: &record)
        record.revision += 1
        breakers[id]?.record = record
        return .written(record, isNew: false)
    }

    /// The breaker of the bucket's task type, if it is not closed.
    func shut(_ bucket: Bucket) -> BreakerRecord? {
        guard !breakers.isEmpty else { return nil }
        let taskType = taskType(of: bucket.route)
        let id = LimitID(tenant: bucket.tenant, breaker: .taskType, name: taskType)
        return breakers[id].map(\.record).flatMap { $0.breaker.phase.isClosed ? nil : $0 }
    }

    /// How many probes more a half-open breaker allows.
    func probes(of breaker: LimitID) -> Int {
        guard let record = breakers[breaker]?.record, case .halfOpen = record.breaker.phase else { return 0 }
        let running = attempts.values.count {
            $0.row.bucket.tenant == breaker.tenant && taskType(of: $0.row.bucket.route) == record.name
                && $0.leasedAt >= record.breaker.changedAt
        }
        return max(0, Int(record.rule.probes) - running)
    }

    func taskType(of route: RouteID) -> String {
        let name = interned.first { $0.value == route.value && $0.key.hasPrefix("route/") }?.key ?? ""
        return name.split(separator: "/").dropFirst().dropLast().joined(separator: "/")
    }

    func breakerEvidence(_ record: BreakerRecord, ahead: Int) -> BreakerEvidence {
        BreakerEvidence(
            kind: record.kind, name: record.name, phase: record.breaker.phase, changedAt: record.breaker.changedAt,
            probes: record.rule.probes, ahead: ahead)
    }
}
