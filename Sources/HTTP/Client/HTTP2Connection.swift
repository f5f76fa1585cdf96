public import Logging
public import NIOCore
import NIOPosix
import Synchronization
public import TLS

/// A client's connection that speaks HTTP/2 from the start (prior knowledge, or ALPN `h2` over TLS).
public final class HTTP2Connection: Sendable {
    /// How a client's connection is set up.
    public struct Configuration: Sendable {
        /// Octets and times; the windows, header limits and keepalive apply to a client as well.
        public var limits = HTTPLimits()
        /// Time for connecting, TLS included.
        public var connectTimeout = Duration.seconds(10)
        /// Ping a quiet connection even without streams.
        public var keepAliveWithoutStreams = false
        /// The loops; the process's shared ones when `nil`.
        public var group: (any EventLoopGroup)?

        /// The defaults.
        public init() {}
    }

    private let handler: HTTP2ClientHandler

    init(handler: HTTP2ClientHandler) { self.handler = handler }

    /// Connects. `serverName` is what TLS verifies; the host when `nil`. Throws ``HTTPTransportError`` or `TLSError`.
    public static func connect(
        to address: HTTPAddress, tls: TLSContext? = nil, serverName: String? = nil,
        configuration: Configuration = Configuration(), logger: Logger
    ) async throws -> HTTP2Connection {
        let group = configuration.group ?? MultiThreadedEventLoopGroup.singleton
        let name: String? =
            switch address {
            case .tcp(let host, _): serverName ?? host
            case .unix: serverName
            }
        let authority = if case .unix = address { "localhost" } else { address.description }
        let eventLoop = group.next()
        let ready = eventLoop.makePromise(of: Void.self)
        let handler = HTTP2ClientHandler(
            eventLoop: eventLoop, scheme: tls == nil ? "http" : "https", authority: authority,
            pingsIdle: configuration.keepAliveWithoutStreams, limits: configuration.limits, logger: logger)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.writeBufferWaterMark, value: .init(low: 2 << 10, high: 8 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    if let tls {
                        try operations.addHandler(TLSHandler(context: tls, serverName: name))
                        try operations.addHandler(
                            ClientHandshake(
                                handler: handler, ready: ready, timeout: TimeAmount(configuration.connectTimeout)))
                    } else {
                        try operations.addHandler(handler)
                        ready.succeed()
                    }
                }
            }
        do {
            switch address {
            case .tcp(let host, let port):
                _ = try await bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: host, port: port).get()
            case .unix(let path): _ = try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        } catch {
            let failure = HTTPTransportError(.connect, "cannot connect to \(address): \(error)")
            ready.fail(failure)
            throw failure
        }
        try await ready.futureResult.get()
        return HTTP2Connection(handler: handler)
    }

    /// The loop on which the connection lives.
    public var eventLoop: any EventLoop { handler.eventLoop }

    /// Begins an exchange. It never waits; what goes wrong is thrown by the stream.
    public func request(_ request: HTTPClientRequest) -> HTTPClientStream {
        let stream = HTTP2Stream(connection: handler)
        let exchange = HTTPClientStream(stream: stream, limits: handler.limits)
        stream.exchange = exchange
        stream.input = exchange.body
        let handler = self.handler
        if handler.eventLoop.inEventLoop {
            handler.begin(stream, request)
        } else {
            handler.eventLoop.execute { handler.begin(stream, request) }
        }
        return exchange
    }

    /// Time of a PING's round trip.
    public func ping() async throws -> Duration {
        let begin = ContinuousClock.now
        let handler = self.handler
        try await Waiter.suspend { waiter in
            handler.eventLoop.execute { handler.ping(waiter) }
        }
        return begin.duration(to: .now)
    }

    /// Whether new requests make sense: open, and no GOAWAY has come.
    public var isUsable: Bool { handler.state.withLock(\.isUsable) }

    /// Returns when the connection has ended; the error is `nil` after an orderly end.
    public func waitUntilClosed() async -> (any Error)? {
        // The waiter is only resumed, never failed.
        try? await Waiter.suspend { waiter in
            let now = handler.state.withLock { state in
                if !state.isClosed { state.waiters.append(waiter) }
                return state.isClosed
            }
            if now { waiter.resume() }
        }
        return handler.state.withLock(\.error)
    }

    /// Sends GOAWAY, fails what is open, closes.
    public func close() async {
        let handler = self.handler
        handler.eventLoop.execute { handler.close() }
        _ = await waitUntilClosed()
    }

    deinit {
        let handler = self.handler
        handler.eventLoop.execute { handler.closeWhenQuiet() }
    }
}
