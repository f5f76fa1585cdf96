/// A node of the DAG, compiled.
public struct PlanStep: Sendable {
    public var id: String
    /// The task type that serves it.
    public var taskType: String
    /// The resource pool that it takes a slot of.
    public var pool: String
    public var queue: String
    /// Indices of the steps that it needs.
    public var needs: [Int32]
    /// Indices of the steps that need it.
    public var dependents: [Int32] = []
    public var retry: RetryPolicy
    /// Longest run time of one attempt.
    public var timeout: Duration?

    public init(
        id: String, taskType: String, pool: String = "cpu", queue: String = "default", needs: [Int32] = [],
        retry: RetryPolicy = .never, timeout: Duration? = nil
    ) {
        self.id = id
        self.taskType = taskType
        self.pool = pool
        self.queue = queue
        self.needs = needs
        self.retry = retry
        self.timeout = timeout
    }
}
