public import Logging
public import NIOCore
import NIOPosix
import Synchronization
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

    private struct State {
        var listeners: [any Channel] = []
        var bound: [HTTPAddress] = []
        var draining = false
    }

    /// Its counters.
    public let metrics: HTTPMetrics
    private let configuration: Configuration
    private let context: HTTPServerContext
    private let tls: Mutex<TLSContext?>
    private let state = Mutex(State())

    /// A server that does not listen yet.
    ///
    /// - Parameter immediate: what is asked before `handler` where it may save a task.
    public init(
        configuration: Configuration, logger: Logger, metrics: HTTPMetrics = HTTPMetrics(),
        immediate: HTTPImmediateHandler? = nil, handler: @escaping HTTPHandler
    ) {
        self.configuration = configuration
        self.metrics = metrics
        tls = Mutex(configuration.tls)
        context = HTTPServerContext(
            handler: handler, immediate: immediate, limits: configuration.limits, metrics: metrics, logger: logger)
    }

    /// New connections use this context: renewed certificates need no restart. Only where the server speaks TLS.
    public func replaceTLS(_ context: TLSContext) {
        tls.withLock { if $0 != nil { $0 = context } }
    }

    /// Listens, and answers the addresses with the ports that the system chose. ``run()`` does it where it was not
    /// called before.
    @discardableResult
    public func bind() async throws -> [HTTPAddress] {
        for address in configuration.addresses {
            let channel: any Channel
            do {
                channel = try await listen(on: address)
            } catch {
                closeListeners()
                throw HTTPTransportError(.connect, "cannot listen on \(address): \(error)")
            }
            let local = channel.localAddress
            let bound: HTTPAddress =
                switch address {
                case .tcp(let host, let port): .tcp(host: host, port: local?.port ?? port)
                case .unix: address
                }
            state.withLock { state in
                state.listeners.append(channel)
                state.bound.append(bound)
            }
        }
        return addresses
    }

    /// Where it listens, after ``bind()``.
    public var addresses: [HTTPAddress] { state.withLock(\.bound) }

    private func listen(on address: HTTPAddress) async throws -> any Channel {
        let group = configuration.group ?? MultiThreadedEventLoopGroup.singleton
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 10, high: 2 << 10))
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        switch address {
        case .tcp(let host, let port):
            return try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port).get()
        case .unix(let path):
            return try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
    }

    private func accept(_ channel: any Channel) throws {
        metrics.add(metrics.connectionsAccepted)
        guard context.connections.admit(limit: configuration.limits.connections) else {
            metrics.add(metrics.connectionsRefused)
            // NIO closes a channel whose set-up throws.
            throw HTTPTransportError(.closed(retryable: true), "too many connections")
        }
        metrics.add(metrics.connectionsActive)
        let lease = ConnectionLease { [context, metrics] in
            metrics.add(metrics.connectionsActive, -1)
            context.connections.leave()
        }
        let number = HTTPConnectionTable.nextNumber()
        // Also for a channel that is closed before it was active, of which no handler is told.
        channel.closeFuture.assumeIsolated().whenComplete { [context] _ in
            context.connections.remove(number)
            lease.close()
        }
        do {
            let operations = channel.pipeline.syncOperations
            let tls = self.tls.withLock(\.self)
            if let tls { try operations.addHandler(TLSHandler(context: tls)) }
            let peer = channel.remoteAddress.map { HTTPServer.text(of: $0) } ?? "unix"
            try operations.addHandler(
                ProtocolSniffer(
                    server: context, lease: lease, number: number, peer: peer,
                    channel: channel, isTLS: tls != nil))
        } catch {
            lease.close()
            throw error
        }
    }

    private static func text(of address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "unix" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Serves until the task is cancelled or ``drain()`` has finished; returns when every handler has ended. It
    /// listens first where ``bind()`` was not called.
    public func run() async throws {
        if state.withLock(\.listeners.isEmpty) { try await bind() }
        await withTaskCancellationHandler {
            for listener in state.withLock(\.listeners) { try? await listener.closeFuture.get() }
            if Task.isCancelled { context.connections.closeAll() }
            await context.connections.waitUntilEmpty()
        } onCancel: {
            closeListeners()
            context.connections.closeAll()
        }
    }

    /// Takes no new connections and requests, lets those in flight end; ``run()`` returns after them. Cancel `run()`'s
    /// task to end what takes too long.
    public func drain() {
        state.withLock { $0.draining = true }
        closeListeners()
        context.connections.drainAll()
    }

    private func closeListeners() {
        for listener in state.withLock(\.listeners) { listener.close(promise: nil) }
    }
}
