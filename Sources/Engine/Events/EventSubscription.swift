import DequeModule
import Synchronization
import Workflows

/// What a reader of events gets next.
public enum EventDelivery: Sendable {
    /// Changes of one commit, those of the reader's run only if it asked for one. The position comes after the last.
    case changes([EventChanges.Change], EventPosition)
    /// Events were left out: read again what is shown, then go on from here.
    case resync(EventPosition)
}

/// One reader of a tenant's events. It holds no events, only its place in the tenant's feed.
public final class EventSubscription: Sendable {
    private struct State {
        /// Where the replay from the store stands; `nil` once live.
        var replay: EventPosition?
        var replayed: Deque<EventChanges> = []
        var delivered: EventPosition?
        var wokenAt: Duration?
        var isClosed = false
    }

    let id: UInt64
    let tenant: TenantID
    private let run: RunID?
    private let pace: Duration
    private let hub: EventHub
    private let feed: EventFeed
    private let state: Mutex<State>

    init(
        id: UInt64, tenant: TenantID, run: RunID?, after: EventPosition?, pace: Duration, hub: EventHub, feed: EventFeed
    ) {
        self.id = id
        self.tenant = tenant
        self.run = run
        self.pace = pace
        self.hub = hub
        self.feed = feed
        var state = State()
        state.replay = after
        self.state = Mutex(state)
    }

    deinit { hub.unsubscribe(id, tenant) }

    /// Waits for the next delivery; `nil` when closed or the task is cancelled.
    public func next() async throws(StoreError) -> EventDelivery? {
        while !Task.isCancelled {
            if let delivery = takeReplayed() { return delivery }
            if let position = state.withLock({ $0.replay }) {
                if let resync = try await replay(from: position) { return resync }
                continue
            }
            if let delivery = takeLive() { return delivery }
            if state.withLock({ $0.isClosed }) { return nil }
            await waitForMore()
        }
        return nil
    }

    public func close() {
        state.withLock { $0.isClosed = true }
        hub.unsubscribe(id, tenant)
    }

    /// One page from the store, for a reader that comes back with a position; live when there is none further.
    private func replay(from position: EventPosition) async throws(StoreError) -> EventDelivery? {
        let page = try await hub.page(after: position, tenant: tenant)
        state.withLock { state in
            state.replayed.append(contentsOf: page.rows)
            state.replay = page.gap || page.position <= position ? nil : page.position
            if page.gap { state.delivered = page.position }
        }
        return page.gap ? .resync(page.position) : nil
    }

    private func takeReplayed() -> EventDelivery? {
        state.withLock { state in
            while let row = state.replayed.popFirst() {
                // It is passed over when it comes live too.
                state.delivered = row.position
                if let delivery = matching(row.changes, row.position) { return delivery }
            }
            return nil
        }
    }

    private func takeLive() -> EventDelivery? {
        while true {
            switch feed.next(for: id) {
            case .nothing: return nil
            case .gap(let position):
                state.withLock { $0.delivered = position }
                hub.noteResync()
                return .resync(position)
            case .row(let row):
                let changes: [EventChanges.Change] = state.withLock { state in
                    if let delivered = state.delivered, row.position <= delivered { return [] }
                    defer { state.delivered = row.position }
                    return row.changes(after: state.delivered)
                }
                if !changes.isEmpty, let delivery = matching(changes, row.position) { return delivery }
            }
        }
    }

    private func matching(_ changes: [EventChanges.Change], _ position: EventPosition) -> EventDelivery? {
        guard let run else { return .changes(changes, position) }
        let changes = changes.filter { $0.run == run }
        return changes.isEmpty ? nil : .changes(changes, position)
    }

    /// Wakes at most once in `pace`: what comes at once after a quiet time is delivered at once, bursts come together.
    private func waitForMore() async {
        await feed.wait(id, run: run)
        guard pace > .zero, !state.withLock({ $0.isClosed }) else { return }
        let now = hub.clock.now
        let due = state.withLock { state in
            let due = max(now, (state.wokenAt ?? now - pace) + pace)
            state.wokenAt = due
            return due
        }
        if due > now { await hub.clock.sleep(until: due) }
    }
}
