import Access
import HTTP
import Logging
import Synchronization
import TLS

/// The HTTP servers of a node, one for each kind of listener, made anew at each restart on the same ports.
final class Listening: Sendable {
    private struct State {
        var addresses: [Listener: [HTTPAddress]]
        var servers: [Listener: HTTPServer] = [:]
        /// Bound before the tree runs, so that a port in use is said at the start.
        var prepared: [Listener: HTTPServer] = [:]
    }

    private let certificates: ServerCertificates?
    private let logger: Logger
    private let metrics: HTTPMetrics
    private let immediate: HTTPImmediateHandler
    private let handlers: [Listener: HTTPHandler]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - immediate: asked first, on every listener.
    ///   - handler: what answers on a listener of this scope.
    init(
        _ options: ServerOptions, certificates: ServerCertificates?, logger: Logger, metrics: HTTPMetrics,
        immediate: @escaping HTTPImmediateHandler,
        handler: (ListenerScope) -> HTTPHandler
    ) {
        self.certificates = certificates
        self.logger = logger
        self.metrics = metrics
        self.immediate = immediate
        var addresses = options.listeners.filter { !$0.value.isEmpty }
        addresses[.public] = options.addresses
        let kinds = Set(addresses.keys)
        var handlers: [Listener: HTTPHandler] = [:]
        for kind in kinds { handlers[kind] = handler(ListenerScope(of: kind, among: kinds)) }
        self.handlers = handlers
        state = Mutex(State(addresses: addresses))
    }

    /// Where it listens now, with the ports that the system chose.
    func bind() async throws -> [Listener: [HTTPAddress]] {
        for (listener, server) in make() {
            let bound = try await server.bind()
            state.withLock { state in
                state.addresses[listener] = bound
                state.prepared[listener] = server
            }
        }
        return state.withLock(\.addresses)
    }

    func run() async throws {
        let prepared = state.withLock { state in
            defer { state.prepared = [:] }
            return state.prepared
        }
        let servers = prepared.isEmpty ? make() : prepared
        state.withLock { $0.servers = servers }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers.values { group.addTask { try await server.run() } }
            // One that fails takes the others with it: the supervisor starts all of them again.
            try await group.waitForAll()
        }
    }

    func drain() {
        for server in state.withLock({ Array($0.servers.values) }) { server.drain() }
    }

    /// New connections use the certificates as they are now; those that are open stay.
    func replaceTLS() {
        for (listener, server) in state.withLock({ $0.servers.merging($0.prepared) { $1 } }) {
            if let context = certificates?.context(for: listener) { server.replaceTLS(context) }
        }
    }

    private func make() -> [Listener: HTTPServer] {
        let addresses = state.withLock(\.addresses)
        var servers: [Listener: HTTPServer] = [:]
        for (listener, handler) in handlers {
            servers[listener] = HTTPServer(
                configuration: .init(
                    addresses: addresses[listener] ?? [], tls: certificates?.context(for: listener)), logger: logger,
                metrics: metrics, immediate: immediate, handler: handler)
        }
        return servers
    }
}
