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
    public var idempotencyKey: String { idempotencyKey(ofRun: run.description) }

    /// The same, where the run's text is known already: each attempt has such a key, so it is put together in one piece.
    public func idempotencyKey(ofRun text: String) -> String {
        var key = ""
        key.reserveCapacity(text.utf8.count + step.utf8.count + 12)
        key += text
        key += "/"
        key += step
        key += "/"
        key += String(attempt)
        return key
    }
}
