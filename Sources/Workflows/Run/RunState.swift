/// A run as a value: the fold of its recorded transitions over its plan.
///
/// `apply` decides and records; `fold` replays what was recorded. After any events, a state that was rebuilt from the
/// recorded transitions equals the one that applied them (the cache may therefore be dropped at any moment).
public struct RunState: Sendable {
    public let plan: Plan
    public let context: RunContext
    public internal(set) var lifecycle: RunLifecycle
    /// Stamped on every transition that a commit writes; the compare-and-set of the run's row.
    public internal(set) var revision: Int64
    public internal(set) var statuses: [StepStatus]
    /// JSON text of the outputs of steps that have succeeded, where something reads them.
    public internal(set) var outputs: [Int32: [UInt8]]
    /// The first failure that no retry mended: why the run fails in the end.
    public internal(set) var failure: StepFailure?
    /// Steps with a token.
    public internal(set) var liveCount: Int
    public internal(set) var endedCount: Int

    /// A run that has not started.
    public init(plan: Plan, context: RunContext = RunContext()) {
        self.plan = plan
        self.context = context
        lifecycle = .queued
        revision = 0
        statuses = plan.steps.map { .pending(missing: Int32($0.needs.count)) }
        outputs = [:]
        failure = nil
        liveCount = 0
        endedCount = 0
    }

    /// Rebuilds a run that has started: its row, then its history in order.
    public init(
        plan: Plan, context: RunContext = RunContext(), lifecycle: RunLifecycle, revision: Int64,
        history: [StepTransition]
    ) {
        self.init(plan: plan, context: context)
        // A run that was cancelled while it was queued has ended without a step.
        if lifecycle != .queued, !(lifecycle.isEnded && history.isEmpty) { markStarted() }
        for transition in history { fold(transition) }
        self.lifecycle = lifecycle
        self.revision = revision
    }

    public func status(of step: Int32) -> StepStatus? {
        statuses.indices.contains(Int(step)) ? statuses[Int(step)] : nil
    }
}
