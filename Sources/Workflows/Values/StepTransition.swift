/// One recorded step of a run's history; the fold of all of them is the run's state.
public struct StepTransition: Hashable, Sendable {
    /// The step's number: its index in the plan, or, of a step that the run has made, a number after those. Negative in
    /// the lines that are about the run (`RunState.signalLine`, `RunState.stageLine`).
    public var step: Int32
    /// The attempt that caused it; 0 when none did (skipped, cancelled before its first). Negative in lines that another
    /// line of the same step and revision may follow (`waiting`, `expanded`, `decided`): no two have the same key.
    public var attempt: Int32
    /// `succeeded`, `failed`, `skipped`, `cancelled`; `scheduled`: an attempt failed and is tried again; `expanded`,
    /// `waiting`, `decided`, `signalled`, `entered`: as `docs/state-machines.md` says.
    public var state: StepState
    /// JSON text.
    public var output: [UInt8]?
    public var failure: StepFailure?
    /// When the next attempt is due, for `scheduled`.
    public var retryDue: Timestamp?
    /// On the store's clock.
    public var at: Timestamp
    /// The revision of the run that wrote it.
    public var revision: Int64

    public init(
        step: Int32, attempt: Int32, state: StepState, output: [UInt8]? = nil, failure: StepFailure? = nil,
        retryDue: Timestamp? = nil, at: Timestamp, revision: Int64
    ) {
        self.step = step
        self.attempt = attempt
        self.state = state
        self.output = output
        self.failure = failure
        self.retryDue = retryDue
        self.at = at
        self.revision = revision
    }
}
