import Engine
import Telemetry
import TestSupport
import Workflows

/// The production engine on several nodes, its workers and its clients, in virtual time over the store in memory, with
/// everything going wrong that may: one seed, one history.
package struct Simulation: Sendable {
    private let world: World
    private let store: MemoryStore
    private let ledger: Ledger
    private let cluster: Cluster
    private let workers: [SimulatedWorker]

    package static func run(_ settings: SimulationSettings) async throws -> SimulationReport {
        let world = try World(settings: settings)
        return try await withTaskExecutorPreference(world.executor) {
            let simulation = try await Simulation(world: world)
            await simulation.live()
            return await simulation.report()
        }
    }

    private init(world: World) async throws {
        self.world = world
        let observer = SharedValue<Ledger?>(nil)
        let store = MemoryStore(
            time: { world.timestamp }, planted: world.settings.planted,
            refuses: { $0.transition.output == SimulatedWorker.unstorable },
            observer: { observer.value?.observe($0) })
        let tenant = try await store.ensureTenant(named: "acme")
        let applied = try await store.apply(
            world.workload.plans.map {
                DefinitionRecord(name: $0.name, canonical: Array($0.name.utf8), digest: Array($0.name.utf8), source: [])
            }, tenant: tenant)
        let plans = Dictionary(zip(applied.map(\.flow), world.workload.plans)) { first, _ in first }
        let ledger = Ledger(world: world, plans: plans, tenant: tenant)
        observer.withLock { $0 = ledger }
        let cluster = Cluster(world: world)
        for number in 1...world.settings.nodes {
            cluster.add(SimulatedNode(world: world, ledger: ledger, store: store, cluster: cluster, number: number))
        }
        self.store = store
        self.ledger = ledger
        self.cluster = cluster
        workers = (0..<world.settings.workers).map { number in
            SimulatedWorker(world: world, ledger: ledger, cluster: cluster, number: number)
        }
    }

    // MARK: Course

    private func live() async {
        for node in cluster.nodes { node.boot() }
        for worker in workers { worker.boot() }
        let clients = SharedValue(0)
        for client in makeClients() {
            clients.withLock { $0 += 1 }
            world.spawn {
                await client.run()
                clients.withLock { $0 -= 1 }
            }
        }
        let mischief = Mischief(world: world, ledger: ledger, cluster: cluster, workers: workers)
        world.spawn { await mischief.run() }
        for number in 0..<3 {
            let attendant = Attendant(world: world, ledger: ledger, cluster: cluster, number: number)
            world.spawn { await attendant.run() }
        }
        let keeper = QueueKeeper(world: world, ledger: ledger, cluster: cluster)
        world.spawn { await keeper.run() }

        let settings = world.settings
        await proceed {
            world.time.now >= settings.faultTime && world.faults.total >= settings.faultCount
                || world.time.now > .seconds(600)
        }
        world.faults.stop()
        world.trace.note("the faults stop after \(world.faults.total)")
        let end = world.time.now + settings.recoveryTime
        await proceed { clients.value == 0 && ledger.allEnded && isQuiet || world.time.now > end }
        if world.violation == nil { judgeTheEnd(clients: clients.value) }
        await tearDown()
    }

    private func makeClients() -> [Client] {
        var clients: [Client] = []
        for request in world.workload.requests {
            if request.isBatched, !clients.isEmpty {
                clients[clients.count - 1].companions.append(request)
            } else {
                clients.append(Client(world: world, ledger: ledger, cluster: cluster, request: request))
            }
            if request.isTwin {
                var twin = request
                twin.cancelAfter = nil
                clients.append(Client(world: world, ledger: ledger, cluster: cluster, request: twin))
            }
        }
        return clients
    }

    /// Turns and time go on until the condition holds or something is violated.
    private func proceed(until condition: () -> Bool) async {
        while world.violation == nil, !condition() {
            while world.time.performNext() { await Task.yield() }
            await world.executor.idle()
            if world.violation != nil || condition() { return }
            // Somebody always sleeps: every service has its interval.
            if !world.time.advance() { return world.violate(.servicesLive, "nothing is left to wait for") }
        }
    }

    private func tearDown() async {
        world.end()
        for worker in workers { worker.close() }
        for node in cluster.nodes { node.close() }
        let end = world.time.now + .seconds(600)
        while world.tasks > 0 {
            if world.time.now > end {
                return world.violate(.servicesLive, "\(world.tasks) tasks do not end with their nodes")
            }
            while world.time.performNext() { await Task.yield() }
            await world.executor.idle()
            if world.tasks > 0, !world.time.advance() { break }
        }
    }

    // MARK: Judgement

    private var heldByNodes: Double {
        cluster.running.compactMap(\.engine).flatMap(\.metrics)
            .filter { $0.name == "beamline_held_attempts" }.flatMap(\.samples).reduce(0) { $0 + $1.value }
    }

    private var isQuiet: Bool {
        workers.allSatisfy(\.isIdle) && store.tokens == (0, 0, 0) && heldByNodes == 0
            && cluster.running.count == world.settings.nodes && leftovers.isEmpty
    }

    /// What nobody will ever come for, once every run has ended.
    private var leftovers: [String] {
        [("waits", store.waiting.count), ("parked tokens", store.parkedCount), ("messages", store.inboxCount)]
            .filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" } + (store.heldCount > 0 ? ["held tokens"] : [])
    }

    private func judgeTheEnd(clients: Int) {
        if !ledger.allEnded { world.violate(.everyRunEnds, ledger.unended.joined(separator: ", ")) }
        if clients > 0 { world.violate(.everyRunEnds, "\(clients) clients still wait for an answer") }
        if store.tokens != (0, 0, 0) { world.violate(.tokensConserved, "tokens \(store.tokens) are left") }
        if !leftovers.isEmpty { world.violate(.tokensConserved, "left are \(leftovers.joined(separator: ", "))") }
        if heldByNodes != 0 { world.violate(.noPhantomAttempts, "nodes hold \(heldByNodes) attempts") }
        for worker in workers where !worker.isIdle { world.violate(.everyOutcomeAnswered, worker.heldText) }
        if !isQuiet { world.violate(.servicesLive, "only \(cluster.running.count) nodes run") }
        ledger.judgeTheEnd()
        for problem in store.audit(plan: { ledger.plans[$0] }) { world.violate(.tokensConserved, problem) }
    }

    private func report() async -> SimulationReport {
        if world.violation == nil {
            var fold = EventFold()
            for row in store.allEvents { fold.add(row) }
            for problem in fold.disagreements(with: ledger) { world.violate(.eventsExplainState, problem) }
        }
        return SimulationReport(
            seed: world.settings.seed, digest: world.trace.digest, violation: world.violation,
            turns: world.executor.turns, runs: ledger.runCount, steps: ledger.stepCount, attempts: ledger.attemptCount,
            faults: world.faults.counts, virtualTime: world.time.now, coverage: world.coverage,
            trace: world.violation == nil ? [] : world.trace.last(world.settings.traceLines))
    }
}
