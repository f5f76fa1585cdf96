import Logging
import Synchronization
import Telemetry
public import Workflows

/// Hands the event log to its readers on this node.
public final class EventHub: Sendable {
    private struct State {
        var nextID: UInt64 = 1
        var readers: [TenantID: [UInt64: WeakReader]] = [:]
        var tenants: [UInt64: TenantID] = [:]
    }

    /// The reader owns its subscription; the hub only points at it.
    private struct WeakReader: Sendable {
        weak let subscription: EventSubscription?
    }

    private let store: any Store
    private let expansion: EventExpansion
    private let limit: Int
    private let metrics: EngineMetrics
    private let logger: Logger
    private let state = Mutex(State())

    init(
        store: any Store, plans: PlanCache, configuration: EngineConfiguration, metrics: EngineMetrics, logger: Logger
    ) {
        self.logger = logger
        self.store = store
        self.metrics = metrics
        expansion = EventExpansion(store: store, plans: plans)
        limit = configuration.subscriberBuffer
    }

    var hasSubscribers: Bool { state.withLock { !$0.tenants.isEmpty } }

    /// A reader from now on, or (with `after`) from that position on.
    public func subscribe(tenant: TenantID, run: RunID? = nil, after: EventPosition? = nil) -> EventSubscription {
        state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            let subscription = EventSubscription(
                id: id, tenant: tenant, run: run, after: after, hub: self, limit: limit)
            state.readers[tenant, default: [:]][id] = WeakReader(subscription: subscription)
            state.tenants[id] = tenant
            return subscription
        }
    }

    func unsubscribe(_ id: UInt64) {
        state.withLock { state in
            guard let tenant = state.tenants.removeValue(forKey: id) else { return }
            state.readers[tenant]?[id] = nil
            if state.readers[tenant]?.isEmpty == true { state.readers[tenant] = nil }
        }
    }

    /// Rows in order, from the one reader of the log.
    func publish(_ rows: [EventRow]) async throws(StoreError) {
        for row in rows {
            let readers = readers(of: row.position.tenant)
            if readers.isEmpty { continue }
            do {
                let changes = try await expansion.expand(row)
                for reader in readers { reader.publish(changes) }
            } catch {
                guard case .refused(_, let detail) = error else { throw error }
                // The row cannot be told: its readers read again what they show.
                logger.error("an event row cannot be read", metadata: ["detail": "\(detail)"])
                for reader in readers { reader.resync(at: row.position) }
            }
        }
    }

    /// The log has a gap: every reader reads again what it shows.
    func resyncAll(at position: EventPosition) {
        let readers = state.withLock { $0.readers.values.flatMap { $0.values.compactMap(\.subscription) } }
        for reader in readers { reader.resync(at: position) }
        metrics.resyncs.add(UInt64(readers.count))
    }

    func noteResync() { metrics.resyncs.add() }

    /// The tenant's rows of one page after a position, for a reader that comes back.
    func page(
        after position: EventPosition, tenant: TenantID
    ) async throws(StoreError) -> (rows: [EventChanges], position: EventPosition, gap: Bool) {
        let page = try await store.readEvents(after: position, limit: 100)
        var rows: [EventChanges] = []
        for row in page.rows where row.position.tenant == tenant { rows.append(try await expansion.expand(row)) }
        return (rows, page.position, page.gap)
    }

    private func readers(of tenant: TenantID) -> [EventSubscription] {
        state.withLock { $0.readers[tenant]?.values.compactMap(\.subscription) ?? [] }
    }
}
