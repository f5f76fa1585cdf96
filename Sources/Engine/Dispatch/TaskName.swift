public import Workflows

/// An attempt as the worker protocol names it.
public struct TaskName: Hashable, Sendable {
    public var run: RunID
    /// The step's id in the definition.
    public var step: String
    public var attempt: Int32

    public init(run: RunID, step: String, attempt: Int32) {
        self.run = run
        self.step = step
        self.attempt = attempt
    }

    /// The same for every delivery of the attempt.
    public var idempotencyKey: String { "\(run)/\(step)/\(attempt)" }
}
