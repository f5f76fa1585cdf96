import Engine
import JSON
import Workflows

/// One run as the ledger knows it: put together from what the store's transactions say, and nothing else.
struct RunLedger: Sendable {
    /// Where the token of a live step is.
    enum Token: Sendable, Equatable {
        case ready
        case leased(AttemptFence)
        case timer(due: Timestamp)
        /// For something outside.
        case waiting
        /// In the line of a limit; a queued run's own, also for its time to start.
        case held
        /// A queued run's own: it may start.
        case admitted
        /// Its run is paused.
        case parked

        var name: String {
            switch self {
            case .ready: "ready"
            case .leased: "running"
            case .timer: "scheduled"
            case .waiting: "waiting"
            case .held: "held"
            case .admitted: "admitted"
            case .parked: "parked"
            }
        }

        /// Nobody has begun it, and a pause takes it back.
        var isPausable: Bool {
            switch self {
            case .ready, .timer, .held: true
            case .leased, .waiting, .admitted, .parked: false
            }
        }
    }

    struct Attempt: Hashable, Sendable {
        var step: Int32
        var attempt: Int32
    }

    /// What a step needs a slot of, once it has waited for one.
    struct Slot: Hashable, Sendable {
        var limit: LimitID
        var slots: Int32
    }

    let plan: Plan
    let key: RunKey
    let context: RunContext
    /// The fold of the history so far.
    var fold: RunState
    var lifecycle: RunLifecycle
    var revision: Int64
    var output: [UInt8]?
    var tokens: [Int32: Token] = [:]
    /// Where and at which place the step waits for workers.
    var places: [Int32: (bucket: Bucket, rank: Rank)] = [:]
    var slots: [Int32: [Slot]] = [:]
    /// Steps whose leases came back during a pause: they had begun, and may go on.
    var begunBefore: Set<Int32> = []
    /// Steps that have their slots.
    var occupied: Set<Int32> = []
    /// The limit of which the run itself needs a slot.
    let runSlot: Slot?
    /// The highest attempt of each step.
    var attempts: [Int32: Int32] = [:]
    /// The recorded outcomes of attempts.
    var outcomes: [Attempt: StepTransition] = [:]
    /// Ids of the signals that the run has.
    var signals: Set<String> = []
    /// What was recorded before the run started.
    private var prelude: [StepTransition] = []
    /// Steps that an attempt ran.
    var ran: Set<Int32> { Set(attempts.keys) }

    init(plan: Plan, key: RunKey, start: RunStart) {
        self.plan = plan
        self.key = key
        context = RunContext(run: key.run, input: start.input, parent: start.parent, depth: start.depth)
        fold = RunState(
            plan: plan, context: context, lifecycle: start.state == .queued ? .queued : .running, revision: 0,
            history: [])
        lifecycle = start.state
        revision = start.revision
        output = start.ending?.output
        if let limit = plan.limit, let name = try? fold.runLimitName() {
            runSlot = Slot(limit: LimitID(tenant: key.tenant, level: .run, name: name), slots: limit.slots)
        } else {
            runSlot = nil
        }
    }

    /// The run has got its slot, or its time has come.
    mutating func begin() {
        fold = RunState(plan: plan, context: context, lifecycle: .running, revision: 0, history: prelude)
    }

    mutating func record(_ transition: StepTransition) {
        if fold.lifecycle == .queued { prelude.append(transition) }
        fold.fold(transition)
    }

    /// Started and not ended: it has a slot of its limit.
    var isUnderWay: Bool { lifecycle != .queued && !lifecycle.isEnded }

    /// The name of the step's queue.
    func queue(of step: Int32) -> String { fold.template(of: step)?.queue ?? "" }

    /// The limits that the step needs slots of, by its definition.
    func limits(of step: Int32) -> Set<LimitID> {
        var limits: Set<LimitID> = []
        if let name = (try? fold.limitName(of: step)) ?? nil {
            limits.insert(LimitID(tenant: key.tenant, level: .step, name: name))
        }
        if let name = (try? fold.breakerName(of: step)) ?? nil {
            limits.insert(LimitID(tenant: key.tenant, breaker: .target, name: name))
        }
        return limits
    }

    /// What stands for the step in the tables of coverage.
    func place(of step: Int32) -> String {
        if let token = tokens[step] { return token.name }
        switch fold.status(of: step) {
        case .pending?: return "pending"
        case .open?: return "open"
        case .live?: return "live without a token"
        case .succeeded?: return "succeeded"
        case .failed?: return "failed"
        case .skipped?: return "skipped"
        case .cancelled?: return "cancelled"
        case nil: return "unknown"
        }
    }

    /// What is wrong between the fold and the tokens, if anything.
    var discrepancy: String? {
        if lifecycle == .queued {
            return Array(tokens.keys) == [HeldRow.run] ? nil : "a queued run has the tokens \(tokens)"
        }
        if tokens[HeldRow.run] != nil { return "a run that has started has a token of its own" }
        for step in fold.statuses.indices {
            let isLive = if case .live = fold.statuses[step] { true } else { false }
            if isLive != (tokens[Int32(step)] != nil) {
                return "step \(step) is \(place(of: Int32(step))) and has \(isLive ? "no" : "a") token"
            }
        }
        return nil
    }

    /// A token that a pause should have taken.
    var unparked: Int32? {
        guard lifecycle == .paused else { return nil }
        return tokens.first { $0.value.isPausable && !begunBefore.contains($0.key) }?.key
    }
}
