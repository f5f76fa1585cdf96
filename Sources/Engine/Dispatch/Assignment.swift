public import Workflows

/// A leased attempt with everything that a worker needs to run it.
public struct Assignment: Sendable {
    public var fence: AttemptFence
    public var task: TaskName
    /// The workflow's name.
    public var workflow: String
    public var taskType: String
    /// The resource pool whose slot the attempt takes.
    public var pool: String
    /// JSON text: the step's evaluated `with`.
    public var input: [UInt8]
    /// Values of secrets that stand in the input: for nobody but the worker that runs the attempt.
    public var secrets: [[UInt8]] = []
    public var traceparent: String?
    /// Failed attempts before this one.
    public var retryCount: Int32
    /// How long the attempt may run.
    public var timeLimit: Duration?
    /// When that time is over, on the store's clock as this node knows it.
    public var deadline: Timestamp?
    public var enqueuedAt: Timestamp
    public var leasedAt: Timestamp

    /// Run, step and attempt in one stable key, for the effects that a task makes elsewhere.
    public var idempotencyKey: String { task.idempotencyKey }
}
