import Workflows

/// Renews, in one statement, the leases of the sessions that this node heard from since the last time. A worker that is
/// silent loses its lease by the store's clock, whatever its connection looks like (engine rule 22).
struct SessionRenewal: Sendable {
    struct Result: Sendable, Equatable {
        var renewed = 0
        var lost = 0
        var silent = 0
    }

    let parts: EngineParts

    func runOnce() async throws(StoreError) -> Result {
        let now = parts.clock.now
        let (renew, silent) = parts.dispatcher.withState { $0.renewals(now: now) }
        for id in silent { parts.dropSession(id, reason: "nothing was heard for a lease period") }
        var result = Result(silent: silent.count)
        if renew.isEmpty {
            parts.storeClock.observe(try await parts.store.now())
        } else {
            let alive = try await parts.store.renewSessions(renew, lease: parts.configuration.lease)
            for id in renew where !alive.contains(id) {
                parts.dropSession(id, reason: "the session's lease is over")
                result.lost += 1
            }
            result.renewed = alive.count
        }
        parts.storeAnswered()
        return result
    }
}
