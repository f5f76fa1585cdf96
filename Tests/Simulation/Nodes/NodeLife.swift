import Engine
import Synchronization

/// One life of a node: from its start to its crash. Whatever it does afterwards, nobody sees.
final class NodeLife: Sendable, CustomStringConvertible {
    private struct State {
        var isAlive = true
        var stalledUntil: Duration = .zero
        var engine: Engine?
        var store: FaultyStore?
        var waiters: [CheckedContinuation<Void, Never>] = []
        var links: [Link] = []
    }

    let world: World
    let number: Int
    let description: String
    private let state = Mutex(State())

    init(world: World, node: Int, life: Int) {
        self.world = world
        number = node
        description = "n\(node).\(life)"
    }

    var isAlive: Bool { state.withLock { $0.isAlive } }

    /// Once it runs, and while it lives.
    var engine: Engine? { state.withLock { $0.isAlive ? $0.engine : nil } }

    /// Its way to the store.
    var store: FaultyStore? { state.withLock { $0.isAlive ? $0.store : nil } }

    func runs(_ engine: Engine, over store: FaultyStore) {
        state.withLock { state in
            state.engine = engine
            state.store = store
        }
    }

    func add(_ link: Link) { state.withLock { $0.links.append(link) } }

    // MARK: Faults

    /// Perhaps it dies right here.
    func mayCrash(_ permille: Int, _ place: String) {
        guard isAlive, world.strikes(.nodeCrashed, permille, "\(self) \(place)") else { return }
        crash()
    }

    func crash() {
        let (waiters, links): ([CheckedContinuation<Void, Never>], [Link]) = state.withLock { state in
            state.isAlive = false
            defer {
                state.waiters = []
                state.links = []
            }
            return (state.waiters, state.links)
        }
        world.trace.note("\(self) is dead")
        for link in links { link.nodeDied() }
        for waiter in waiters { waiter.resume() }
    }

    /// Ends as `beamline serve` does at a signal: takes nothing new, sends its workers away, and goes when it may.
    func stop() {
        guard let engine else { return }
        engine.beginDraining()
        engine.disconnectWorkers(reason: "this node stops")
        world.time.schedule(after: world.dice.milliseconds(50...1500)) { if self.isAlive { self.crash() } }
    }

    /// Cut off from everything for a while.
    func stall(for duration: Duration) {
        let until = world.time.now + duration
        state.withLock { $0.stalledUntil = max($0.stalledUntil, until) }
    }

    var stalledUntil: Duration { state.withLock { $0.stalledUntil } }

    /// Waits until it is no longer cut off.
    func recovers() async {
        let until = stalledUntil
        if until > world.time.now { await world.time.sleep(until: until) }
    }

    /// Returns when it has died.
    func death() async {
        await withCheckedContinuation { continuation in
            let isDead = state.withLock { state in
                if state.isAlive { state.waiters.append(continuation) }
                return !state.isAlive
            }
            if isDead { continuation.resume() }
        }
    }
}
