import API
public import Access
import Engine
public import HTTP
public import Logging
import Postgres
import PostgresStore
public import Supervision
import Synchronization
import TLS
import Telemetry

/// A server node put together: store, engine and edge under one supervision tree.
public final class ServerNode: Sendable {
    /// Where it listens, with the ports that the system chose.
    public let addresses: [HTTPAddress]
    /// The same by what each is for, `public` among them.
    public let listeners: [Listener: [HTTPAddress]]
    public let isTLS: Bool
    private let root: Supervisor
    private let store: PostgresStore
    private let health: NodeHealth

    /// Connects, checks the schema, listens. What is wrong with the options is thrown here, with the remedy.
    public static func make(_ options: ServerOptions, logger: Logger) async throws -> ServerNode {
        try await ServerAssembly(options: options, logger: logger).make()
    }

    init(
        addresses: [HTTPAddress], listeners: [Listener: [HTTPAddress]], isTLS: Bool, root: Supervisor,
        store: PostgresStore, health: NodeHealth
    ) {
        self.addresses = addresses
        self.listeners = listeners
        self.isTLS = isTLS
        self.root = root
        self.store = store
        self.health = health
    }

    /// Runs until `stop()` has ended everything, or until the tree gives up.
    public func run() async throws {
        do {
            try await root.run()
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Takes no new work, finishes what is under way, then leaves. May be called more than once.
    public func stop() {
        health.beginDraining()
        root.stop()
    }

    /// The live supervision tree.
    public var tree: SupervisedNode { root.snapshot() }
}
