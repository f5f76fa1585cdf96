import Engine
import Logging
import Synchronization
import TestSupport
import Workflows

/// A place where nodes live, one after the other, with one clock.
final class SimulatedNode: Sendable {
    private struct State {
        var life: NodeLife?
        var lives = 0
        var isClosed = false
    }

    let world: World
    let ledger: Ledger
    let store: MemoryStore
    let number: Int
    private let cluster: Cluster
    private let clock: NodeClock
    private let state = Mutex(State())

    init(world: World, ledger: Ledger, store: MemoryStore, cluster: Cluster, number: Int) {
        self.world = world
        self.ledger = ledger
        self.store = store
        self.cluster = cluster
        self.number = number
        clock = NodeClock(
            time: world.time, offset: world.dice.milliseconds(0...3_600_000),
            rate: Int64(930_000 + world.dice.below(140_000)))
    }

    var life: NodeLife? { state.withLock { $0.life } }

    /// Starts a new life, and another when it has ended.
    func boot() {
        let life: NodeLife? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.lives += 1
            let life = NodeLife(world: world, node: number, life: state.lives)
            state.life = life
            return life
        }
        guard let life else { return }
        world.trace.note("\(life) boots")
        world.spawn { [self] in
            await live(life)
            state.withLock { if $0.life === life { $0.life = nil } }
        }
        world.spawn { [self] in
            await life.death()
            await world.time.sleep(for: world.dice.milliseconds(50...4000))
            boot()
        }
    }

    /// No further life; the present one ends.
    func close() {
        let life = state.withLock { state in
            state.isClosed = true
            return state.life
        }
        life?.crash()
    }

    private func live(_ life: NodeLife) async {
        let plans = Dictionary(world.workload.plans.map { ($0.name, $0) }) { first, _ in first }
        let faulty = FaultyStore(world: world, ledger: ledger, inner: store, node: life)
        let (world, cluster, number) = (world, cluster, number)
        let engine: Engine
        do {
            engine = try await Engine(
                store: faulty, catalog: FaultyCatalog(world: world, inner: store, node: life),
                compiler: { stored in
                    guard let plan = plans[stored.name] else { throw UnknownPlan() }
                    return plan
                }, configuration: world.settings.engine, clock: clock, random: { world.dice.next() },
                logger: Logger(label: "engine") { _ in SwiftLogNoOpLogHandler() },
                committed: { cluster.announce(from: number) })
        } catch {
            // No database at the start: the process ends, and is started again.
            return life.crash()
        }
        life.runs(engine, over: faulty)
        await withTaskGroup(of: Void.self) { group in
            for service in engine.services {
                group.addTask {
                    do {
                        try await service.run()
                    } catch {
                        world.violate(.servicesLive, "\(life) \(service.name): \(error)")
                    }
                    if life.isAlive { world.violate(.servicesLive, "\(life) \(service.name) has ended") }
                }
            }
            group.addTask { await EventReader(world: world, ledger: self.ledger, life: life).read(engine) }
            await life.death()
            group.cancelAll()
        }
        world.trace.note("\(life) is gone")
    }

    private struct UnknownPlan: Error {}
}
