import Engine
import TestSupport
import Workflows

/// A node's way to the catalog, which may not answer.
struct FaultyCatalog: Catalog {
    let world: World
    let inner: MemoryStore
    let node: NodeLife

    private func reach(_ what: String) throws(StoreError) {
        if world.strikes(.catalogRefused, 15, "\(node) \(what)") {
            throw .unavailable(retryAfter: .milliseconds(50), detail: "the connection is lost")
        }
    }

    func tenant(named name: String) async throws(StoreError) -> TenantID? {
        try reach("tenant")
        return try await inner.tenant(named: name)
    }

    func ensureTenant(named name: String) async throws(StoreError) -> TenantID {
        try reach("tenant")
        return try await inner.ensureTenant(named: name)
    }

    func apply(_ definitions: [DefinitionRecord], tenant: TenantID) async throws(StoreError) -> [AppliedDefinition] {
        try reach("apply")
        return try await inner.apply(definitions, tenant: tenant)
    }

    func definition(
        named name: String, version: Int32?, tenant: TenantID
    ) async throws(StoreError) -> StoredDefinition? {
        try reach("definition")
        return try await inner.definition(named: name, version: version, tenant: tenant)
    }

    func definition(_ flow: FlowVersionID) async throws(StoreError) -> StoredDefinition? {
        try reach("definition")
        return try await inner.definition(flow)
    }

    func queue(named name: String, tenant: TenantID) async throws(StoreError) -> QueueID {
        try reach("queue")
        return try await inner.queue(named: name, tenant: tenant)
    }

    func route(taskType: String, pool: String) async throws(StoreError) -> RouteID {
        try reach("route")
        return try await inner.route(taskType: taskType, pool: pool)
    }

    // MARK: Queues

    func queues(tenant: TenantID) async throws(StoreError) -> [QueueRecord] {
        try reach("queues")
        return try await inner.queues(tenant: tenant)
    }

    func queues(_ ids: [QueueID]) async throws(StoreError) -> [QueueRecord] {
        try reach("queues")
        return try await inner.queues(ids)
    }

    func createQueue(
        named name: String, settings: QueueSettings, tenant: TenantID
    ) async throws(StoreError) -> QueueWrite {
        try reach("createQueue")
        return try await inner.createQueue(named: name, settings: settings, tenant: tenant)
    }

    func changeQueue(
        named name: String, tenant: TenantID, _ change: QueueChange, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        try reach("changeQueue")
        return try await inner.changeQueue(named: name, tenant: tenant, change, ifVersion: version)
    }

    func deleteQueue(
        named name: String, tenant: TenantID, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        try reach("deleteQueue")
        return try await inner.deleteQueue(named: name, tenant: tenant, ifVersion: version)
    }

    func tenantWeights(_ tenants: [TenantID]) async throws(StoreError) -> [TenantID: Int32] {
        try reach("tenantWeights")
        return try await inner.tenantWeights(tenants)
    }

    func setWeight(_ weight: Int32, of tenant: TenantID) async throws(StoreError) {
        try reach("setWeight")
        try await inner.setWeight(weight, of: tenant)
    }

    // MARK: Breakers

    func breakers(tenant: TenantID) async throws(StoreError) -> [BreakerRecord] {
        try reach("breakers")
        return try await inner.breakers(tenant: tenant)
    }

    func routeBreakers() async throws(StoreError) -> [RouteBreaker] {
        try reach("routeBreakers")
        return try await inner.routeBreakers()
    }

    func changeBreaker(
        named name: String, tenant: TenantID, _ change: BreakerChange
    ) async throws(StoreError) -> BreakerWrite {
        try reach("changeBreaker")
        return try await inner.changeBreaker(named: name, tenant: tenant, change)
    }
}
