import API
import Access
import Engine
import HTTP
import Logging
import Postgres
import PostgresStore
import Secrets
import Supervision
import Synchronization
import TLS
import Telemetry
import Workflows

/// Puts a node together, from the database up.
struct ServerAssembly {
    static let eventChannel = "beamline_events"
    /// What the trigger of migration 0020 notifies.
    static let accessChannel = "beamline_access"
    /// What the trigger of migration 0042 notifies.
    static let auditChannel = "beamline_audit"

    let options: ServerOptions
    let logger: Logger

    func make() async throws -> ServerNode {
        let keys = try NodeKeys.open(options.keysFolder)
        let certificates = try ServerCertificates(options, logger: logger)
        let postgres = PostgresConnection.Options(options.database)
        let store = try await PostgresStore.open(
            .init(postgres: postgres, lanes: options.engine.lanes + 2))
        for tenant in options.tenants { _ = try await store.ensureTenant(named: tenant) }

        let listener = PostgresListener(postgres, channels: [Self.eventChannel, Self.accessChannel, Self.auditChannel])
        let notifier = PostgresNotifier(postgres)
        let vault = try secrets(store)
        let zones = options.timeZones
        let engine = try await Engine(
            store: store, catalog: store,
            compiler: { try Plan.compile(canonical: $0.canonical, timeZones: zones) },
            configuration: options.engine, secrets: VaultSecrets(vault),
            logger: logger, committed: { notifier.notify(Self.eventChannel) })
        let bulk = BulkRunner(engine: engine, jobs: store)
        let rotation = DeadLetterRotation(store: store, options: options.deadLetters, logger: logger)
        let retention = RunRetention(store: store, logger: logger)
        let health = NodeHealth()
        let metrics = MetricsRegistry()
        let httpMetrics = HTTPMetrics()
        metrics.register { engine.metrics }
        metrics.register { httpMetrics.families }
        let files = try options.webFolder.map { try StaticFiles(root: $0) }
        let ring = KeyRing(keys.keySet)
        let providers = try OpenIDProviders.open(options.identityFile, logger: logger)
        let authenticator = Authenticator(keys.verifier(of: ring, others: providers.issuers), directory: store)
        let sealer = try AuditSealer(chain: store, source: options.audit, logger: logger)
        // The tree shows itself; it exists only when its parts do.
        let tree = Mutex<Supervisor?>(nil)
        var parts = APIParts(
            engine: engine, reader: store, deadLetters: store, jobs: store, jobCreated: bulk.raise,
            catalog: store, bundles: store, taskLog: store, definitions: WorkflowChecker(timeZones: zones),
            authenticator: authenticator, access: store, audit: store,
            secrets: vault, signIn: providers.signIn, metrics: metrics,
            tree: { tree.withLock { $0 }!.snapshot() }, readiness: { await health.checks(store) },
            files: { request in files?.respond(to: request) }, logger: logger)
        parts.rates = options.rates
        let api = API(parts)

        let reload = KeyReload(
            folder: options.keysFolder, ring: ring, logger: logger, changed: { api.access.keysChanged() })
        let listening = Listening(
            options, certificates: certificates, logger: logger, metrics: httpMetrics, immediate: api.immediate,
            handler: { api.handler(for: $0) })
        let addresses = try await listening.bind()
        let root = Supervisor(
            "node", strategy: .restForOne, logger: logger,
            children: [
                ChildSpec(database(listener: listener, notifier: notifier, engine: engine, api: api, sealer: sealer)),
                ChildSpec(
                    Supervisor(
                        "engine", logger: logger,
                        children: (engine.services + [bulk.service]).map { ChildSpec($0.name, run: $0.run) })),
                ChildSpec(
                    Supervisor(
                        "maintenance", logger: logger,
                        children: [
                            partitions(store), ChildSpec("keys") { try await reload.run() },
                            ChildSpec("dead letters") { try await rotation.run() },
                            ChildSpec("retention") { try await retention.run() },
                            ChildSpec("audit") { try await sealer.run() },
                            providers.supervisor(access: api.access, logger: logger),
                            certificates?.watch { listening.replaceTLS() },
                        ].compactMap(\.self))),
                ChildSpec(
                    "edge", drainTimeout: .seconds(20),
                    drain: {
                        api.drain()
                        listening.drain()
                    }, run: { try await listening.run() }),
            ])
        tree.withLock { $0 = root }
        return ServerNode(
            addresses: addresses[.public] ?? [], listeners: addresses, isTLS: certificates != nil, root: root,
            store: store, health: health)
    }

    private func secrets(_ store: PostgresStore) throws -> SecretVault {
        let source = options.secrets
        var providers: [any SecretProvider] = []
        if let folder = source.folder { providers.append(FileSecrets(folder: folder)) }
        if !source.environment.isEmpty { providers.append(EnvironmentSecrets(source.environment)) }
        return SecretVault(store: store, keys: try source.masterKeys(), providers: providers)
    }

    private func database(
        listener: PostgresListener, notifier: PostgresNotifier, engine: Engine, api: API, sealer: AuditSealer
    ) -> Supervisor {
        Supervisor(
            "database", logger: logger,
            children: [
                ChildSpec("listener") { try await listener.run() },
                ChildSpec("notifier") { try await notifier.run() },
                ChildSpec("wake-ups") {
                    // Whatever it is, also "may have missed": the tail reads on from where it stands.
                    for await event in listener.events {
                        var isOwn = false
                        if case .notification(let notification) = event, notification.channel == Self.eventChannel {
                            isOwn = notification.processID == notifier.processID
                        }
                        engine.wakeEventTail(own: isOwn)
                        switch event {
                        case .notification(let notification):
                            if notification.channel == Self.accessChannel { api.access.wake() }
                            if notification.channel == Self.auditChannel { sealer.wake() }
                        case .mayHaveMissed:
                            api.access.wake()
                            sealer.wake()
                        }
                    }
                    try Task.checkCancellation()
                },
                ChildSpec("access") { try await api.access.run() },
                ChildSpec("refusals") { try await api.audit.run() },
            ])
    }

    private func partitions(_ store: PostgresStore) -> ChildSpec {
        ChildSpec("partitions") {
            while true {
                _ = try await store.maintainPartitions()
                try await Task.sleep(for: .seconds(3600))
            }
        }
    }
}
