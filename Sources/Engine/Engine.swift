public import Logging
import Supervision
public import Telemetry
public import Workflows

/// The public front of the engine: starts and ends runs durably, hands tasks to workers, tells what happens.
///
/// Everything that runs is in `services`, which a supervisor keeps running. An engine may be dropped at any moment and
/// another built over the same store: nothing that was answered is lost.
public final class Engine: Sendable {
    let parts: EngineParts
    let catalog: any Catalog
    private let late = LateOutcomes()
    private let tail: EventTail
    /// What runs, each to be supervised.
    public let services: [EngineService]

    /// - Parameters:
    ///   - compiler: Makes a plan of a stored definition.
    ///   - random: Uniform over all of `UInt64`.
    ///   - secrets: Where the values come from of secrets that steps name.
    ///   - committed: Called after each commit, to tell the other nodes (`wakeEventTail`); must return at once.
    /// - Throws: When the store does not tell the time.
    public init(
        store: any Store, catalog: any Catalog, compiler: @escaping @Sendable (StoredDefinition) throws -> Plan,
        configuration: EngineConfiguration = EngineConfiguration(), clock: any EngineClock = MonotonicClock(),
        random: @escaping @Sendable () -> UInt64 = SplitMix().next, secrets: (any SecretSource)? = nil,
        logger: Logger = Logger(label: "engine"), committed: @escaping @Sendable () -> Void = {}
    ) async throws(StoreError) {
        let parts = EngineParts(
            store: store, catalog: catalog, compiler: compiler, configuration: configuration, clock: clock,
            storeTime: try await store.now(), random: random, secrets: secrets, logger: logger,
            committed: committed)
        self.parts = parts
        self.catalog = catalog
        tail = EventTail(parts: parts)
        services = Self.services(parts: parts, late: late, tail: tail)
        // A node that does not know the quotas would let everything in.
        _ = try await parts.quotas.load(recent: false)
    }

    /// This life of this node, as session rows name it.
    public var node: SessionID { parts.node }

    /// The tenant's events.
    public var events: EventHub { parts.hub }

    /// A version of a workflow was applied through this node: starts use it at once. Other nodes follow within
    /// `EngineConfiguration.newestVersionLifetime`.
    public func noteApplied(_ workflow: String, tenant: TenantID) { parts.plans.forget(workflow, tenant: tenant) }

    /// The same for a version whose plan is at hand: its first start need not compile it again.
    public func noteApplied(_ applied: AppliedDefinition, plan: Plan, tenant: TenantID) async {
        noteApplied(applied.name, tenant: tenant)
        // A database that does not answer now is the start's to complain of.
        _ = try? await parts.plans.take(plan, of: applied, tenant: tenant)
    }

    /// The event log has grown (a notification of the database); polling finds it too, later.
    ///
    /// - Parameter own: by commits of this node, which knows what they have done: only its readers of events, if it has any,
    ///   are to be told.
    public func wakeEventTail(own: Bool = false) {
        if !own || parts.hub.hasSubscribers { parts.eventTail.raise() }
    }

    /// Everything that the engine counts, for the metrics registry.
    public var metrics: [MetricFamily] {
        var families = parts.metrics.families()
        let (sessions, held) = parts.dispatcher.withState { state in
            (state.sessions.count, state.sessions.values.reduce(0) { $0 + $1.held.count })
        }
        families.append(
            .gauge("beamline_lane_commands", help: "Commands that wait for a lane.", Double(waitingCommands)))
        families.append(
            .gauge("beamline_cached_runs", help: "Runs in memory.", Double(parts.directory.cachedRuns)))
        families.append(
            .gauge("beamline_cached_run_bytes", help: "Their estimated size.", Double(parts.directory.cachedBytes)))
        families.append(.gauge("beamline_sessions", help: "Worker sessions connected to this node.", Double(sessions)))
        families.append(contentsOf: quotaFamilies)
        families.append(.gauge("beamline_held_attempts", help: "Attempts leased to them.", Double(held)))
        return families
    }

    private var waitingCommands: Int { parts.router.queues.reduce(0) { $0 + $1.depth } }

    /// The event log's end has been found: what happens from now on is told.
    var isTailing: Bool { tail.isReady }

    /// Refuses new commands of callers from now on; what was accepted goes on. First phase of a stop.
    public func beginDraining() { for queue in parts.router.queues { queue.beginDraining() } }

