import Supervision

/// The engine's own clock for waits and deadlines; what is recorded carries the store's time instead.
public protocol EngineClock: Sendable {
    /// Time since an arbitrary start; never goes back.
    var now: Duration { get }

    /// Returns at the deadline, or as soon as the task is cancelled.
    func sleep(until deadline: Duration) async
}

/// The machine's monotonic clock.
public struct MonotonicClock: EngineClock {
    private let start = ContinuousClock.now

    public init() {}

    public var now: Duration { start.duration(to: .now) }

    public func sleep(until deadline: Duration) async {
        // A cancelled sleep returns early; whoever waits looks at the task's cancellation itself.
        try? await ContinuousClock().sleep(until: start.advanced(by: deadline), tolerance: nil)
    }
}

extension EngineClock {
    /// Waits until the signal is raised or the time has passed, whichever comes first.
    func wait(for signal: Signal, atMost limit: Duration) async {
        let deadline = now + limit
        await withTaskGroup { group in
            group.addTask { await signal.wait() }
            group.addTask { await self.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }
}
