import Telemetry
import Workflows

/// Returns attempts without a live session to their queues. Judged by the store's state and clock alone, and not before
/// the store has answered for a whole lease period: after an outage everybody may renew first (engine rule 23).
struct Rescue: Sendable {
    let parts: EngineParts

    /// How many attempts were rescued; `nil` when it is too early to judge.
    func runOnce() async throws(StoreError) -> Int? {
        guard parts.mayRescue else { return nil }
        let rescued = try await parts.store.rescue(
            limit: parts.configuration.rescueLimit, lease: parts.configuration.lease)
        parts.metrics.rescues.add(UInt64(rescued.count))
        for attempt in rescued {
            // Should the session be connected here after all: its worker stops what no longer counts.
            parts.dispatcher.cancel(attempt.fence, reason: "the session's lease is over")
        }
        // Before the wake, or the dead session's slots would take the very tokens that it lost.
        for session in Set(rescued.map(\.fence.session)) {
            parts.dropSession(session, reason: "the session's lease is over")
        }
        for attempt in rescued { if let timing = attempt.quarantine { quarantine(attempt.fence, timing) } }
        parts.dispatcher.wake(
            rescued.filter { $0.quarantine == nil }.map { ReadyBucket(bucket: $0.bucket, lowestRank: $0.rank) })
        return rescued.count
    }

    /// Ends the step. Another node, or the next pass, may do so too: the fence lets one through.
    private func quarantine(_ fence: AttemptFence, _ timing: AttemptTiming) {
        parts.metrics.quarantines.add()
        parts.router.submitOwn(
            LaneCommand(
                key: fence.key,
                kind: .finish(
                    FinishCommand(
                        fence: fence,
                        outcome: .failure(Quarantine.failure(losses: timing.losses, worker: timing.worker)),
                        timing: timing)),
                acceptedAt: parts.clock.now, reply: .none))
    }
}
