import Synchronization
import Telemetry
import Workflows

/// Returns attempts that are leased to sessions of this node without its knowledge.
///
/// A worker that moves here may leave a node behind that has not noticed: what that one still claims for the session is
/// leased to a healthy worker that never hears of it, and no rescue finds it. If that node dies too, nobody but this one
/// can tell.
final class LeaseAudit: Sendable {
    private let parts: EngineParts
    /// Unknown at the last look. Once may be an outcome on its way through a lane, or a worker that has moved on: a node
    /// that is left behind has heard nothing for a lease by the second look.
    private let suspects = Mutex<Set<AttemptFence>>([])

    init(parts: EngineParts) { self.parts = parts }

    /// How many leases were returned.
    func runOnce() async throws(StoreError) -> Int {
        let now = parts.clock.now
        let sessions = parts.dispatcher.withState { $0.audible(now: now) }
        guard !sessions.isEmpty else { return 0 }
        let leases = try await parts.store.leases(of: sessions, olderThan: parts.configuration.startTimeout * 2)
        let unknown = parts.dispatcher.withState { state in leases.filter { !state.holds($0) } }
        let strays = suspects.withLock { suspects in
            let strays = unknown.filter { suspects.contains($0.fence) }
            suspects = Set(unknown.map(\.fence))
            return strays
        }
        parts.metrics.strayLeases.add(UInt64(strays.count))
        parts.dispatcher.giveBack(strays)
        return strays.count
    }
}
