public import Logging
public import NIOCore
import NIOPosix
public import TLS

/// A server of HTTP/1.1 and HTTP/2 on the same ports.
public final class HTTPServer: Sendable {
    /// How a server is set up.
    public struct Configuration: Sendable {
        /// Where it listens.
        public var addresses: [HTTPAddress]
        /// TLS with ALPN, or `nil` for cleartext.
        public var tls: TLSContext?
        /// What a peer may cost.
        public var limits = HTTPLimits()
        /// The loops; the process's shared ones when `nil`.
        public var group: (any EventLoopGroup)?

        /// Of one or more addresses.
        public init(addresses: [HTTPAddress], tls: TLSContext? = nil) {
            self.addresses = addresses
            self.tls = tls
        }
    }

    /// Its counters.
    public let metrics: HTTPMetrics
    private let configuration: Configuration
    private let logger: Logger
    private let handler: HTTPHandler

    /// A server that does not listen yet.
    public init(
        configuration: Configuration, logger: Logger, metrics: HTTPMetrics = HTTPMetrics(),
        handler: @escaping HTTPHandler
    ) {
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        self.handler = handler
    }

    /// Listens, and answers the addresses with the ports that the system chose. ``run()`` does it where it was not
    /// called before.
    public func bind() async throws -> [HTTPAddress] {
        throw HTTPTransportError(.connect, "the server is not built yet")
    }

    /// Serves until the task is cancelled or ``drain()`` has finished; returns when every handler has ended.
    public func run() async throws {
        throw HTTPTransportError(.connect, "the server is not built yet")
    }

    /// Takes no new connections and requests, lets those in flight end; ``run()`` returns after them.
    public func drain() {
    }
}
