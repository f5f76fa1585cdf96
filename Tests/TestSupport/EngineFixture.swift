public import Engine
import Synchronization
public import Workflows

/// An engine over a store, with plans made by hand and everything running.
public struct EngineFixture: Sendable {
    public let store: MemoryStore
    public let clock: ManualClock
    public let tenant: TenantID
    public let plans: [String: Plan]
    private let random: SharedValue<SeededRandom>

    /// Registers the plans, under their names, for a tenant.
    ///
    /// - Parameter seed: Of the order in which tasks that could run take their turns, and of the engines' random numbers.
    public init(plans: [Plan], seed: UInt64 = 1) async throws {
        let clock = ManualClock(seed: seed)
        let store = MemoryStore { clock.timestamp }
        self.clock = clock
        self.store = store
        random = SharedValue(SeededRandom(seed: seed))
        self.plans = Dictionary(plans.map { ($0.name, $0) }) { first, _ in first }
        tenant = try await store.ensureTenant(named: "acme")
        let definitions = plans.map {
            DefinitionRecord(name: $0.name, canonical: Array($0.name.utf8), digest: Array($0.name.utf8), source: [])
        }
        _ = try await store.apply(definitions, tenant: tenant)
    }

    public struct UnknownPlan: Error {}

    /// An engine over the fixture's store, or over one that wraps it. Its services do not run yet.
    public func makeEngine(
        store: (any Store)? = nil, configuration: EngineConfiguration = EngineConfiguration()
    ) async throws -> Engine {
        let (plans, random) = (plans, random)
        return try await Engine(
            store: store ?? self.store, catalog: self.store,
            compiler: { stored in
                guard let plan = plans[stored.name] else { throw UnknownPlan() }
                return plan
            }, configuration: configuration, clock: clock, random: { random.withLock { $0.next() } })
    }

    /// Runs the engine's services while `body` runs, all of it on the clock's executor.
    public func running<Result: Sendable>(
        _ engine: Engine, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(clock.executor) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in engine.services { group.addTask { try await service.run() } }
                defer { group.cancelAll() }
                return try await body()
            }
        }
    }

    public func start(_ workflow: String, key: String? = nil, input: String = "{}") -> StartCommand {
        let record = key.map { IdempotencyRecord(key: $0, digest: Array(input.utf8), lifetime: .seconds(86_400)) }
        return StartCommand(
            tenant: tenant, workflow: workflow, input: Array(input.utf8), idempotency: record)
    }

    public func key(_ started: Started) -> RunKey { RunKey(tenant: tenant, run: started.run) }

    /// What is wrong with the rows.
    public func audit() -> [String] {
        let names = store.flowNames
        return store.audit { flow in names[flow].flatMap { plans[$0] } }
    }
}
