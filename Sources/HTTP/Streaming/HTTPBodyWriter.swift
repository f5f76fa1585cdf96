public import NIOCore
import Synchronization

/// The side of a connection that drains a writer. Called from any thread.
protocol HTTPBodySink: AnyObject, Sendable {
    /// The writer was empty and has octets or its end now.
    func bodyReady()
}

/// Content that leaves piece by piece. ``write(_:)`` waits while the peer does not read; ``offer(_:)`` never waits, so
/// it is fit for a producer that must not stop, from any thread.
public final class HTTPBodyWriter: Sendable {
    private let state: Mutex<State>
    private let sink: any HTTPBodySink

    init(sink: any HTTPBodySink, limits: Limits) {
        state = Mutex(State(limits: limits))
        self.sink = sink
    }

    /// Octets accepted and not yet handed to the connection.
    public var buffered: Int { state.withLock { $0.buffered } }

    /// Sends octets after those before; returns when the buffer has room again. Throws ``HTTPTransportError`` when the
    /// peer has reset the stream or the connection is gone, `CancellationError` when the task was cancelled.
    public func write(_ bytes: ByteBuffer) async throws {
        switch state.withLock({ $0.write(bytes) }) {
        case .failed(let error): throw error
        case .accepted(let signal, let full):
            if signal { sink.bodyReady() }
            if full { try await waitForRoom() }
        }
    }

    /// Sends octets if the bounded buffer has room for all of them. `false`: it is full or the stream is over; nothing
    /// was taken. Urgent octets may use room that the others may not: a protocol that bounds what is outstanding (an answer
    /// for each task handed out) can always answer, however slowly the peer reads.
    public func offer(_ bytes: ByteBuffer, urgent: Bool = false) -> Bool {
        switch state.withLock({ $0.offer(bytes, urgent: urgent) }) {
        case .refused: return false
        case .accepted(let signal):
            if signal { sink.bodyReady() }
            return true
        }
    }

    /// Returns when the buffer is below its low mark.
    public func waitForRoom() async throws {
        try await withTaskCancellationHandler {
            try await Waiter.suspend { producer in
                state.withLock { $0.wait(producer, cancelled: Task.isCancelled) }?.resume()
            }
        } onCancel: {
            for waiter in state.withLock({ $0.cancelWaits() }) { waiter.resume() }
        }
    }

    /// Drops what no octet has left of yet.
    func discardWhole() {
        for waiter in state.withLock({ $0.discardWhole() }) { waiter.resume() }
    }

    /// Whether the stream is over: the peer has reset it, or it was finished.
    public var isOver: Bool { state.withLock { $0.isOver } }

    // MARK: the connection's side

    func finish(trailers: HTTPFields?) {
        if state.withLock({ $0.finish(trailers: trailers) }) { sink.bodyReady() }
    }

    func fail(_ error: any Error) {
        for waiter in state.withLock({ $0.fail(error) }) { waiter.resume() }
    }

    /// Copies up to the target's size.
    func drain(into target: UnsafeMutableRawBufferPointer) -> Drained {
        let (drained, waiters) = state.withLock { unsafe $0.drain(into: target) }
        for waiter in waiters { waiter.resume() }
        return drained
    }

    /// Takes all that is buffered, as one piece.
    func drainAll() -> (ByteBuffer?, Drained) {
        let (bytes, drained, waiters) = state.withLock { $0.drainAll() }
        for waiter in waiters { waiter.resume() }
        return (bytes, drained)
    }
}
