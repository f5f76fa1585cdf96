public import Engine
import Synchronization
public import Workflows

/// A clock that moves only when it is told to; sleepers wake as it passes their deadlines.
///
/// Told to move on until something holds, it does so whenever the tasks of its executor have nothing left to do.
public final class ManualClock: EngineClock {
    private struct Sleeper {
        var deadline: Duration
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Duration = .zero
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let state = Mutex(State())
    private let origin: Timestamp
    /// What runs the tasks that live by this clock.
    public let executor: TurnExecutor

    public init(seed: UInt64 = 1, origin: Timestamp = Timestamp(microseconds: 1_800_000_000_000_000)) {
        self.origin = origin
        executor = TurnExecutor(seed: seed)
    }

    public var now: Duration { state.withLock { $0.now } }

    /// The same clock as a store's time.
    public var timestamp: Timestamp { origin + now }

    public func sleep(until deadline: Duration) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if state.now >= deadline || Task.isCancelled { return true }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
        }
    }

    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves on, a little at a time and letting everybody run in between, until the task is cancelled.
    public func drive(step: Duration = .milliseconds(50)) async {
        while !Task.isCancelled {
            await executor.idle()
            advance(by: step)
        }
    }

    /// Lets everybody run while so much of the clock's own time passes.
    public func pass(_ duration: Duration, step: Duration = .milliseconds(50)) async {
        let end = now + duration
        while now < end {
            for _ in 0..<40 { await Task.yield() }
            advance(by: step)
        }
    }

    /// Lets everybody run and moves on until the condition holds; `false` when it does not within `limit` of the clock's
    /// own time.
    public func advance(
        until condition: () -> Bool, step: Duration = .milliseconds(50), limit: Duration = .seconds(600)
    ) async -> Bool {
        let end = now + limit
        while !condition() {
            if now >= end { return false }
            await executor.idle()
            if condition() { return true }
            advance(by: step)
        }
        return true
    }
}
