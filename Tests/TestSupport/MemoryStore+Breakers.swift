public import Engine
public import Workflows

extension MemoryStore {
    public func advanceBreakers(limit: Int) async throws(StoreError) -> BreakerPass {
        await transaction(seen: { _ in .admit }) { tables in
            var pass = BreakerPass()
            let now = tables.now
            for id in tables.breakers.keys.sorted(by: LimitID.precedes) {
                guard let old = tables.breakers[id]?.record.breaker.phase else { continue }
                _ = tables.change([id]) { $0.breaker.advance(to: now) }
                if tables.breakers[id]?.record.breaker.phase != old {
                    pass.opened += 1
                    pass.admissions.add(tables.admit([id]))
                }
                if tables.breakers[id]?.record.slots == 0 { tables.recall(id) }
                pass.admissions.add(tables.admitFreed())
                if case .open(let until?)? = tables.breakers[id]?.record.breaker.phase {
                    pass.next = min(pass.next ?? until, until)
                }
            }
            return pass
        }
    }

    public func breakers(tenant: TenantID) async throws(StoreError) -> [BreakerRecord] {
        await transaction { tables in
            tables.breakers.values.map(\.record).filter { $0.id.tenant == tenant }
                .sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
        }
    }

    public func routeBreakers() async throws(StoreError) -> [RouteBreaker] {
        await transaction { tables in
            tables.breakers.values.map(\.record).filter { $0.kind == .taskType }
                .sorted { LimitID.precedes($0.id, $1.id) }
                .map { record in
                    let routes = tables.interned.filter { $0.key.hasPrefix("route/") }.map { RouteID($0.value) }
                    return RouteBreaker(
                        record: record,
                        routes: routes.filter { tables.taskType(of: $0) == record.name }
                            .sorted { $0.value < $1.value })
                }
        }
    }

    public func changeBreaker(
        named name: String, tenant: TenantID, _ change: BreakerChange
    ) async throws(StoreError) -> BreakerWrite {
        await transaction(seen: { _ in .admit }) { tables in
            if case .rule(let rule) = change { return tables.setRule(rule, of: name, tenant: tenant) }
            let found = tables.breakers.values.map(\.record)
                .filter { $0.id.tenant == tenant && ($0.name == name || $0.id.digest.uuidText == name) }
                .min { $0.kind.rawValue < $1.kind.rawValue }
            guard let id = found?.id, let kind = found?.kind else { return .missing }
            let now = tables.now
            switch change {
            case .rule: return .missing
            case .removal:
                guard kind == .taskType else { return .notOfType }
                tables.breakers[id] = nil
                tables.noteQueues(of: tenant)
                return .removed
            case .reset: _ = tables.change([id]) { $0.breaker.reset(at: now) }
            case .trip(let time): _ = tables.change([id]) { $0.breaker.trip(for: time, at: now) }
            }
            _ = tables.admit([id])
            _ = tables.admitFreed()
            return tables.breakers[id].map { .written($0.record, isNew: false) } ?? .missing
        }
    }
}
