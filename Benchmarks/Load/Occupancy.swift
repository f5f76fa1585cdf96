import Synchronization

/// How many tasks a worker has at once, over time.
final class Occupancy: Sendable {
    private struct State {
        var now = 0
        var most = 0
        var since: ContinuousClock.Instant?
        /// Time at each number of tasks; the index is the number.
        var spans: [Duration] = []
    }

    private let state = Mutex(State())

    func change(by amount: Int) {
        let instant = ContinuousClock.now
        state.withLock { state in
            if let since = state.since {
                while state.spans.count <= state.now { state.spans.append(.zero) }
                state.spans[state.now] += instant - since
            }
            state.since = instant
            state.now += amount
            state.most = max(state.most, state.now)
        }
    }

    /// `"held_most": …, "held_seconds": [seconds at 0, at 1, …]`
    var json: String {
        let (most, spans) = state.withLock { ($0.most, $0.spans) }
        let seconds = spans.map { "\(Double($0.components.seconds) + Double($0.components.attoseconds) / 1e18)" }
        return "\"held_most\": \(most), \"held_seconds\": [\(seconds.joined(separator: ", "))]"
    }
}
