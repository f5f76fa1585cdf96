import Protobuf

/// One worker's side of the protocol: what it holds, what it owes the server, and what it does about each message.
///
/// Pure: messages and instants come in, orders go out. An attempt goes
/// `waiting → running → ended → (acknowledged)`; a cancel or revoke on the way makes it `abandoned` until its execution
/// has ended. Outcomes are kept over reconnects, and sent again, until the server acknowledges them.
struct WorkerSessionStateMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What the shell is to do.
    enum Order: Equatable, Sendable {
        case send(BeamlineV1.WorkerMessage.Kind)
        case start(BeamlineV1.Assign)
        case stop(AttemptKey, StopSignal.Level)
        case disconnect(reason: String)
        /// Nothing is left to do: leave.
        case finish
    }

    /// What does not change in the life of a worker.
    struct Identity: Sendable {
        var worker: String
        var softwareVersion: String
        /// Pool of each task type.
        var taskTypes: [String: String]
        var pools: [String: Int]
        var labels: [String: String]
    }

    enum Link: Equatable, Sendable {
        case down
        /// `Hello` has been sent.
        case greeting(since: Instant)
        case up(Terms)
    }

    /// What the server's `Welcome` set.
    struct Terms: Equatable, Sendable {
        var lease: Duration
        var heartbeat: Duration
    }

    enum Leaving: Equatable, Sendable {
        case no
        /// Takes no more tasks.
        case draining
        /// What runs has been told to stop.
        case stopping
        case finished
    }

    /// The protocol versions that this worker speaks.
    static let protocolVersions: [Int32] = [1]
    /// An outcome without an answer is sent again after this time.
    static let resendAfter = Duration.seconds(10)
    /// Bytes of unacknowledged outcomes at which no further task is started.
    static let outcomeLimit = 64 << 20

    let identity: Identity
    /// Sixteen bytes, the same for the life of the process: the server settles at each `Hello` what of it still holds.
    let session: [UInt8]
    private(set) var link = Link.down
    private(set) var leaving = Leaving.no
    private var held: [AttemptKey: HeldAttempt] = [:]
    private var used: [String: Int] = [:]
    private var waiting: [AttemptKey] = []
    private var lastHeard: Instant?
    private var heartbeats: Int64 = 0
    private var outcomes: UInt64 = 0
    private var outcomeBytes = 0

    init(identity: Identity, session: [UInt8]) {
        self.identity = identity
        self.session = session
    }

    // MARK: the link

    mutating func connected(now: Instant) -> [Order] {
        link = .greeting(since: now)
        lastHeard = now
        let hello = BeamlineV1.Hello(
            worker: identity.worker, session: session, protocolVersions: Self.protocolVersions,
            softwareVersion: identity.softwareVersion,
            taskTypes: identity.taskTypes.sorted { $0.key < $1.key }.map {
                BeamlineV1.TaskType(name: $0.key, pool: $0.value)
            },
            pools: identity.pools.sorted { $0.key < $1.key }.map {
                BeamlineV1.Pool(name: $0.key, slots: Int32(clamping: $0.value))
            },
            labels: identity.labels.sorted { $0.key < $1.key }.map {
                BeamlineV1.Label(name: $0.key, value: $0.value)
            },
            held: inventory)
        return [.send(.hello(hello))]
    }

    mutating func disconnected() -> [Order] {
        link = .down
        // What waits for a slot was never begun: the server gives it to whom it likes.
        for key in waiting { held[key] = nil }
        waiting.removeAll()
        for (key, attempt) in held {
            if case .ended(let outcome, let order, let size, _) = attempt.progress {
                held[key]?.progress = .ended(outcome, order: order, size: size, sentAt: nil)
            }
        }
        return finishIfDone()
    }

    mutating func received(_ message: BeamlineV1.ServerMessage, now: Instant) -> [Order] {
        lastHeard = now
        // A message of a later protocol version is no error.
        guard let kind = message.kind else { return [] }
        switch kind {
        case .welcome(let welcome): return welcomed(welcome, now: now)
        case .assign(let assign): return assigned(assign, now: now)
        case .ack(let ack): return acknowledged(ack)
        case .revoke(let revoke): return revoke.task.map { abandon(AttemptKey($0)) } ?? []
        case .cancel(let cancel): return cancel.task.map { abandon(AttemptKey($0)) } ?? []
        case .kill(let kill): return kill.task.map { killed(AttemptKey($0), kill.strategy) } ?? []
        case .drain: return drain()
        case .reconnect(let reconnect): return [.disconnect(reason: "the server says: \(reconnect.reason)")]
        case .inventory: return [.send(.inventory(BeamlineV1.Inventory(held: inventory)))]
        case .heartbeatAck: return []
        }
    }

    private mutating func welcomed(_ welcome: BeamlineV1.Welcome, now: Instant) -> [Order] {
        guard case .greeting = link else { return [] }
        guard Self.protocolVersions.contains(welcome.protocolVersion) else {
            return [.disconnect(reason: "the server chose protocol version \(welcome.protocolVersion)")]
        }
        link = .up(
            Terms(
                lease: .milliseconds(max(1000, welcome.leaseMs)),
                heartbeat: .milliseconds(max(100, welcome.heartbeatMs))))
        var orders: [Order] = leaving == .no ? [] : [.send(.draining(BeamlineV1.Draining()))]
        for attempt in held.values {
            if case .running = attempt.progress {
                orders.append(.send(.started(BeamlineV1.Started(task: attempt.task))))
            }
        }
        return orders + resend(now: now, all: true) + finishIfDone()
    }

    /// To be called at each heartbeat's time: the heartbeat, what has to be sent again, and a look at the silence.
    mutating func tick(now: Instant) -> [Order] {
        switch link {
        case .down: return []
        case .greeting(let since):
            return now - since > .seconds(10) ? [.disconnect(reason: "no Welcome within 10 s")] : []
        case .up(let terms):
            if let lastHeard, now - lastHeard > terms.lease {
                return [.disconnect(reason: "nothing was heard for a lease period")]
            }
            heartbeats += 1
            return [.send(.heartbeat(BeamlineV1.Heartbeat(held: runningCount, sequence: heartbeats)))]
                + resend(now: now, all: false)
        }
    }

    var heartbeatInterval: Duration {
        switch link {
        case .down, .greeting: .seconds(1)
        case .up(let terms): terms.heartbeat
        }
    }

    // MARK: tasks

    private mutating func assigned(_ assign: BeamlineV1.Assign, now: Instant) -> [Order] {
        guard let task = assign.task, leaving == .no else { return [] }
        let key = AttemptKey(task)
        if let known = held[key] {
            switch known.progress {
            case .waiting, .abandoned: return []
            case .running: return [.send(.started(BeamlineV1.Started(task: known.task)))]
            case .ended(let outcome, let order, let size, _):
                held[key]?.progress = .ended(outcome, order: order, size: size, sentAt: now)
                return [.send(outcome)]
            }
        }
        let pool = assign.pool.isEmpty ? identity.taskTypes[assign.taskType] ?? "" : assign.pool
        held[key] = HeldAttempt(task: task.name, pool: pool, progress: .waiting(assign))
        guard mayStart(pool) else {
            waiting.append(key)
            return []
        }
        return start(key, assign)
    }

    private mutating func start(_ key: AttemptKey, _ assign: BeamlineV1.Assign) -> [Order] {
        guard let task = held[key]?.task, let pool = held[key]?.pool else { return [] }
        held[key]?.progress = .running
        used[pool, default: 0] += 1
        return [.send(.started(BeamlineV1.Started(task: task))), .start(assign)]
    }

    /// A pool that the worker has not is refused by the execution, not here.
    private func mayStart(_ pool: String) -> Bool {
        outcomeBytes < Self.outcomeLimit && used[pool, default: 0] < identity.pools[pool] ?? Int.max
    }

    private mutating func startWaiting() -> [Order] {
        guard !waiting.isEmpty, leaving == .no else { return [] }
        var orders: [Order] = []
        var left: [AttemptKey] = []
        for key in waiting {
            guard let attempt = held[key], case .waiting(let assign) = attempt.progress else { continue }
            if mayStart(attempt.pool) { orders += start(key, assign) } else { left.append(key) }
        }
        waiting = left
        return orders
    }

    /// An execution has ended.
    mutating func ended(_ key: AttemptKey, _ outcome: TaskOutcome, now: Instant) -> [Order] {
        guard let attempt = held[key] else { return [] }
        switch attempt.progress {
        case .waiting, .ended: return []
        case .abandoned: held[key] = nil
        case .running where leaving == .stopping || leaving == .finished:
            // A soft stop: the server returns it to its queue when the stream ends, and no attempt is burned.
            if case .failure = outcome.result { held[key] = nil } else { fallthrough }
        case .running:
            let message = outcome.message(for: attempt.task)
            let size = outcome.size
            outcomes += 1
            outcomeBytes += size
            let isUp = isUp
            held[key]?.progress = .ended(message, order: outcomes, size: size, sentAt: isUp ? now : nil)
            used[attempt.pool, default: 1] -= 1
            return (isUp ? [.send(message)] : []) + startWaiting() + finishIfDone()
        }
        used[attempt.pool, default: 1] -= 1
        return startWaiting() + finishIfDone()
    }

    private mutating func acknowledged(_ ack: BeamlineV1.Ack) -> [Order] {
        guard let task = ack.task else { return [] }
        return forget(AttemptKey(task))
    }

    private mutating func forget(_ key: AttemptKey) -> [Order] {
        guard case .ended(_, _, let size, _)? = held[key]?.progress else { return [] }
        held[key] = nil
        outcomeBytes -= size
        return startWaiting() + finishIfDone()
    }

    /// The server does not want it any more.
    private mutating func abandon(_ key: AttemptKey) -> [Order] {
        guard let attempt = held[key] else { return [] }
        switch attempt.progress {
        case .waiting:
            held[key] = nil
            waiting.removeAll { $0 == key }
            return finishIfDone()
        case .running:
            held[key]?.progress = .abandoned
            return [.stop(key, .graceful)]
        case .abandoned: return []
        // The outcome crossed the message on the wire; its answer is on the way.
        case .ended: return []
        }
    }

    private mutating func killed(_ key: AttemptKey, _ strategy: String) -> [Order] {
        switch held[key]?.progress {
        case .running, .abandoned: [.stop(key, strategy == "immediate" ? .immediate : .graceful)]
        case .waiting: abandon(key)
        case .ended, nil: []
        }
    }

    /// Outcomes in the order in which they came: all of them, or those without an answer for too long.
    private mutating func resend(now: Instant, all: Bool) -> [Order] {
        var due: [(UInt64, AttemptKey, BeamlineV1.WorkerMessage.Kind)] = []
        for (key, attempt) in held {
            guard case .ended(let outcome, let order, let size, let sentAt) = attempt.progress else { continue }
            guard all || sentAt.map({ now - $0 > Self.resendAfter }) ?? true else { continue }
            held[key]?.progress = .ended(outcome, order: order, size: size, sentAt: now)
            due.append((order, key, outcome))
        }
        return due.sorted { $0.0 < $1.0 }.map { .send($0.2) }
    }

    // MARK: leaving

    /// Takes no more tasks; ends when those that run have ended and are acknowledged.
    mutating func drain() -> [Order] {
        guard leaving == .no else { return [] }
        leaving = .draining
        for key in waiting { held[key] = nil }
        waiting.removeAll()
        let isUp = isUp
        return (isUp ? [.send(.draining(BeamlineV1.Draining()))] : []) + finishIfDone()
    }

    /// The grace is over, or nobody wants to wait: everything that runs is stopped.
    mutating func stop(_ level: StopSignal.Level) -> [Order] {
        var orders = drain()
        guard leaving != .finished else { return orders }
        leaving = .stopping
        for (key, attempt) in held {
            switch attempt.progress {
            case .running, .abandoned: orders.append(.stop(key, level))
            case .waiting, .ended: break
            }
        }
        return orders + finishIfDone()
    }

    /// Leaves with what has not been acknowledged.
    mutating func giveUp() -> [Order] {
        guard leaving != .finished else { return [] }
        leaving = .finished
        return [.finish]
    }

    private mutating func finishIfDone() -> [Order] {
        switch leaving {
        case .no, .finished: return []
        case .draining, .stopping:
            guard held.isEmpty else { return [] }
            leaving = .finished
            return [.finish]
        }
    }

    // MARK: looking

    /// Attempts that run here or whose outcome is not acknowledged.
    var inventory: [BeamlineV1.TaskRef] { held.values.filter(\.counts).map(\.task) }

    var heldCount: Int { held.count }

    var isUp: Bool {
        switch link {
        case .down, .greeting: false
        case .up: true
        }
    }

    var unacknowledgedCount: Int {
        held.values.reduce(0) { count, attempt in
            if case .ended = attempt.progress { count + 1 } else { count }
        }
    }

    func usedSlots(_ pool: String) -> Int { used[pool, default: 0] }

    private var runningCount: Int32 {
        held.values.reduce(0) { count, attempt in
            switch attempt.progress {
            case .waiting, .running: count + 1
            case .abandoned, .ended: count
            }
        }
    }
}
