import Engine
import Synchronization
import Workflows

/// One stream between a worker and a node: the node's end of it, and the wire.
final class Link: TaskSink {
    private struct State {
        var session: WorkerSession?
        var isOpen = true
        /// Frames that came before the session was there.
        var early: [WorkerFrame] = []
        /// Offered through this stream, or kept by it, and by the node's own account not ended; with the pool of each.
        var outstanding: [TaskName: String] = [:]
        var started: Set<TaskName> = []
        var outcomes: [TaskName: FinishCommand.Outcome] = [:]
        var isFull = false
        /// When the last frame of each direction arrives: the next one comes no earlier.
        var toNode: Duration = .zero
        var toWorker: Duration = .zero
    }

    let world: World
    let ledger: Ledger
    let node: NodeLife
    let worker: SimulatedWorker
    let session: SessionID
    let name: String
    private let state = Mutex(State())

    init(world: World, ledger: Ledger, node: NodeLife, worker: SimulatedWorker, session: SessionID, name: String) {
        self.world = world
        self.ledger = ledger
        self.node = node
        self.worker = worker
        self.session = session
        self.name = "\(name)-\(node)"
        node.add(self)
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    // MARK: The wire

    /// From the worker.
    func send(_ frame: WorkerFrame) {
        transmit(frame.text, mayBeLost: frame.mayBeLost, \.toNode) { [self] in arrive(frame) }
    }

    /// From the node.
    private func send(_ frame: NodeFrame) {
        guard node.isAlive else { return }
        node.mayCrash(2, "before \(frame.text)")
        guard node.isAlive else { return }
        transmit(frame.text, mayBeLost: frame.mayBeLost, \.toWorker) { [self] in worker.receive(frame, on: self) }
    }

    private func transmit(
        _ text: String, mayBeLost: Bool, _ direction: WritableKeyPath<State, Duration>,
        _ deliver: @escaping @Sendable () -> Void
    ) {
        guard isOpen else { return }
        if mayBeLost, world.strikes(.frameLost, 8, "\(name) \(text)") { return }
        let delay = world.dice.milliseconds(0...3)
        let now = world.time.now
        if mayBeLost, world.strikes(.frameOvertaken, 8, "\(name) \(text)") {
            world.time.schedule(after: delay + world.dice.milliseconds(5...3000), deliver)
            return
        }
        let at = state.withLock { state in
            state[keyPath: direction] = max(state[keyPath: direction], now + delay)
            return state[keyPath: direction]
        }
        world.time.schedule(after: at - now, deliver)
        if mayBeLost, world.strikes(.frameRepeated, 8, "\(name) \(text)") {
            world.time.schedule(after: at - now + world.dice.milliseconds(0...1500), deliver)
        }
    }

    // MARK: The node's end

    private func arrive(_ frame: WorkerFrame) {
        guard node.isAlive, isOpen else { return }
        let stall = node.stalledUntil - world.time.now
        if stall > .zero { return world.time.schedule(after: stall) { self.arrive(frame) } }
        world.trace.note("\(name) ← \(frame.text)")
        if case .hello(let held) = frame { return world.spawn { await self.greet(held) } }
        let session: WorkerSession? = state.withLock { state in
            if state.session == nil { state.early.append(frame) }
            return state.session
        }
        if let session { take(frame, session) }
    }

    private func greet(_ held: [TaskName]) async {
        guard let engine = node.engine else { return }
        state.withLock { state in
            for task in held { state.outstanding[task] = worker.pool(of: task) }
        }
        let hello = worker.hello(session: session, held: held, tenant: ledger.tenant)
        let session: WorkerSession
        do {
            session = try await engine.connect(hello, sink: self)
        } catch {
            guard node.isAlive else { return }
            if error.code != .unavailable { world.violate(.servicesLive, "\(name) is refused: \(error)") }
            return cut("the node refused it")
        }
        send(.welcome)
        let early = state.withLock { state in
            state.session = session
            defer { state.early = [] }
            return state.early
        }
        guard isOpen else { return session.disconnected() }
        for frame in early { take(frame, session) }
    }

    private func take(_ frame: WorkerFrame, _ session: WorkerSession) {
        switch frame {
        case .hello: break
        case .started(let task):
            state.withLock { state in if state.outstanding[task] != nil { state.started.insert(task) } }
            session.started(task)
        case .finish(let task, let outcome):
            state.withLock { state in
                state.outstanding[task] = nil
                state.outcomes[task] = outcome
            }
            session.finish(task, outcome)
        case .heartbeat(let held):
            send(.heartbeat)
            session.heartbeat(held: held)
        case .inventory(let tasks):
            let held = Set(tasks)
            state.withLock { state in
                state.outstanding = state.outstanding.filter {
                    held.contains($0.key) || !state.started.contains($0.key)
                }
            }
            session.inventory(tasks)
        case .draining: session.draining()
        case .close:
            world.spawn { [self] in
                do throws(EngineError) {
                    try await session.close()
                    world.cover("worker left")
                } catch {
                    world.trace.note("\(name) close: \(error.code.rawValue)")
                }
            }
        }
    }

    // MARK: Ends

    /// Broken: each end hears of it in its own time.
    func cut(_ reason: String) {
        let session: WorkerSession?? = state.withLock { state in
            guard state.isOpen else { return nil }
            state.isOpen = false
            return .some(state.session)
        }
        guard let session else { return }
        world.trace.note("\(name) is cut: \(reason)")
        world.time.schedule(after: world.dice.milliseconds(0...800)) { [node] in
            if node.isAlive { session?.disconnected() }
        }
        world.time.schedule(after: world.dice.milliseconds(0...1500)) { self.worker.broke(self) }
    }

    func nodeDied() {
        state.withLock { $0.isOpen = false }
        world.time.schedule(after: world.dice.milliseconds(0...1500)) { self.worker.broke(self) }
    }

    /// Whether the stream takes assignments.
    func setFull(_ isFull: Bool) {
        let session = state.withLock { state in
            state.isFull = isFull
            return state.session
        }
        if !isFull, node.isAlive, isOpen { session?.hasRoom() }
    }

    // MARK: TaskSink

    func offer(_ assignment: Assignment) -> Bool {
        guard node.isAlive, isOpen else { return true }
        world.trace.note("\(name) offer \(assignment.task.text)")
        let (isTaken, taken): (Bool, Int) = state.withLock { state in
            guard !state.isFull else { return (false, 0) }
            state.outstanding[assignment.task] = assignment.pool
            return (true, state.outstanding.values.count { $0 == assignment.pool })
        }
        guard isTaken else {
            world.cover("offer refused")
            return false
        }
        if taken > worker.slots[assignment.pool] ?? 0 {
            world.violate(
                .slotsNotOvercommitted,
                "\(name) holds \(taken) tasks of pool \(assignment.pool) with \(assignment.task.text)")
        }
        ledger.offered(assignment)
        send(.assign(assignment))
        return true
    }

    func acknowledge(_ task: TaskName, _ answer: FinishAnswer) {
        guard node.isAlive else { return }
        ledger.judge(task, state.withLock { $0.outcomes[task] }, answer)
        send(.acknowledge(task, answer))
    }

    func cancel(_ task: TaskName, reason: String) {
        state.withLock { $0.outstanding[task] = nil }
        send(.cancel(task))
    }

    func revoke(_ task: TaskName) {
        state.withLock { $0.outstanding[task] = nil }
        send(.revoke(task))
    }

    func requestInventory() { send(.inventory) }

    func reconnect(reason: String) {
        send(.reconnect(reason))
        state.withLock { $0.outstanding = [:] }
    }
}
