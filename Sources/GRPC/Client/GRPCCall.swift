internal import HTTP
internal import NIOCore
public import Protobuf
import Synchronization

/// The response of a call with one, and the metadata around it.
public struct GRPCReply<Message: ProtobufMessage>: Sendable {
    /// The response.
    public var message: Message
    /// What came before it.
    public var initialMetadata: GRPCMetadata
    /// What came after it.
    public var trailingMetadata: GRPCMetadata
}

/// A call under way: send requests, read responses, in any order and from any task. Dropping it cancels the call.
public final class GRPCCall<Request: ProtobufMessage, Response: ProtobufMessage>: Sendable {
    private let stream: HTTPClientStream
    private let codec: GRPCCodec
    private let timer: Scheduled<Void>?
    private let state = Mutex(State())
    private let isExpired: Expiry

    private final class Expiry: Sendable {
        let value = Atomic(false)
    }

    private struct State {
        var reader: MessageReader<Response>?
        var initial: GRPCMetadata?
        var trailing: GRPCMetadata?
        var failure: GRPCStatus?
        var ended = false
    }

    init(stream: HTTPClientStream, codec: GRPCCodec, deadline: ContinuousClock.Instant?, loop: any EventLoop) {
        self.stream = stream
        self.codec = codec
        let isExpired = Expiry()
        self.isExpired = isExpired
        timer = deadline.map { deadline in
            loop.scheduleTask(in: TimeAmount(max(.zero, ContinuousClock.now.duration(to: deadline)))) {
                isExpired.value.store(true, ordering: .releasing)
                stream.reset(.cancel)
            }
        }
    }

    deinit {
        timer?.cancel()
        if !state.withLock({ $0.ended }) { stream.reset(.cancel) }
    }

    // MARK: sending

    /// Sends a request; waits while the server does not read.
    ///
    /// - Parameter compress: Whether this message is compressed, where the call's options say gzip.
    public func send(_ message: Request, compress: Bool = true) async throws {
        do {
            try await stream.write(codec.encode(message, compress: compress && codec.compression == .gzip))
        } catch let error as ProtobufError {
            throw GRPCStatus(thrown: error)
        } catch {
            throw await failure(error)
        }
    }

    /// Sends a request if the bounded buffer has room, from any thread, without waiting. `false`: it is full or the
    /// call is over, and nothing was taken. Throws `ProtobufError` for a message that has no wire format.
    public func offer(_ message: Request) throws -> Bool {
        stream.offer(try codec.encode(message, compress: codec.compression == .gzip))
    }

    /// Says that no more requests come.
    public func finish() { stream.finish() }

    /// Ends the call; the server's handler is cancelled.
    public func cancel() { stream.reset(.cancel) }

    // MARK: receiving

    /// The responses, as they arrive; not reading holds the server back. The end of the sequence means OK, any other
    /// end throws its ``GRPCStatus``. A reader whose task is cancelled throws `CancellationError`; the call goes on, until
    /// it is finished, cancelled or dropped.
    public var responses: GRPCResponses<Request, Response> { GRPCResponses(call: self) }

    /// The metadata before the first response; waits for it.
    public func initialMetadata() async throws -> GRPCMetadata {
        _ = try await open()
        return state.withLock { $0.initial ?? GRPCMetadata() }
    }

    /// The metadata after the last response, once that was read.
    public var trailingMetadata: GRPCMetadata? { state.withLock { $0.trailing } }

    /// The one response of a unary or client-streaming call; requests are finished by it.
    public func reply() async throws -> GRPCReply<Response> {
        stream.finish()
        do {
            return try await onlyResponse()
        } catch is CancellationError {
            throw await failure(CancellationError())
        }
    }

    private func onlyResponse() async throws -> GRPCReply<Response> {
        guard let message = try await next() else {
            throw ended(GRPCStatus(.internal, "The server ended the call well, but sent no response."))
        }
        guard try await next() == nil else {
            cancel()
            throw ended(GRPCStatus(.internal, "The server sent more than one response."))
        }
        return state.withLock {
            GRPCReply(
                message: message, initialMetadata: $0.initial ?? GRPCMetadata(),
                trailingMetadata: $0.trailing ?? GRPCMetadata())
        }
    }

