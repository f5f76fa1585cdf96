import DequeModule
import Synchronization
import Workflows

/// A tenant's newest events, kept once for all of its readers: each reader has only its place in them.
///
/// Bounded; a reader that falls behind the oldest row is told to resynchronise. So readers cost no memory, however many
/// there are and however slowly they read, and a row costs only those that wait for it.
final class EventFeed: Sendable {
    /// The most that is kept.
    struct Limits: Sendable {
        var rows: Int
        var bytes: Int
    }

    /// What a reader finds at its place.
    enum Found {
        case row(EventChanges)
        /// Rows before this position are gone.
        case gap(EventPosition)
        case nothing
    }

    private struct Waiter: Sendable {
        var run: RunID?
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var rows: Deque<EventChanges> = []
        var bytes = 0
        /// The place of `rows[0]`.
        var first: UInt64 = 0
        /// The newest position that is known.
        var newest: EventPosition?
        /// Readers' places; those that wait move on with rows that do not concern them.
        var places: [UInt64: UInt64] = [:]
        var waiters: [UInt64: Waiter] = [:]

        var end: UInt64 { first + UInt64(rows.count) }
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits) { self.limits = limits }

    /// A reader of what comes from now on.
    func open(_ reader: UInt64) { state.withLock { $0.places[reader] = $0.end } }

    func close(_ reader: UInt64) {
        let waiter = state.withLock { state in
            state.places[reader] = nil
            return state.waiters.removeValue(forKey: reader)
        }
        waiter?.continuation.resume()
    }

    /// No reader is left.
    var isEmpty: Bool { state.withLock { $0.places.isEmpty } }

    /// Some reader waits.
    var isWaitedFor: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Rows in order.
    func publish(_ rows: [EventChanges]) {
        guard let last = rows.last else { return }
        let woken = state.withLock { state in
            let place = state.end
            for row in rows {
                state.rows.append(row)
                state.bytes += row.bytes
            }
            state.newest = last.position
            // The newest row stays, whatever its size.
            while state.rows.count > limits.rows || (state.bytes > limits.bytes && state.rows.count > 1) {
                state.bytes -= state.rows.removeFirst().bytes
                state.first += 1
            }
            return Self.wake(&state, rows: rows, from: place)
        }
        for continuation in woken { continuation.resume() }
    }

    /// There is a gap before this position: everybody resynchronises.
    func skip(to position: EventPosition) {
        let woken = state.withLock { state in
            // Every reader's place is now before the first row's.
            state.first = state.end + 1
            state.rows = []
            state.bytes = 0
            state.newest = position
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// What stands at the reader's place, which moves on behind it.
    func next(for reader: UInt64) -> Found {
        state.withLock { state in
            guard let place = state.places[reader] else { return .nothing }
            if place < state.first {
                state.places[reader] = state.end
                return state.newest.map { .gap($0) } ?? .nothing
            }
            guard place < state.end else { return .nothing }
            state.places[reader] = place + 1
            return .row(state.rows[Int(place - state.first)])
        }
    }

    /// Returns when something stands at the reader's place (of its run, if it named one), when it was closed, or when
    /// the task is cancelled.
    func wait(_ reader: UInt64, run: RunID?) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard let place = state.places[reader], place == state.end, !Task.isCancelled else { return false }
                    state.waiters[reader] = Waiter(run: run, continuation: continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: reader) }?.continuation.resume()
        }
    }

    /// Takes out those who wait for one of the rows; the others' places move on behind them all.
    private static func wake(
        _ state: inout State, rows: [EventChanges], from place: UInt64
    ) -> [CheckedContinuation<Void, Never>] {
        guard !state.waiters.isEmpty else { return [] }
        var runs: Set<RunID>?
        var woken: [CheckedContinuation<Void, Never>] = []
        for (reader, waiter) in state.waiters {
            if let run = waiter.run {
                if runs == nil { runs = Set(rows.lazy.flatMap { $0.changes.lazy.map(\.run) }) }
                if runs?.contains(run) == false {
                    state.places[reader] = state.end
                    continue
                }
            }
            woken.append(waiter.continuation)
            state.waiters[reader] = nil
        }
        return woken
    }
}
