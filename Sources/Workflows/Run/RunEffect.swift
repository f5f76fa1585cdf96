/// What follows from an event, as orders to the shell: rows of one transaction.
public enum RunEffect: Sendable, Equatable {
    /// Append to the run's history.
    case record(StepTransition)
    /// The step gets a token in `ready`.
    case ready(step: Int32)
    /// The step's token waits in `timers`: a failed attempt is tried again.
    case retry(step: Int32, attempt: Int32, delay: Duration)
    /// The run must end when this has passed.
    case setDeadline(Duration)
    /// Every token of the run goes; so many live steps had one.
    case dropTokens(expected: Int)
    /// The run has ended.
    case ended(RunLifecycle, failure: StepFailure?)
}
