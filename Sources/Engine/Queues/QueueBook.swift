import Synchronization
import Workflows

/// What this node knows of the queues that its plans use. It learns of changes by the event log and asks again now and
/// then; what must be right is checked by the statements themselves (pause, strict order, limits), what may be late by
/// moments is not (ranks, weights, draining).
final class QueueBook: Sendable {
    private struct State {
        var queues: [QueueID: QueueRecord] = [:]
        var weights: [TenantID: Int32] = [:]
        var stepLimited: Set<TenantID> = []
    }

    private let registry: any QueueRegistry
    private let state = Mutex(State())
    private let observer = Mutex<(@Sendable (QueueTable) -> Void)?>(nil)
    private let isAnyDraining = Atomic(false)

    init(registry: any QueueRegistry) { self.registry = registry }

    /// Whom to tell of every change.
    func observe(_ body: @escaping @Sendable (QueueTable) -> Void) { observer.withLock { $0 = body } }

    /// The name of a queue that takes no new runs, if one of these is such.
    func draining(among queues: Set<QueueID>) -> String? {
        guard isAnyDraining.load(ordering: .relaxed) else { return nil }
        return state.withLock { state in
            for queue in queues { if let known = state.queues[queue], known.isDraining { return known.name } }
            return nil
        }
    }

    /// All that is known, for the time of one batch.
    var snapshot: QueueTable {
        state.withLock { QueueTable(queues: $0.queues, weights: $0.weights, stepLimited: $0.stepLimited) }
    }

    /// Tenants whose quota allows so many steps at once.
    func setStepLimited(_ tenants: Set<TenantID>) {
        let isNew = state.withLock { state in
            defer { state.stepLimited = tenants }
            return state.stepLimited != tenants
        }
        if isNew { observer.withLock { $0 }?(snapshot) }
    }

    func contains(_ queue: QueueID) -> Bool { state.withLock { $0.queues[queue] != nil } }

    subscript(queue: QueueID) -> QueueRecord? { state.withLock { $0.queues[queue] } }

    /// Reads queues that were not known, or have changed.
    func load(_ ids: [QueueID]) async throws(StoreError) {
        let records = try await registry.queues(ids)
        let tenants = Set(records.map(\.tenant))
        let weights = try await registry.tenantWeights(Array(tenants))
        state.withLock { state in
            for record in records where state.queues[record.id]?.version ?? 0 <= record.version {
                state.queues[record.id] = record
            }
            state.weights.merge(weights) { _, new in new }
            isAnyDraining.store(state.queues.values.contains { $0.isDraining }, ordering: .relaxed)
        }
        observer.withLock { $0 }?(snapshot)
    }

    /// Reads everything known again.
    func refresh() async throws(StoreError) {
        let ids = state.withLock { Array($0.queues.keys) }
        if !ids.isEmpty { try await load(ids) }
    }
}

/// The queues' settings as a value.
struct QueueTable: Sendable {
    var queues: [QueueID: QueueRecord] = [:]
    var weights: [TenantID: Int32] = [:]
    /// Tenants with a quota of concurrent steps: their claims take turns.
    var stepLimited: Set<TenantID> = []

    func order(of queue: QueueID) -> QueueOrder { queues[queue]?.settings.order ?? QueueOrder() }
    func weight(of queue: QueueID) -> Int32 { queues[queue]?.settings.weight ?? QueueSettings.defaultWeight }
    func weight(of tenant: TenantID) -> Int32 { weights[tenant] ?? QueueSettings.defaultWeight }
    /// Whether claims from the queue need a lock, its own or its tenant's.
    func isGuarded(_ queue: QueueID, of tenant: TenantID) -> Bool {
        if queues[queue]?.settings.isGuarded ?? false { return true }
        return !stepLimited.isEmpty && stepLimited.contains(tenant)
    }
}
