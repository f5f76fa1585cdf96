public import NIOCore
import Synchronization

/// The side of a connection that feeds a body. Called from any thread.
protocol HTTPBodySource: AnyObject, Sendable {
    /// The reader waits and nothing is there: time for `100 Continue`.
    func bodyWanted()
    /// The reader took octets: open the flow-control window by as many.
    func bodyConsumed(_ count: Int)
}

/// The content of a message while it arrives. Reading opens the flow-control window, so an unread body holds the peer
/// back and never more than one window in memory. One reader only; the bytes are read once.
public final class HTTPBody: AsyncSequence, Sendable {
    /// A piece as it arrived.
    public typealias Element = ByteBuffer

    private let state: Mutex<State>
    private let source: (any HTTPBodySource)?
    /// What `content-length` announced.
    public let expectedLength: Int?

    /// A body that has ended without content.
    public static let empty = HTTPBody(ByteBuffer())

    /// A body that is complete already.
    public init(_ bytes: ByteBuffer, trailers: HTTPFields? = nil) {
        state = Mutex(State(complete: bytes, trailers: trailers))
        source = nil
        expectedLength = bytes.readableBytes
    }

    init(source: any HTTPBodySource, expectedLength: Int?) {
        state = Mutex(State())
        self.source = source
        self.expectedLength = expectedLength
    }

    /// The trailers, once the end was read; `nil` before it and where there were none.
    public var trailers: HTTPFields? { state.withLock { $0.trailers } }

    /// The whole body. Throws ``HTTPError/payloadTooLarge(limit:)`` as soon as it is known to exceed the limit, and
    /// ``HTTPTransportError`` when the peer goes away. On a server the peer has ``HTTPLimits/bodyTimeout`` to send it.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        if let expectedLength, expectedLength > limit { throw HTTPError.payloadTooLarge(limit: limit) }
        guard var result = try await next(isCollecting: true) else { return ByteBuffer() }
        while result.readableBytes <= limit, var more = try await next(isCollecting: true) {
            result.writeBuffer(&more)
        }
        guard result.readableBytes <= limit else { throw HTTPError.payloadTooLarge(limit: limit) }
        return result
    }

    /// The next piece (all that has arrived so far), or `nil` at the end.
    public func next() async throws -> ByteBuffer? { try await next(isCollecting: false) }

    private func next(isCollecting: Bool) async throws -> ByteBuffer? {
        switch state.withLock({ $0.take(isCollecting: isCollecting) }) {
        case .bytes(let bytes): return consumed(bytes)
        case .end: return nil
        case .failed(let error): throw error
        case .wait: break
        }
        source?.bodyWanted()
        try await withTaskCancellationHandler {
            try await Waiter.suspend { reader in
                state.withLock { $0.wait(reader, cancelled: Task.isCancelled) }?.resume()
            }
        } onCancel: {
            state.withLock { $0.cancelWait() }?.resume()
        }
        switch state.withLock({ $0.take(isCollecting: false) }) {
        case .bytes(let bytes): return consumed(bytes)
        case .end: return nil
        case .failed(let error): throw error
        case .wait: throw CancellationError()
        }
    }

    private func consumed(_ bytes: ByteBuffer) -> ByteBuffer {
        source?.bodyConsumed(bytes.readableBytes)
        return bytes
    }

    // MARK: the feeding side

    /// Adds octets. `false` when nobody will read them (the body has failed or was abandoned).
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (accepted, reader) = state.withLock { unsafe $0.receive(bytes) }
        reader?.resume()
        return accepted
    }

    func receive(_ bytes: ByteBuffer) -> Bool {
        unsafe bytes.withUnsafeReadableBytes { unsafe receive($0) }
    }

    func finish(trailers: HTTPFields? = nil) {
        state.withLock { $0.finish(trailers: trailers) }?.resume()
    }

    func fail(_ error: any Error) {
        state.withLock { $0.fail(error) }?.resume()
    }

    /// Ends reading: what is buffered is dropped and counted, later octets are refused.
    func abandon() -> Int { state.withLock { $0.abandon() } }

    /// Whether somebody has waited for the whole of it longer than that.
    func isOverdue(now: NIODeadline, timeout: TimeAmount) -> Bool {
        state.withLock { $0.collectingSince.map { now >= $0 + timeout } ?? false }
    }

    /// Octets that have arrived and were not read.
    var buffered: Int { state.withLock { $0.buffered } }

    /// Reads piece by piece.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let body: HTTPBody

        /// The next piece, or `nil` at the end.
        public mutating func next() async throws -> ByteBuffer? { try await body.next() }
    }

    /// An iterator; all iterators of a body share its one position.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}
