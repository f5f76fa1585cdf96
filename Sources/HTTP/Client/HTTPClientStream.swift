public import NIOCore
import Synchronization

/// One exchange of a client: write the request, read the response, in any order and from any thread.
public final class HTTPClientStream: Sendable {
    private enum Head {
        case pending([Waiter])
        case arrived(HTTPResponseHead)
        case failed(any Error)
    }

    /// The content of the response; its trailers stand in it after its end.
    public let body: HTTPBody
    let writer: HTTPBodyWriter
    private let stream: HTTP2Stream
    private let head = Mutex(Head.pending([]))

    init(stream: HTTP2Stream, limits: HTTPLimits) {
        self.stream = stream
        body = HTTPBody(source: stream, expectedLength: nil)
        writer = HTTPBodyWriter(sink: stream, limits: .init(capacity: limits.streamBuffer))
    }

    /// The head of the response. Throws ``HTTPTransportError`` when the exchange broke before it.
    public func response() async throws -> HTTPResponseHead {
        if let result = try arrived() { return result }
        try await withTaskCancellationHandler {
            try await Waiter.suspend { waiter in
                let now = head.withLock { head in
                    if Task.isCancelled { return true }
                    guard case .pending(var waiters) = head else { return true }
                    waiters.append(waiter)
                    head = .pending(waiters)
                    return false
                }
                if now { waiter.resume() }
            }
        } onCancel: {
            for waiter in takeWaiters() { waiter.resume() }
        }
        guard let result = try arrived() else { throw CancellationError() }
        return result
    }

    private func arrived() throws -> HTTPResponseHead? {
        switch head.withLock({ $0 }) {
        case .pending: return nil
        case .arrived(let result): return result
        case .failed(let error): throw error
        }
    }

    private func takeWaiters() -> [Waiter] {
        head.withLock { head in
            guard case .pending(let waiters) = head else { return [] }
            head = .pending([])
            return waiters
        }
    }

    /// Sends octets of a `.stream` body; waits while the peer does not read.
    public func write(_ bytes: ByteBuffer) async throws { try await writer.write(bytes) }

    /// Sends octets if the bounded buffer has room; never waits.
    public func offer(_ bytes: ByteBuffer) -> Bool { writer.offer(bytes) }

    /// Ends a `.stream` body.
    public func finish(trailers: HTTPFields? = nil) { writer.finish(trailers: trailers) }

    /// Ends the exchange at once; whoever waits for it gets an error.
    public func reset(_ code: HTTP2ErrorCode = .cancel) {
        stream.connection.onLoop(stream) { connection, stream in connection.reset(stream, code) }
        fail(HTTPTransportError(.reset(code), "ended by this side"))
    }

    /// Trailers of the response, after the end of ``body``.
    public var trailers: HTTPFields? { body.trailers }

    // MARK: the connection's side

    func received(_ result: HTTPResponseHead) {
        let waiters = head.withLock { head in
            guard case .pending(let waiters) = head else { return [Waiter]() }
            head = .arrived(result)
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func fail(_ error: any Error) {
        let waiters = head.withLock { head in
            guard case .pending(let waiters) = head else { return [Waiter]() }
            head = .failed(error)
            return waiters
        }
        for waiter in waiters { waiter.resume() }
        body.fail(error)
        writer.fail(error)
    }
}
