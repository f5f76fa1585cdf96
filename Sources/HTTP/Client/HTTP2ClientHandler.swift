import Logging
import NIOCore
import Synchronization

/// The client's side of one HTTP/2 connection.
final class HTTP2ClientHandler: HTTP2Handler, @unchecked Sendable {
    struct State {
        var isUsable = true
        var isClosed = false
        var error: (any Error)?
        var waiters: [Waiter] = []
    }

    let state = Mutex(State())
    private let scheme: String
    private let authority: String
    private let pingsIdle: Bool
    private var pings: [UInt64: Waiter] = [:]
    private var nextPing: UInt64 = 1
    private var cause: (any Error)?

    init(
        eventLoop: any EventLoop, scheme: String, authority: String, pingsIdle: Bool, limits: HTTPLimits,
        logger: Logger
    ) {
        self.scheme = scheme
        self.authority = authority
        self.pingsIdle = pingsIdle
        super.init(.client, eventLoop: eventLoop, limits: limits, metrics: nil, logger: logger)
    }

    override var keepsAlive: Bool { pingsIdle || super.keepsAlive }

    // MARK: requests

    func begin(_ stream: HTTP2Stream, _ request: HTTPClientRequest) {
        guard !isOver else {
            stream.exchange?.fail(HTTPTransportError(.closed(retryable: true), "the connection is closed"))
            return stream.letGo()
        }
        switch request.body {
        case .none: break
        case .bytes(let bytes): stream.output = .bytes(bytes)
        case .stream: if let writer = stream.exchange?.writer { stream.output = .writer(writer) }
        }
        if !session.request(stream, request, scheme: scheme, authority: authority) {
            stream.exchange?.fail(
                HTTPTransportError(.closed(retryable: true), "the connection takes no more requests"))
            stream.letGo()
        }
        markDirty()
    }

    func ping(_ waiter: Waiter) {
        guard !isOver else {
            return waiter.failing(HTTPTransportError(.closed(retryable: true), "the connection is closed")).resume()
        }
        pings[nextPing] = waiter
        session.ping(nextPing)
        nextPing += 1
        markDirty()
    }

    // MARK: events

    override func handle(_ event: HTTP2Event) {
        switch event {
        case .head(let stream):
            stream.exchange?.received(HTTPResponseHead(status: stream.head.status, fields: stream.head.fields))
        case .closed(let stream, let code): closed(stream, code)
        case .pong(let payload): pings.removeValue(forKey: payload)?.resume()
        case .settings: break
        case .goAway(let last, let code, let reason):
            state.withLock { $0.isUsable = false }
            if code != .noError {
                cause = HTTPTransportError(.reset(code), "the peer sent GOAWAY \(code) \(reason), last stream \(last)")
            }
            if session.streamCount == 0 { close() }
        case .invalidFrame(let stream, let type, let reason):
            logger.debug(
                "HTTP/2 frame refused", metadata: ["stream": "\(stream)", "type": "\(type)", "reason": "\(reason)"])
        case .flood(let what): logger.debug("HTTP/2 peer floods", metadata: ["what": "\(what)"])
        }
    }

    private func closed(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        defer {
            stream.letGo()
            if session.streamCount == 0, !state.withLock(\.isUsable) { close() }
        }
        let isWhole = stream.headIsComplete && stream.inputEnded
        if isWhole, code == .noError {
            // The answer stands; what was still to be written has no reader.
            if !stream.outputEnded {
                stream.exchange?.writer.fail(HTTPTransportError(.ended, "the peer has answered and reads no more"))
            }
            return
        }
        let error =
            code == .refusedStream
            ? HTTPTransportError(.closed(retryable: true), "the peer refused the stream")
            : HTTPTransportError(.reset(code), "the stream was ended by \(code)")
        stream.exchange?.fail(error)
    }

    override func ended(streams: [HTTP2Stream]) {
        let waiters = state.withLock { state in
            state.isUsable = false
            state.isClosed = true
            state.error = cause
            defer { state.waiters = [] }
            return state.waiters
        }
        for stream in streams {
            let error = HTTPTransportError(
                .closed(retryable: !stream.headIsComplete && stream.id == 0),
                cause.map { "\($0)" } ?? "the connection is closed")
            stream.exchange?.fail(error)
            stream.letGo()
        }
        for ping in pings.values {
            ping.failing(HTTPTransportError(.closed(retryable: true), "the connection is closed")).resume()
        }
        pings = [:]
        for waiter in waiters { waiter.resume() }
    }

    override func errorCaught(context: ChannelHandlerContext, error: any Error) {
        cause = cause ?? error
        super.errorCaught(context: context, error: error)
    }

    override func closeLate(_ reason: String) {
        cause = HTTPTransportError(.timeout, reason)
        super.closeLate(reason)
    }

    func close() {
        guard !isOver else { return }
        fail(.noError)
    }

    /// Nobody can begin a request any more: the last stream ends the connection.
    func closeWhenQuiet() {
        state.withLock { $0.isUsable = false }
        if session.streamCount == 0 { close() }
    }
}
