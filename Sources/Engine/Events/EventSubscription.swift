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

/// One reader of a tenant's events, with a bounded buffer: a slow reader is told to resynchronise and holds no memory.
public final class EventSubscription: Sendable {
    private struct State {
        var buffer: Deque<EventChanges> = []
        var bytes = 0
        /// The last position that was dropped, when the buffer overflowed.
        var overflow: EventPosition?
        /// Where the replay from the store stands; `nil` once live.
        var replay: EventPosition?
        var replayed: Deque<EventChanges> = []
        var delivered: EventPosition?
        var waiter: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    let id: UInt64
    let tenant: TenantID
    private let run: RunID?
    private let hub: EventHub
    private let limit: Int
    private static let byteLimit = 1 << 20
    private let state: Mutex<State>

    init(id: UInt64, tenant: TenantID, run: RunID?, after: EventPosition?, hub: EventHub, limit: Int) {
        self.id = id
        self.tenant = tenant
        self.run = run
        self.hub = hub
        self.limit = limit
        var state = State()
        state.replay = after
        self.state = Mutex(state)
    }

    deinit { hub.unsubscribe(id) }

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
        hub.unsubscribe(id)
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// From the hub: one row of the tenant.
    func publish(_ row: EventChanges) {
        let limit = limit
        let (waiter, overflowed): (CheckedContinuation<Void, Never>?, Bool) = state.withLock { state in
            defer { state.waiter = nil }
            if state.overflow != nil {
                state.overflow = row.position
                return (nil, false)
            }
            guard state.buffer.count < limit, state.bytes + row.bytes <= Self.byteLimit || state.buffer.isEmpty else {
                state.buffer = []
                state.bytes = 0
                state.overflow = row.position
                return (state.waiter, true)
            }
            state.buffer.append(row)
            state.bytes += row.bytes
            return (state.waiter, false)
        }
        if overflowed { hub.noteResync() }
        waiter?.resume()
    }

    /// From the hub: the event log has a gap before this position.
    func resync(at position: EventPosition) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.buffer = []
            state.bytes = 0
            state.overflow = position
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
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
                if let delivery = matching(row) { return delivery }
            }
            return nil
        }
    }

    private func takeLive() -> EventDelivery? {
        state.withLock { state in
            if let position = state.overflow {
                state.overflow = nil
                state.delivered = position
                return .resync(position)
            }
            while let row = state.buffer.popFirst() {
                state.bytes -= row.bytes
                if let delivered = state.delivered, row.position <= delivered { continue }
                state.delivered = row.position
                if let delivery = matching(row) { return delivery }
            }
            return nil
        }
    }

    private func matching(_ row: EventChanges) -> EventDelivery? {
        guard let run else { return .changes(row.changes, row.position) }
        let changes = row.changes.filter { $0.run == run }
        return changes.isEmpty ? nil : .changes(changes, row.position)
    }

    private func waitForMore() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if !state.buffer.isEmpty || state.overflow != nil || state.isClosed || Task.isCancelled {
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