    /// No accepted command waits any more.
    public var isDrained: Bool { parts.router.queues.allSatisfy(\.isIdle) }

    /// Tells the workers of this node to connect elsewhere; their leases run on. Second phase of a stop.
    public func disconnectWorkers(reason: String) {
        let sessions = parts.dispatcher.withState { state in
            state.sessions.keys.compactMap { state.disconnect($0) }
        }
        for sink in sessions { sink.reconnect(reason: reason) }
    }

    private static func services(
        parts: EngineParts, late: LateOutcomes, tail: EventTail
    ) -> [EngineService] {
        let configuration = parts.configuration
        var services = parts.router.queues.enumerated().map { index, queue in
            let lane = CommitLane(queue: queue, number: index, parts: parts)
            return EngineService(name: "commit lane \(index)") { try await lane.run() }
        }
        let renewal = SessionRenewal(parts: parts)
        let rescue = Rescue(parts: parts)
        let audit = LeaseAudit(parts: parts)
        let timers = TimerSweep(parts: parts)
        let inbox = InboxSweep(parts: parts)
        services.append(EngineService(name: "dispatcher") { try await parts.dispatcher.run() })
        if let secrets = parts.dispatcher.secrets {
            services.append(EngineService(name: "secrets") { try await secrets.run(parts.dispatcher) })
        }
        services.append(EngineService(name: "late outcomes") { try await late.run(parts) })
        services.append(EngineService(name: "event tail") { try await tail.run() })
        services.append(
            duty("session renewal", parts, configuration.renewalInterval) { () async throws(StoreError) in
                _ = try await renewal.runOnce()
                return nil
            })
        services.append(
            duty("rescue", parts, configuration.rescueInterval) { () async throws(StoreError) in
                let rescued = try await rescue.runOnce()
                return rescued ?? 0 >= configuration.rescueLimit ? .milliseconds(10) : nil
            })
        services.append(
            duty("lease audit", parts, configuration.auditInterval) { () async throws(StoreError) in
                _ = try await audit.runOnce()
                return nil
            })
        services.append(
            duty("timers", parts, configuration.timerInterval, wake: parts.timers) { () async throws(StoreError) in
                try await timers.runOnce()
            })
        services.append(
            duty("inbox", parts, configuration.inboxInterval, wake: parts.courier.wake) { () async throws(StoreError) in
                _ = try await inbox.runOnce()
                return nil
            })
        services.append(
            duty("ready scan", parts, configuration.scanInterval) { () async throws(StoreError) in
                try await parts.dispatcher.scan()
                return nil
            })
        let reorder = QueueReorder(parts: parts)
        let quotas = QuotaSweep(parts: parts)
        services.append(
            duty("quotas", parts, configuration.quotaRefreshInterval) { () async throws(StoreError) in
                try await quotas.runOnce()
                return nil
            })
        services.append(
            duty("limits", parts, configuration.limitSweepInterval) { () async throws(StoreError) in
                let sweep = try await parts.store.sweepLimits(limit: configuration.limitSweepCount)
                parts.metrics.missedSlots.add(UInt64(sweep.missed))
                parts.act(on: sweep.admissions)
                return nil
            })
        services.append(
            duty("queue settings", parts, configuration.queueRefreshInterval) { () async throws(StoreError) in
                try await parts.queues.refresh()
                return nil
            })
        services.append(
            duty("queue order", parts, .seconds(1), wake: parts.reorders) { () async throws(StoreError) in
                _ = try await reorder.runOnce()
                return nil
            })
        let breakers = BreakerSweep(parts: parts)
        services.append(
            duty("breakers", parts, configuration.breakerInterval, wake: parts.breakerChanges) {
                () async throws(StoreError) in
                try await breakers.runOnce()
            })
        services.append(
            duty("overdue attempts", parts, .seconds(1)) { () async throws(StoreError) in
                parts.dispatcher.checkOverdue()
                return nil
            })
        return services
    }

    private static func duty(
        _ name: String, _ parts: EngineParts, _ interval: Duration, wake: Signal? = nil,
        runOnce: @escaping @Sendable () async throws(StoreError) -> Duration?
    ) -> EngineService {
        let duty = Duty(name: name, parts: parts, interval: interval, wake: wake, runOnce: runOnce)
        return EngineService(name: name) { try await duty.run() }
    }

    var lateOutcomes: LateOutcomes { late }
}
