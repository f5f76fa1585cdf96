import Engine
import Synchronization
import Workflows

/// A worker, life after life: it runs what it is given, and everything may happen to it.
final class SimulatedWorker: Sendable {
    private struct Shared {
        var worker: WorkerState
        var isClosed = false
    }

    /// How often it says that it lives, and when it sends an outcome again.
    private static let heartbeat = Duration.milliseconds(1500)
    private static let resendAfter = Duration.seconds(3)

    /// An output that the database does not take.
    static let unstorable = Array(#""\u0000""#.utf8)

    let world: World
    let ledger: Ledger
    let cluster: Cluster
    let name: String
    let taskTypes: [String]
    let slots: [String: Int]
    private let shared: Mutex<Shared>

    init(world: World, ledger: Ledger, cluster: Cluster, number: Int) {
        self.world = world
        self.ledger = ledger
        self.cluster = cluster
        name = "w\(number)"
        // Each type has several workers; few have all.
        let types: [[String]] = [
            ["check", "compile", "train"], ["check", "compile"], ["check", "train"], ["compile", "train"], ["compile"],
        ]
        taskTypes = types[number % types.count]
        var slots: [String: Int] = [:]
        for type in taskTypes { slots[Workload.taskTypes[type] ?? ""] = 1 + world.dice.below(3) }
        self.slots = slots
        shared = Mutex(Shared(worker: WorkerState(life: 0, session: SessionID(.init(high: 0, low: 0)), slots: [:])))
    }

    private func with<Result: Sendable>(_ body: (inout WorkerState) -> Result) -> Result {
        shared.withLock { body(&$0.worker) }
    }

    var life: Int { with { $0.life } }
    /// Nothing runs here, nothing waits for its answer.
    var isIdle: Bool { with { $0.held.isEmpty } }
    var heldText: String {
        with { "\(name).\($0.life) \($0.held.map { "\($0.key.text) \($0.value.progress)" }.sorted())" }
    }

    func pool(of task: TaskName) -> String { with { $0.held[task]?.pool ?? "" } }

    func hello(session: SessionID, held: [TaskName], tenant: TenantID) -> WorkerHello {
        WorkerHello(
            tenant: tenant, worker: name, session: session, taskTypes: taskTypes,
            pools: slots.sorted { $0.key < $1.key }.map { WorkerHello.Pool(name: $0.key, slots: $0.value) }, held: held,
            capabilities: Array("{}".utf8))
    }

    // MARK: Life

    func boot() {
        let session = SessionID(.init(high: world.dice.next(), low: world.dice.next()))
        let life: Int? = shared.withLock { shared in
            guard !shared.isClosed else { return nil }
            let life = shared.worker.life + 1
            shared.worker = WorkerState(life: life, session: session, slots: slots)
            return life
        }
        guard let life else { return }
        world.trace.note("\(name).\(life) boots as \(session.text)")
        connect(life)
        tick(life)
    }

    func close() {
        shared.withLock { $0.isClosed = true }
        die()
    }

    /// Everything is forgotten.
    func die() {
        let link = shared.withLock { shared in
            let link = shared.worker.link
            shared.worker = WorkerState(life: shared.worker.life + 1, session: shared.worker.session, slots: slots)
            return link
        }
        world.trace.note("\(name) dies")
        link?.cut("the worker is dead")
        world.time.schedule(after: world.dice.milliseconds(300...5000)) { self.boot() }
    }

    /// Does nothing for a while, and knows nothing of it.
    func stall(for duration: Duration) {
        let until = world.time.now + duration
        with { $0.stalledUntil = max($0.stalledUntil, until) }
    }

    func leave() {
        let (life, orders): (Int, [WorkerState.Order]) = with { worker in
            worker.isLeaving = true
            for task in worker.waiting { worker.held[task] = nil }
            worker.waiting = []
            return (worker.life, worker.isUp ? [.send(.draining)] : [])
        }
        perform(orders, life)
        world.time.schedule(after: .seconds(2)) { self.goIfDone(life, tries: 4) }
    }

    private func goIfDone(_ life: Int, tries: Int) {
        let link: Link?? = with { worker in
            guard worker.life == life else { return nil }
            return worker.held.isEmpty || tries == 0 ? .some(worker.link) : nil
        }
        guard let link else {
            if self.life == life { world.time.schedule(after: .seconds(2)) { self.goIfDone(life, tries: tries - 1) } }
            return
        }
        link?.send(.close)
        world.time.schedule(after: .milliseconds(100)) { if self.life == life { self.die() } }
    }

    // MARK: The stream

    private func connect(_ life: Int) {
        let (isDue, session, held) = with { ($0.life == life && $0.link == nil, $0.session, $0.inventory) }
        guard isDue else { return }
        guard let node = cluster.anyNode() else {
            return world.time.schedule(after: .milliseconds(300)) { self.connect(life) }
        }
        let link = Link(
            world: world, ledger: ledger, node: node, worker: self, session: session, name: "\(name).\(life)")
        let now = world.time.now
        with { worker in
            worker.link = link
            worker.lastHeard = now
        }
        link.send(.hello(held: held))
        world.time.schedule(after: .seconds(3)) {
            if self.with({ $0.link === link && !$0.isUp }) { link.cut("no welcome") }
        }
    }

    /// The stream is found to be broken.
    func broke(_ link: Link) {
        let life: Int? = with { worker in
            guard worker.link === link else { return nil }
            worker.disconnected()
            return worker.life
        }
        guard let life else { return }
        world.time.schedule(after: world.dice.milliseconds(20...1000)) { self.connect(life) }
    }

    func receive(_ frame: NodeFrame, on link: Link) {
        let (isCurrent, stall, life) = with { ($0.link === link, $0.stalledUntil - world.time.now, $0.life) }
        guard isCurrent else { return }
        if stall > .zero { return world.time.schedule(after: stall) { self.receive(frame, on: link) } }
        world.trace.note("\(name).\(life) ← \(frame.text)")
        let now = world.time.now
        let orders: [WorkerState.Order] = with { worker in
            worker.lastHeard = now
            switch frame {
            case .welcome: return worker.welcomed(now: now)
            case .assign(let assignment): return worker.assigned(assignment, now: now)
            case .acknowledge(let task, _): worker.acknowledged(task)
            case .cancel(let task), .revoke(let task): worker.abandon(task)
            case .inventory: return [.send(.inventory(worker.inventory))]
            case .heartbeat, .reconnect: break
            }
            return []
        }
        if case .reconnect(let reason) = frame { link.cut(reason) }
        perform(orders, life)
    }

    private func tick(_ life: Int) {
        let now = world.time.now
        guard self.life == life, !shared.withLock({ $0.isClosed }) else { return }
        let stall = with { $0.stalledUntil - now }
        if stall > .zero { return world.time.schedule(after: stall) { self.tick(life) } }
        let lease = world.settings.engine.lease
        let (silent, orders): (Link?, [WorkerState.Order]) = with { worker in
            guard let link = worker.link, worker.isUp else { return (nil, []) }
            if now - worker.lastHeard > lease { return (link, []) }
            return (
                nil,
                [.send(.heartbeat(held: worker.runningCount))] + worker.resend(olderThan: Self.resendAfter, now: now)
            )
        }
        silent?.cut("nothing was heard for a lease")
        perform(orders, life)
        world.time.schedule(after: Self.heartbeat) { self.tick(life) }
    }

    var link: Link? { with { $0.link } }

    // MARK: Work

    private func perform(_ orders: [WorkerState.Order], _ life: Int) {
        for order in orders {
            switch order {
            case .send(let frame): with { $0.life == life ? $0.link : nil }?.send(frame)
            case .run(let assignment): run(assignment, life)
            }
        }
    }

    private func run(_ assignment: Assignment, _ life: Int) {
        let task = assignment.task
        if world.strikes(.workerForgot, 8, "\(name) \(task.text)") {
            return perform(with { $0.life == life ? $0.forget(task) : [] }, life)
        }
        let dice = world.dice
        var duration = dice.milliseconds(dice.chance(80) ? 1000...4000 : 5...400)
        var outcome = outcome(of: assignment, life)
        if let limit = assignment.timeLimit, duration > limit,
            !world.strikes(.limitIgnored, 500, "\(name) \(task.text)")
        {
            duration = limit
            outcome = .failure(
                StepFailure(
                    kind: .timeout, code: "time_limit", message: "\(name).\(life) took too long", retryable: true))
        }
        let result = outcome
        world.time.schedule(after: duration) { self.end(task, result, life) }
    }

    private func outcome(of assignment: Assignment, _ life: Int) -> FinishCommand.Outcome {
        switch world.dice.below(100) {
        case 0: .failure(StepFailure(kind: .error, code: "no", message: "never", retryable: false))
        case 14 where world.strikes(.outputRefused, 400, assignment.task.text): .success(Self.unstorable)
        case 1..<14: .failure(StepFailure(kind: .error, code: "later", message: "\(name).\(life)", retryable: true))
        default:
            .success(
                Array(
                    #"{"by":"\#(name).\#(life)","attempt":\#(assignment.task.attempt),"n":\#(world.dice.below(10))}"#
                        .utf8))
        }
    }

    private func end(_ task: TaskName, _ outcome: FinishCommand.Outcome, _ life: Int) {
        let now = world.time.now
        guard self.life == life else { return }
        let stall = with { $0.stalledUntil - now }
        if stall > .zero { return world.time.schedule(after: stall) { self.end(task, outcome, life) } }
        let isLate = world.strikes(.outcomeLate, 8, "\(name) \(task.text)")
        perform(with { $0.ended(task, outcome, sends: !isLate, now: now) }, life)
        if isLate { sendAgain(task, outcome, life, after: world.dice.milliseconds(5100...9000)) }
        if world.strikes(.outcomeRepeated, 15, "\(name) \(task.text)") {
            sendAgain(task, outcome, life, after: world.dice.milliseconds(0...4000))
        }
    }

    private func sendAgain(_ task: TaskName, _ outcome: FinishCommand.Outcome, _ life: Int, after delay: Duration) {
        world.time.schedule(after: delay) {
            self.with { $0.life == life && $0.isUp ? $0.link : nil }?.send(.finish(task, outcome))
        }
    }
}
