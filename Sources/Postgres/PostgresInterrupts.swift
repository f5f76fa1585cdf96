private import Synchronization

/// Tells the operation in flight on a connection that its task was cancelled, and no other one.
final class PostgresInterrupts: Sendable {
    private struct State {
        var current: UInt64?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let last = Atomic<UInt64>(0)

    /// A number for the next operation.
    func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func begin(_ operation: UInt64) {
        state.withLock { $0 = State(current: operation) }
    }

    func end() {
        state.withLock { $0 = State() }
    }

    /// Whether the operation is in flight, so that its thread must look up.
    func cancel(_ operation: UInt64) -> Bool {
        state.withLock { state in
            guard state.current == operation else { return false }
            state.isCancelled = true
            return true
        }
    }

    var isCancelled: Bool {
        state.withLock { $0.isCancelled }
    }
}