    func next() async throws -> Response? {
        guard let reader = try await open() else { return nil }
        do {
            if let message = try await reader.next() { return message }
        } catch let status as GRPCStatus {
            cancel()
            throw ended(status)
        } catch {
            throw await interruption(error)
        }
        let trailers = stream.trailers ?? HTTPFields()
        guard let status = GRPCStatus(trailers: trailers) else {
            throw ended(GRPCStatus(.internal, "The server ended the call without a status."))
        }
        guard status.code == .ok else { throw ended(status) }
        finished(trailing: trailers)
        return nil
    }

    /// Reads the head. `nil`: the call ended with OK and no response.
    private func open() async throws -> MessageReader<Response>? {
        let known: (MessageReader<Response>?, GRPCStatus?, Bool) = state.withLock { ($0.reader, $0.failure, $0.ended) }
        if let failure = known.1 { throw failure }
        if known.2 { return nil }
        if let reader = known.0 { return reader }
        let head: HTTPResponseHead
        do {
            head = try await stream.response()
        } catch {
            throw await interruption(error)
        }
        if let status = GRPCStatus(trailers: head.fields) {
            guard status.code == .ok else { throw ended(status) }
            state.withLock { $0.initial = GRPCMetadata(fields: head.fields) }
            finished(trailing: head.fields)
            return nil
        }
        guard head.status == 200 else {
            cancel()
            throw ended(GRPCStatus(httpStatus: head.status))
        }
        var codec = codec
        switch head.fields["grpc-encoding"] {
        case nil, "identity": codec.compression = .identity
        case "gzip": codec.compression = .gzip
        case let other?:
            cancel()
            throw ended(GRPCStatus(.unimplemented, "The server sends the encoding \(other)."))
        }
        let reader = MessageReader<Response>(body: stream.body, codec: codec)
        return state.withLock { state in
            state.initial = GRPCMetadata(fields: head.fields)
            state.reader = state.reader ?? reader
            return state.reader
        }
    }

    private func finished(trailing: HTTPFields) {
        timer?.cancel()
        state.withLock { state in
            state.trailing = GRPCMetadata(fields: trailing)
            state.ended = true
        }
    }

    /// Notes the end, and answers its status.
    private func ended(_ status: GRPCStatus) -> GRPCStatus {
        timer?.cancel()
        return state.withLock { state in
            if let failure = state.failure { return failure }
            state.failure = status
            state.trailing = status.metadata
            state.ended = true
            return status
        }
    }

    /// Whoever reads may stop waiting: the call goes on, to be finished in order.
    private func interruption(_ error: any Error) async -> any Error {
        error is CancellationError ? error : await failure(error)
    }

    /// The status of a call whose exchange broke: the deadline's, the caller's own cancellation, or the transport's.
    private func failure(_ error: any Error) async -> GRPCStatus {
        stream.reset(.cancel)
        if isExpired.value.load(ordering: .acquiring) { return ended(.deadlineExceeded) }
        return ended(GRPCStatus(thrown: error, isRetryable: (error as? HTTPTransportError)?.isRetryable ?? false))
    }
}

/// The responses of a call.
public struct GRPCResponses<Request: ProtobufMessage, Response: ProtobufMessage>: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = Response

    fileprivate let call: GRPCCall<Request, Response>

    /// Reads one message after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let call: GRPCCall<Request, Response>

        /// The next response, or `nil` after the last one of a call that ended well. Throws ``GRPCStatus``, or
        /// `CancellationError` when the task was cancelled meanwhile.
        public mutating func next() async throws -> Response? { try await call.next() }
    }

    /// An iterator; all iterators share the stream's one position.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: call) }
}

extension HTTPTransportError {
    /// Whether the server surely has not processed the request.
    fileprivate var isRetryable: Bool {
        switch kind {
        case .closed(let retryable): retryable
        case .reset(let code): code == .refusedStream
        case .connect, .violation, .timeout, .ended: false
        }
    }
}
