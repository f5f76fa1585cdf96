import Synchronization

/// Opens once; whoever waits for it goes on then.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var next = 0
        var waiting: [Int: AsyncStream<Never>.Continuation] = [:]
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Returns when the gate is open or the waiting task is cancelled.
    func opened() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let token: Int? = state.withLock { state in
            guard !state.isOpen else { return nil }
            state.next += 1
            state.waiting[state.next] = continuation
            return state.next
        }
        guard let token else { return }
        for await _ in stream {}
        state.withLock { $0.waiting[token] = nil }
    }
}
