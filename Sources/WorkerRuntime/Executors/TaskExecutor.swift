/// Runs the tasks of one type.
public protocol TaskExecutor: Sendable {
    /// What a step's `uses:` names.
    var taskType: String { get }
    /// The pool whose slots its tasks take, unless the step names another.
    var pool: String { get }
    /// Runs one attempt to its end. It must end soon after `execution.stop` was raised.
    func run(_ execution: TaskExecution) async -> TaskOutcome
}

/// An executor that never waits: its tasks end before the next message of the server is read, without a task of their
/// own.
public protocol ImmediateTaskExecutor: TaskExecutor {
    func runNow(_ execution: TaskExecution) -> TaskOutcome
}

extension ImmediateTaskExecutor {
    public func run(_ execution: TaskExecution) async -> TaskOutcome { runNow(execution) }
}
