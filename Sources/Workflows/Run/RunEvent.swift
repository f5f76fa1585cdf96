/// What happens to a run.
public enum RunEvent: Sendable {
    case start
    case attemptSucceeded(step: Int32, attempt: Int32, output: [UInt8])
    case attemptFailed(step: Int32, attempt: Int32, failure: StepFailure)
    /// Clean-up runs first, unless it runs already or this is forced.
    case cancel(reason: String, force: Bool = false)
    case deadlinePassed
    /// What was set by `RunEffect.setDue` is due.
    case stepDue(step: Int32)
    case signal(RunSignal)
    case decided(step: Int32, ApprovalDecision)
    case childEnded(step: Int32, ChildOutcome)
    /// The answer to `RunEffect.seek`.
    case outcome(step: Int32, OutcomeAnswer)
    case pause
    case resume
    /// A run that has failed goes on.
    case reopen(Reopening)
    /// Before its start: what the run takes over from the one that it repeats.
    case carry(Carried)
}
