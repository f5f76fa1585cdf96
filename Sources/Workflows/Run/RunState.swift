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
    /// Of the plan's steps, then of those that the run has made, such as the items of a `for_each`.
    public internal(set) var statuses: [StepStatus]
    /// JSON text of the outputs of steps that have succeeded, where something reads them.
    public internal(set) var outputs: [Int32: [UInt8]]
    /// The first failure that nothing mended: why the run fails in the end.
    public internal(set) var failure: StepFailure?
    public internal(set) var stage: RunStage
    /// Why the run was told to stop, once its clean-up runs.
    public internal(set) var stopping: StepFailure?
    /// Steps with a token.
    public internal(set) var liveCount: Int
    public internal(set) var endedCount: Int
    /// Steps of the plan that are live or open and that the run waits for.
    var awaitedCount: Int
    /// Ordered by their numbers.
    var expansions: [Expansion]
    /// The newest expansion of each step that is open.
    var expansionOf: [Int32: Int]
    /// What live steps wait for.
    public internal(set) var waits: [Int32: WaitRequest]
    /// Under which live steps look for an outcome, or will leave theirs.
    public internal(set) var outcomeKeys: [Int32: String]
    var signals: SignalBox
    /// Decisions about live approvals.
    public internal(set) var decisions: [Int32: [ApprovalDecision]]
    /// How often the run was reopened.
    public internal(set) var generation: Int32
    /// No attempt of this generation has this number or a lower one.
    public internal(set) var attemptFloor: Int32
    /// The highest attempt that the history has.
    var highestAttempt: Int32
    /// Inputs of tasks that somebody has edited: JSON text in place of what the definition makes.
    public internal(set) var editedInputs: [Int32: [UInt8]]
    /// Steps that were skipped because a need of theirs had failed.
    var spoiled: Set<Int32>
    /// Outputs that were taken over from another run, of steps that have not begun.
    var carried: [Int32: [UInt8]]
    /// The line of a reopening that waits for the run's slot; at most one. (A list is a reference: hardly a run has any.)
    var waitingReopening: [StepTransition]

    /// The number of the lines of history that are about signals.
    public static let signalLine: Int32 = -1
    /// The number of the lines of history that are about the run's stages.
    public static let stageLine: Int32 = -2

    /// A run that has not started.
    public init(plan: Plan, context: RunContext = RunContext()) {
        self.plan = plan
        self.context = context
        lifecycle = .queued
        revision = 0
        statuses = plan.steps.map(\.initialStatus)
        outputs = [:]
        failure = nil
        stage = plan.firstStage
        stopping = nil
        liveCount = 0
        endedCount = 0
        awaitedCount = 0
        expansions = []
        expansionOf = [:]
        waits = [:]
        outcomeKeys = [:]
        signals = SignalBox()
        decisions = [:]
        generation = 0
        attemptFloor = 0
        highestAttempt = 0
        editedInputs = [:]
        spoiled = []
        carried = [:]
        waitingReopening = []
    }

    /// Rebuilds a run that has started: its row, then its history in order.
    public init(
        plan: Plan, context: RunContext = RunContext(), lifecycle: RunLifecycle, revision: Int64,
        history: [StepTransition]
    ) {
        self.init(plan: plan, context: context)
        // A run that was cancelled while it was queued has ended without a step; one that was reopened is queued again.
        let hasBegun =
            lifecycle == .queued
            ? history.contains(where: { $0.state == .reopened })
            : !(lifecycle.isEnded && history.allSatisfy { $0.step < 0 })
        if hasBegun { markStarted() }
        for transition in history { fold(transition) }
        self.lifecycle = lifecycle
        self.revision = revision
    }

    public func status(of step: Int32) -> StepStatus? {
        statuses.indices.contains(Int(step)) ? statuses[Int(step)] : nil
    }
}

extension PlanStep {
    var initialStatus: StepStatus {
        let wanted = join.wanted(of: needs.count)
        return .pending(missing: Int32(wanted), spare: Int32(needs.count - wanted))
    }
}
