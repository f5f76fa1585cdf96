import Logging
import Synchronization
import Telemetry
public import Workflows

/// Hands the event log to its readers on this node.
public final class EventHub: Sendable {
    private struct State {
        var nextID: UInt64 = 1
        /// Of the tenants that have readers.
        var feeds: [TenantID: EventFeed] = [:]
    }

    /// What one delivery holds at most, unless a single commit is larger. A reader that does not read keeps two of them.
    private static let pageBytes = 4 << 10

    let clock: any EngineClock
    private let store: any Store
    private let expansion: EventExpansion
    private let limits: EventFeed.Limits
    private let metrics: EngineMetrics
    private let logger: Logger
    private let state = Mutex(State())

    init(
        store: any Store, plans: PlanCache, clock: any EngineClock, configuration: EngineConfiguration,
        metrics: EngineMetrics, logger: Logger
    ) {
        self.logger = logger
        self.store = store
        self.clock = clock
        self.metrics = metrics
        expansion = EventExpansion(store: store, plans: plans)
        limits = EventFeed.Limits(rows: configuration.feedRows, bytes: configuration.feedBytes)
    }

    var hasSubscribers: Bool { state.withLock { !$0.feeds.isEmpty } }

    /// A reader from now on, or (with `after`) from that position on.
    ///
    /// - Parameter pace: The shortest time between two wake-ups of the reader; what comes meanwhile comes together.
    public func subscribe(
        tenant: TenantID, run: RunID? = nil, after: EventPosition? = nil, pace: Duration = .zero
    ) -> EventSubscription {
        state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            let feed = state.feeds[tenant] ?? EventFeed(limits: limits)
            state.feeds[tenant] = feed
            feed.open(id)
            return EventSubscription(
                id: id, tenant: tenant, run: run, after: after, pace: pace, hub: self, feed: feed)
        }
    }

    func unsubscribe(_ id: UInt64, _ tenant: TenantID) {
        guard let feed = state.withLock({ $0.feeds[tenant] }) else { return }
        feed.close(id)
        // Readers come under the same lock: an empty feed stays so until it is gone.
        state.withLock { state in
            if feed.isEmpty, state.feeds[tenant] === feed { state.feeds[tenant] = nil }
        }
    }

    /// Rows in order, from the one reader of the log.
    func publish(_ rows: [EventRow]) async throws(StoreError) {
        var changes: [TenantID: [EventChanges]] = [:]
        for row in rows {
            let tenant = row.position.tenant
            guard let feed = state.withLock({ $0.feeds[tenant] }) else { continue }
            guard !row.payload.isEmpty else {
                // Its first reader has come since the row was read.
                feed.publish(changes.removeValue(forKey: tenant) ?? [])
                feed.skip(to: row.position)
                continue
            }
            do {
                changes[tenant, default: []].append(try await expansion.expand(row))
            } catch {
                guard case .refused(_, let detail) = error else { throw error }
                // The row cannot be told: its readers read again what they show.
                logger.error("an event row cannot be read", metadata: ["detail": "\(detail)"])
                feed.publish(changes.removeValue(forKey: tenant) ?? [])
                feed.skip(to: row.position)
            }
        }
        for (tenant, rows) in changes {
            state.withLock { $0.feeds[tenant] }?.publish(EventChanges.joined(rows, bytes: Self.pageBytes))
        }
    }

    /// The log has a gap: every reader reads again what it shows.
    func resyncAll(at position: EventPosition) {
        for feed in state.withLock({ Array($0.feeds.values) }) { feed.skip(to: position) }
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
}
