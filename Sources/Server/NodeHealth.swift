import API
import Engine
import Synchronization

/// Whether the node can serve: asked by `/readyz`, so the answer of the database is kept for a moment.
final class NodeHealth: Sendable {
    private struct State {
        var isDraining = false
        var database = HealthCheck(name: "database", isOK: true)
        var asked: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    func beginDraining() { state.withLock { $0.isDraining = true } }

    func checks(_ store: any Store) async -> [HealthCheck] {
        let now = ContinuousClock.now
        let known: [HealthCheck]? = state.withLock { state in
            if state.isDraining { return [HealthCheck(name: "node", isOK: false, detail: "the node is stopping")] }
            guard let asked = state.asked, now - asked < .milliseconds(500) else { return nil }
            return [state.database]
        }
        if let known { return known }
        let check: HealthCheck
        do {
            _ = try await store.now()
            check = HealthCheck(name: "database", isOK: true)
        } catch {
            check = HealthCheck(name: "database", isOK: false, detail: "the database does not answer")
        }
        state.withLock { state in
            state.database = check
            state.asked = now
        }
        return [check]
    }
}
