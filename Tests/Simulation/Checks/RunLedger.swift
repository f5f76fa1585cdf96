import Engine
import Workflows

/// One run as the ledger knows it: put together from what the store's transactions say, and nothing else.
struct RunLedger: Sendable {
    /// Where the token of a live step is.
    enum Token: Sendable, Equatable {
        case ready
        case leased(AttemptFence)
        case timer(due: Timestamp)

        var name: String {
            switch self {
            case .ready: "ready"
            case .leased: "running"
            case .timer: "scheduled"
            }
        }
    }

    struct Attempt: Hashable, Sendable {
        var step: Int32
        var attempt: Int32
    }

    let plan: Plan
    /// The fold of the history so far.
    var fold: RunState
    var lifecycle: RunLifecycle
    var revision: Int64
    var tokens: [Int32: Token] = [:]
    /// The highest attempt of each step.
    var attempts: [Int32: Int32] = [:]
    /// The recorded outcomes of attempts.
    var outcomes: [Attempt: StepTransition] = [:]
    /// Steps that an attempt ran.
    var ran: Set<Int32> { Set(attempts.keys) }

    init(plan: Plan, key: RunKey, start: RunStart) {
        self.plan = plan
        fold = RunState(
            plan: plan, context: RunContext(run: key.run, input: start.input), lifecycle: .running, revision: 0,
            history: [])
        lifecycle = start.state
        revision = start.revision
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
        for step in plan.steps.indices {
            let isLive = if case .live? = fold.status(of: Int32(step)) { true } else { false }
            if isLive != (tokens[Int32(step)] != nil) {
                return "step \(step) is \(place(of: Int32(step))) and has \(isLive ? "no" : "a") token"
            }
        }
        return nil
    }
}
