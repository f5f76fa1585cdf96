import Synchronization

/// Connects a task's cancellation with a transfer, whichever of the two comes first.
final class Cancellation: Sendable {
    private enum State {
        case idle
        case armed(CurlTransfer)
        case cancelled
    }

    private let state = Mutex(State.idle)

    func arm(_ transfer: CurlTransfer) {
        state.withLock { state in
            switch state {
            case .idle: state = .armed(transfer)
            case .armed: break
            case .cancelled: transfer.isCancelled.store(true, ordering: .releasing)
            }
        }
    }

    func cancel() {
        state.withLock { state in
            if case .armed(let transfer) = state { transfer.isCancelled.store(true, ordering: .releasing) }
            state = .cancelled
        }
    }
}
