/// How a child run ended, as its parent is told.
public enum ChildOutcome: Hashable, Sendable {
    /// JSON text: the child's output.
    case succeeded(output: [UInt8])
    /// It ended otherwise, or could not be started.
    case failed(StepFailure)
}
