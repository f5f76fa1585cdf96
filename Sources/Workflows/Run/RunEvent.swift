/// What happens to a run.
public enum RunEvent: Sendable {
    case start
    case attemptSucceeded(step: Int32, attempt: Int32, output: [UInt8])
    case attemptFailed(step: Int32, attempt: Int32, failure: StepFailure)
    case cancel(reason: String)
    case deadlinePassed
}
