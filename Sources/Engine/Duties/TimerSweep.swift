import Telemetry
import Workflows

/// Fires due timers: retries become ready, run deadlines become commands.
struct TimerSweep: Sendable {
    let parts: EngineParts

    /// Until the next timer is due, if it is sooner than the usual interval; zero when there were more than fit.
    func runOnce() async throws(StoreError) -> Duration? {
        let limit = parts.configuration.timerLimit
        let fired = try await parts.store.fireTimers(limit: limit)
        parts.dispatcher.wake(fired.ready)
        parts.router.submit(fired.messages, acceptedAt: parts.clock.now)
        if !fired.limits.isEmpty { parts.act(on: try await parts.store.admit(fired.limits)) }
        parts.metrics.firedDeadlines.add(UInt64(fired.deadlines.count))
        for key in fired.deadlines {
            parts.router.submitOwn(
                LaneCommand(key: key, kind: .deadline, acceptedAt: parts.clock.now, reply: .none))
        }
        for due in fired.dues {
            parts.router.submitOwn(
                LaneCommand(
                    key: due.run, kind: .event(.stepDue(step: due.step)), acceptedAt: parts.clock.now, reply: .none))
        }
        if max(fired.deadlines.count + fired.dues.count, fired.messages.count) >= limit { return .milliseconds(10) }
        guard let next = fired.next else { return nil }
        // At least a little: the store's clock may be behind what this node believes.
        let pause = max(next - parts.storeClock.now, .milliseconds(2))
        return pause < parts.configuration.timerInterval ? pause : nil
    }
}
