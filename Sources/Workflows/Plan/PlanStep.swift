public import Expressions

/// A node of the DAG, compiled.
public struct PlanStep: Sendable {
    public var id: String
    /// The task type that serves it.
    public var taskType: String
    /// The resource pool that it takes a slot of.
    public var pool: String
    public var queue: String
    /// Orders it within a queue by priority; within `Standing.priorities`.
    public var priority: Int32
    /// How many of its like may be ready or running at once.
    public var limit: PlanLimit?
    /// How often its like may start.
    public var rate: PlanRate?
    /// Indices of the steps that it needs.
    public var needs: [Int32]
    /// Indices of the steps that need it.
    public internal(set) var dependents: [Int32] = []
    /// Runs only where this is true; without it, always.
    public var condition: Expression?
    /// Becomes the task's input; without it, that is `{}`.
    public var input: Template?
    public var retry: RetryPolicy
    /// Longest run time of one attempt.
    public var timeout: Duration?
    /// Some expression, or the run's output, reads its output.
    public internal(set) var isOutputRead = false

    public init(
        id: String, taskType: String, pool: String = "cpu", queue: String = "default", priority: Int32 = 0,
        needs: [Int32] = [],
        condition: Expression? = nil, input: Template? = nil, retry: RetryPolicy = .never, timeout: Duration? = nil
    ) {
        self.id = id
        self.taskType = taskType
        self.pool = pool
        self.queue = queue
        self.priority = priority
        self.needs = needs
        self.condition = condition
        self.input = input
        self.retry = retry
        self.timeout = timeout
    }
}
