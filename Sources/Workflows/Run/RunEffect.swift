/// What follows from an event, as orders to the shell: rows of one transaction.
public enum RunEffect: Sendable, Equatable {
    /// Append to the run's history.
    case record(StepTransition)
    /// The step gets a token in `ready`; while the run is paused, in `held`. Attempts up to `after` were used before.
    case ready(step: Int32, after: Int32 = 0)
    /// The step's token waits in `timers`: a failed attempt is tried again. While the run is paused, it waits in `held`.
    case retry(step: Int32, attempt: Int32, delay: Duration)
    /// The step gets a token in `waits`.
    case wait(step: Int32, WaitRequest)
    /// The token in `waits` goes: what was waited for has come.
    case endWait(step: Int32)
    /// `RunEvent.stepDue` shall come when this has passed.
    case setDue(step: Int32, Duration)
    /// What was set by `setDue` is due when this has passed.
    case moveDue(step: Int32, Duration)
    case clearDue(step: Int32)
    /// The run must end when this has passed.
    case setDeadline(Duration)
    /// The tokens of these steps go, wherever they are, and what they are due for.
    case dropSteps([Int32])
    /// Every token of the run goes; so many live steps had one.
    case dropTokens(expected: Int)
    /// Tokens in `ready` and `timers` move to `held`.
    case pauseTokens
    /// Tokens that a pause holds move to `ready`.
    case resumeTokens
    /// Ask for the outcome of another step; `RunEvent.outcome` shall come.
    case seek(OutcomeRequest)
    /// What the step leaves for others with its key.
    case settleOutcome(OutcomeSettlement)
    case startChild(ChildStart)
    case cancelChild(RunID, reason: String)
    case emit(Emission)
    /// The run, which had ended, goes on; as `queued`, if it needs a slot of a limit first.
    case reopened(by: String)
    /// The run has ended.
    case ended(RunLifecycle, output: [UInt8]? = nil, failure: StepFailure?)
}

/// Another run, to be started for a step.
public struct ChildStart: Hashable, Sendable {
    public var run: RunID
    public var parent: RunContext.Parent
    public var depth: Int32
    public var workflow: String
    /// JSON text, not yet checked against the child's schema.
    public var input: [UInt8]

    public init(run: RunID, parent: RunContext.Parent, depth: Int32, workflow: String, input: [UInt8]) {
        self.run = run
        self.parent = parent
        self.depth = depth
        self.workflow = workflow
        self.input = input
    }
}

/// An event of the author's own.
public struct Emission: Hashable, Sendable {
    public var step: Int32
    public var name: String
    /// JSON text.
    public var payload: [UInt8]
    /// The run that gets it as a signal.
    public var run: RunID?
}
