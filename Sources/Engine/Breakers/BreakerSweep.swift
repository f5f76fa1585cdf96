import Telemetry
import Workflows

/// Lets probes through when the time of an open breaker has passed, and keeps this node's table of breakers.
struct BreakerSweep: Sendable {
    let parts: EngineParts

    /// Until the next breaker is due, if that is sooner than the usual interval.
    func runOnce() async throws(StoreError) -> Duration? {
        let pass = try await parts.store.advanceBreakers(limit: parts.configuration.breakerLimit)
        parts.metrics.halfOpenBreakers.add(UInt64(pass.opened))
        parts.act(on: pass.admissions)
        try await parts.breakers.refresh()
        guard let next = pass.next else { return nil }
        // At least a little: the store's clock may be behind what this node believes.
        let pause = max(next - parts.storeClock.now, .milliseconds(2))
        return pause < parts.configuration.breakerInterval ? pause : nil
    }
}
