import Synchronization
import Workflows

/// Compiled definitions by version, and the newest version of each name for a moment.
final class PlanCache: Sendable {
    private struct Name: Hashable {
        var tenant: TenantID
        var name: String
        var version: Int32?
    }

    private struct Newest {
        var flow: FlowPlan?
        var expires: Duration
        /// Somebody asks the catalog already: until then the others use what is known.
        var refreshing = false
    }

    private struct State {
        var plans: RecentlyUsed<FlowVersionID, FlowPlan>
        var names: [Name: Newest] = [:]
        var routes: [RouteName: RouteID] = [:]
        var queues: [QueueName: QueueID] = [:]
    }

    private struct RouteName: Hashable {
        var taskType: String
        var pool: String
    }

    private struct QueueName: Hashable {
        var tenant: TenantID
        var name: String
    }

    private let catalog: any Catalog
    private let book: QueueBook
    private let compiler: @Sendable (StoredDefinition) throws -> Plan
    private let clock: any EngineClock
    private let lifetime: Duration
    private let nameLimit: Int
    private let state: Mutex<State>

    init(
        catalog: any Catalog, queues: QueueBook, compiler: @escaping @Sendable (StoredDefinition) throws -> Plan,
        clock: any EngineClock, configuration: EngineConfiguration
    ) {
        self.catalog = catalog
        book = queues
        self.compiler = compiler
        self.clock = clock
        lifetime = configuration.newestVersionLifetime
        nameLimit = configuration.planCacheCount * 4
        state = Mutex(State(plans: RecentlyUsed(limit: configuration.planCacheCount)))
    }

    /// The plan of a version; `nil` when the catalog does not know it.
    func plan(_ flow: FlowVersionID) async throws(StoreError) -> FlowPlan? {
        if let known = cached(flow) { return known }
        guard let definition = try await catalog.definition(flow) else { return nil }
        return try await compile(definition)
    }

    func cached(_ flow: FlowVersionID) -> FlowPlan? { state.withLock { $0.plans.value(flow) } }

    /// The named version, or the newest, if memory knows it well enough.
    func cached(_ name: String, version: Int32?, tenant: TenantID) -> FlowPlan? {
        let now = clock.now
        let lifetime = lifetime
        return state.withLock { state in
            let key = Name(tenant: tenant, name: name, version: version)
            guard let newest = state.names[key] else { return nil }
            if version != nil || newest.expires > now { return newest.flow }
            // One caller refreshes; the others go on for one more lifetime at most.
            if newest.refreshing, newest.expires + lifetime > now { return newest.flow }
            state.names[key]?.refreshing = true
            return nil
        }
    }

    /// The named version, or the newest, from the catalog when memory does not know.
    func plan(_ name: String, version: Int32?, tenant: TenantID) async throws(StoreError) -> FlowPlan? {
        if let known = cached(name, version: version, tenant: tenant) { return known }
        guard let stored = try await catalog.definition(named: name, version: version, tenant: tenant) else {
            forget(name, version: version, tenant: tenant)
            return nil
        }
        let plan: FlowPlan
        if let known = cached(stored.flow) { plan = known } else { plan = try await compile(stored) }
        remember(plan, as: version)
        return plan
    }

    /// A new version was applied here: it is the newest at once.
    func forget(_ name: String, version: Int32? = nil, tenant: TenantID) {
        state.withLock { $0.names[Name(tenant: tenant, name: name, version: version)] = nil }
    }

    func route(taskType: String, pool: String) async throws(StoreError) -> RouteID {
        let name = RouteName(taskType: taskType, pool: pool)
        if let known = state.withLock({ $0.routes[name] }) { return known }
        let route = try await catalog.route(taskType: taskType, pool: pool)
        state.withLock { $0.routes[name] = route }
        return route
    }

    private func queue(_ queue: String, tenant: TenantID) async throws(StoreError) -> QueueID {
        let name = QueueName(tenant: tenant, name: queue)
        if let known = state.withLock({ $0.queues[name] }) { return known }
        let id = try await catalog.queue(named: queue, tenant: tenant)
        if !book.contains(id) { try await book.load([id]) }
        state.withLock { $0.queues[name] = id }
        return id
    }

    private func remember(_ plan: FlowPlan, as version: Int32?) {
        let expires = clock.now + lifetime
        let limit = nameLimit
        state.withLock { state in
            if state.names.count >= limit { state.names.removeAll() }
            state.names[Name(tenant: plan.tenant, name: plan.name, version: version)] = Newest(
                flow: plan, expires: expires)
        }
    }

    private func compile(_ stored: StoredDefinition) async throws(StoreError) -> FlowPlan {
        let plan: Plan
        do {
            plan = try compiler(stored)
        } catch {
            throw StoreError.refused(
                code: "definition", detail: "version \(stored.flow.value) does not compile: \(error)")
        }
        let applied = AppliedDefinition(
            name: stored.name, flow: stored.flow, version: stored.version, changed: false)
        return try await take(plan, of: applied, tenant: stored.tenant)
    }

    /// Keeps the plan of a version.
    @discardableResult
    func take(_ plan: Plan, of version: AppliedDefinition, tenant: TenantID) async throws(StoreError) -> FlowPlan {
        var buckets: [Bucket] = []
        buckets.reserveCapacity(plan.steps.count)
        for step in plan.steps {
            let queue = try await queue(step.queue, tenant: tenant)
            let route = try await route(taskType: step.taskType, pool: step.pool)
            buckets.append(Bucket(tenant: tenant, queue: queue, route: route))
        }
        let flow = FlowPlan(
            flow: version.flow, tenant: tenant, name: version.name, version: version.version, plan: plan,
            buckets: buckets)
        state.withLock { $0.plans.insert(flow, for: version.flow, cost: 1) }
        return flow
    }
}
