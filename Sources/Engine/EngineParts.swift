import Logging
import Supervision
import Synchronization
import Telemetry
import Workflows

/// What the engine's services share.
final class EngineParts: Sendable {
    let store: any Store
    let configuration: EngineConfiguration
    let clock: any EngineClock
    let storeClock: StoreClock
    let random: @Sendable () -> UInt64
    let metrics: EngineMetrics
    let logger: Logger
    /// Called after each commit of a lane.
    let committed: @Sendable () -> Void
    let plans: PlanCache
    let queues: QueueBook
    let breakers: BreakerBook
    let quotas: QuotaBook
    let directory: RunDirectory
    let router: CommandRouter
    let dispatcher: Dispatcher
    let hub: EventHub
    /// Messages that this node's commits have sent.
    let courier = Courier()
    /// This life of this node.
    let node: SessionID
    /// Raised by commits that add timers.
    let timers = Signal()
    /// Raised when the event log has grown.
    let eventTail = Signal()
    /// Raised when a queue's order has changed.
    let reorders = Signal()
    /// Raised when a breaker has changed.
    let breakerChanges = Signal()
    private let health: Mutex<StoreHealth>

    init(
        store: any Store, catalog: any Catalog, compiler: @escaping @Sendable (StoredDefinition) throws -> Plan,
        configuration: EngineConfiguration, clock: any EngineClock, storeTime: Timestamp,
        random: @escaping @Sendable () -> UInt64, secrets: (any SecretSource)?, logger: Logger,
        committed: @escaping @Sendable () -> Void
    ) {
        self.committed = committed
        self.store = store
        self.logger = logger
        self.configuration = configuration
        self.clock = clock
        self.random = random
        metrics = EngineMetrics()
        storeClock = StoreClock(clock: clock, store: storeTime)
        let queues = QueueBook(registry: catalog)
        self.queues = queues
        let breakers = BreakerBook(registry: catalog)
        self.breakers = breakers
        plans = PlanCache(
            catalog: catalog, queues: queues, compiler: compiler, clock: clock, configuration: configuration)
        directory = RunDirectory(
            store: store, plans: plans, lanes: configuration.lanes, bytes: configuration.runCacheBytes,
            metrics: metrics,
            logger: logger)
        router = CommandRouter(configuration: configuration, metrics: metrics)
        dispatcher = Dispatcher(
            store: store, directory: directory, router: router, clock: clock, storeClock: storeClock,
            configuration: configuration, metrics: metrics, random: random,
            secrets: secrets.map { source in
                SecretDelivery(source: source, clock: clock, logger: logger)
            }, logger: logger)
        queues.observe { [dispatcher] table in dispatcher.withState { $0.queues = table } }
        // The table as it is then: of two that read it at once, the later teller may hold the older one.
        breakers.observe { [dispatcher, breakers] in dispatcher.withState { $0.setBreakers(breakers.snapshot) } }
        let life = SessionID(RunID.Bytes(random: random))
        quotas = QuotaBook(store: store, clock: clock, node: life, metrics: metrics, logger: logger)
        quotas.observe { [queues] tenants in queues.setStepLimited(tenants) }
        hub = EventHub(
            store: store, plans: plans, clock: clock, configuration: configuration, metrics: metrics, logger: logger)
        node = life
        health = Mutex(StoreHealth())
    }

    /// Steps were let in somewhere: they are claimed. Runs were: they start. Others must go: they are cancelled.
    func act(on admissions: Admissions) {
        dispatcher.wake(admissions.ready)
        router.submit(admissions.messages, acceptedAt: clock.now)
        let questions = admissions.messages.filter(\.isQuestion)
        if !questions.isEmpty { courier.take(questions) }
    }

    func randomBytes() -> RunID.Bytes { RunID.Bytes(random: random) }

    func storeAnswered() {
        let now = clock.now
        if health.withLock({ $0.answered(now: now) }) { logger.notice("the database answers") }
    }

    /// Counts a failed call. An outage is logged when it begins; a refusal is a defect, and logged each time.
    func storeFailed(_ error: StoreError, in duty: String) {
        metrics.storeFailures.add()
        let isNew = health.withLock { $0.failed() }
        switch error {
        case .unavailable(_, let detail):
            if isNew {
                logger.warning("the database does not answer", metadata: ["in": "\(duty)", "detail": "\(detail)"])
            }
        case .refused(let code, let detail):
            logger.error(
                "the database refused a statement",
                metadata: ["in": "\(duty)", "code": "\(code)", "detail": "\(detail)"])
        }
    }

    /// A session is dead in the store: it gets nothing more, and its worker connects again.
    func dropSession(_ id: SessionID, reason: String) {
        guard let sink = dispatcher.withState({ $0.disconnect(id) }) else { return }
        metrics.lostSessions.add()
        sink.reconnect(reason: reason)
    }

    /// Whether sessions had a whole lease's time to be renewed since the store answers (engine rule 23).
    var mayRescue: Bool {
        let now = clock.now
        return health.withLock { $0.hasAnswered(for: configuration.lease, now: now) }
    }
}
