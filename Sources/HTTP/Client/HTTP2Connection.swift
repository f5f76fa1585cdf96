public import Logging
public import NIOCore
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

    /// Connects. `serverName` is what TLS verifies; the host when `nil`. Throws ``HTTPTransportError`` or `TLSError`.
    public static func connect(
        to address: HTTPAddress, tls: TLSContext? = nil, serverName: String? = nil,
        configuration: Configuration = Configuration(), logger: Logger
    ) async throws -> HTTP2Connection {
        throw HTTPTransportError(.connect, "the client is not built yet")
    }

    /// Begins an exchange. It never waits; what goes wrong is thrown by the stream.
    public func request(_ request: HTTPClientRequest) -> HTTPClientStream {
        preconditionFailure("a connection exists only after connect(to:)")
    }

    /// Time of a PING's round trip.
    public func ping() async throws -> Duration {
        throw HTTPTransportError(.connect, "the client is not built yet")
    }

    /// Whether new requests make sense: open, and no GOAWAY has come.
    public var isUsable: Bool { false }

    /// Returns when the connection has ended; the error is `nil` after an orderly end.
    public func waitUntilClosed() async -> (any Error)? { nil }

    /// Sends GOAWAY, fails what is open, closes.
    public func close() async {
    }
}
