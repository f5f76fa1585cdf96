import Telemetry
import Workflows

/// Returns attempts without a live session to their queues. Judged by the store's state and clock alone, and not before
/// the store has answered for a whole lease period: after an outage everybody may renew first (engine rule 23).
struct Rescue: Sendable {
    let parts: EngineParts

    /// How many attempts were rescued; `nil` when it is too early to judge.
    func runOnce() async throws(StoreError) -> Int? {
        guard parts.mayRescue else { return nil }
        let rescued = try await parts.store.rescue(limit: parts.configuration.rescueLimit)
        parts.metrics.rescues.add(UInt64(rescued.count))
        for attempt in rescued {
            // Should the session be connected here after all: its worker stops what no longer counts.
            parts.dispatcher.cancel(attempt.fence, reason: "the session's lease is over")
        }
        // Before the wake, or the dead session's slots would take the very tokens that it lost.
        for session in Set(rescued.map(\.fence.session)) {
            parts.dropSession(session, reason: "the session's lease is over")
        }
        parts.dispatcher.wake(rescued.map { ReadyBucket(bucket: $0.bucket, lowestRank: $0.rank) })
        return rescued.count
    }
}
