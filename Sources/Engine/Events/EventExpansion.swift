import Synchronization
import Workflows

/// Turns event rows into what people read: run ids as text, workflow names, step ids.
///
/// Token moves (claim, rescue, timer) do not name their run's workflow; it is remembered from the run's commits, else
/// asked of the store.
final class EventExpansion: Sendable {
    private let store: any Store
    private let plans: PlanCache
    private let flows = Mutex(RecentlyUsed<RunKey, FlowVersionID>(limit: 20_000))

    init(store: any Store, plans: PlanCache) {
        self.store = store
        self.plans = plans
    }

    func expand(_ row: EventRow) async throws(StoreError) -> EventChanges {
        let tenant = row.position.tenant
        guard let fragments = EventFragment.parse(row.payload) else {
            throw StoreError.refused(code: "event", detail: "event row \(row.position) is not readable")
        }
        let flows = try await flows(of: fragments, tenant: tenant)
        var changes: [EventChanges.Change] = []
        changes.reserveCapacity(fragments.count)
        for fragment in fragments {
            var plan: FlowPlan?
            if let flow = flows[fragment.run] { plan = try await plans.plan(flow) }
            changes.append(
                EventChanges.Change(
                    run: fragment.run, json: RunChangeText.json(fragment, flow: plan, at: row.at),
                    position: row.position))
        }
        return EventChanges(position: row.position, changes: changes)
    }

    private func flows(
        of fragments: [EventFragment], tenant: TenantID
    ) async throws(StoreError) -> [RunID: FlowVersionID] {
        var found: [RunID: FlowVersionID] = [:]
        var unknown: Set<RunID> = []
        self.flows.withLock { flows in
            for fragment in fragments {
                let key = RunKey(tenant: tenant, run: fragment.run)
                if let flow = fragment.flow {
                    found[fragment.run] = flow
                    flows.insert(flow, for: key, cost: 1)
                } else if let flow = flows.value(key) {
                    found[fragment.run] = flow
                } else {
                    unknown.insert(fragment.run)
                }
            }
        }
        unknown.subtract(found.keys)
        guard !unknown.isEmpty else { return found }
        let loads = unknown.map { RunLoad(key: RunKey(tenant: tenant, run: $0), knownRevision: .max) }
        for record in try await store.loadRuns(loads) {
            found[record.key.run] = record.flow
            self.flows.withLock { $0.insert(record.flow, for: record.key, cost: 1) }
        }
        return found
    }
}
