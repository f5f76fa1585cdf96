import Supervision
import Synchronization
import Telemetry
import Workflows

/// The node's one reader of the event log: wakes the dispatcher for tokens of other nodes, stops local attempts of runs
/// that ended elsewhere, and feeds the hub.
final class EventTail: Sendable {
    private let parts: EngineParts
    private let position = Mutex<EventPosition?>(nil)

    init(parts: EngineParts) { self.parts = parts }

    var isReady: Bool { position.withLock { $0 != nil } }

    /// One page. A shorter wait is answered while there may be more.
    func runOnce() async throws(StoreError) -> Duration? {
        let known = position.withLock { $0 }
        let limit = parts.configuration.eventLimit
        let isTold = parts.hub.hasSubscribers
        var page = try await parts.store.readEvents(after: known, limit: limit, isTold: isTold)
        // Somebody has come meanwhile: what was committed since is told.
        if !isTold, parts.hub.hasSubscribers {
            page = try await parts.store.readEvents(after: known, limit: limit, isTold: true)
        }
        if page.gap { parts.hub.resyncAll(at: page.position) }
        // The first read (no position) only finds where the log ends; the scan of all buckets has what came before.
        if known != nil {
            for row in page.rows {
                parts.dispatcher.wake(row.wakes)
                stopAttempts(row)
            }
            let queues = Set(page.rows.flatMap(\.queues))
            if !queues.isEmpty {
                try await parts.queues.load(queues.filter { parts.queues.contains($0) })
                parts.reorders.raise()
                parts.breakerChanges.raise()
                // What a pause or another kind of claim has left alone is looked for anew.
                try await parts.dispatcher.scan()
            }
            try await parts.hub.publish(page.rows)
            parts.metrics.eventRows.add(UInt64(page.rows.count))
        }
        position.withLock { $0 = page.position }
        if page.rows.count >= limit { return .zero }
        return nil
    }

    /// Runs until cancelled: woken by commits and by the database's notifications, at most each 10 ms, else polling.
    func run() async throws {
        let duty = Duty(
            name: "event tail", parts: parts, interval: parts.configuration.eventInterval, wake: parts.eventTail,
            shortest: .milliseconds(10)
        ) { () async throws(StoreError) in
            try await self.runOnce()
        }
        try await duty.run()
    }

    private func stopAttempts(_ row: EventRow) {
        // Nearly no row holds one: looked for in the bytes before anything is parsed.
        guard row.mayHaveStopped else { return }
        for fragment in EventFragment.parse(row.payload) ?? [] {
            switch fragment.state {
            case .cancelled, .timedOut:
                parts.dispatcher.cancelAttempts(
                    of: RunKey(tenant: row.position.tenant, run: fragment.run), reason: "the run has ended")
            case .queued, .running, .paused, .cancelling, .succeeded, .failed, nil: break
            }
        }
    }
}

extension EventRow {
    /// Whether the payload names a state in which a run was stopped.
    public var mayHaveStopped: Bool {
        payload.contains(RunLifecycle.cancelled) || payload.contains(RunLifecycle.timedOut)
    }
}

extension [UInt8] {
    /// Whether the payload names this state of a run.
    fileprivate func contains(_ state: RunLifecycle) -> Bool {
        let text = Array("\"\(state.text)\"".utf8)
        guard let first = text.first, count >= text.count else { return false }
        var from = startIndex
        while let index = self[from...].firstIndex(of: first) {
            if self[index...].starts(with: text) { return true }
            from = index + 1
        }
        return false
    }
}
