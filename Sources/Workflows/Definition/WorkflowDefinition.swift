public import JSON

/// A workflow as its author wrote it, read and checked word by word; `Plan` is what runs.
public struct WorkflowDefinition: Hashable, Sendable {
    /// Unique within its tenant; parts are separated by slashes: `team/etl`.
    public var name: String
    public var description: String?
    public var labels: [Label]
    public var inputs: InputSchema?
    /// Orders the steps of its runs.
    public var queue: String
    /// Orders its steps within a queue by priority, within `Standing.priorities`.
    public var priority: Int32?
    /// How long a run should take at most, for queues that order by deadline; it ends nothing.
    public var deadline: Duration?
    /// How many of its runs may be under way at once.
    public var concurrency: Concurrency?
    /// When its runs may start.
    public var pacing: StartPacing?
    /// Longest time from the start of a run to its end.
    public var timeout: Duration?
    /// For steps that have no policy of their own.
    public var retry: RetryPolicy?
    public var steps: [Step]
    /// A template: the output of a run that succeeds.
    public var output: JSONValue?

    /// A name and a value that people search by.
    public struct Label: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    public static let defaultQueue = "default"

    public init(
        name: String, description: String? = nil, labels: [Label] = [], inputs: InputSchema? = nil,
        queue: String = WorkflowDefinition.defaultQueue, timeout: Duration? = nil, retry: RetryPolicy? = nil,
        steps: [Step], output: JSONValue? = nil
    ) {
        self.name = name
        self.description = description
        self.labels = labels
        self.inputs = inputs
        self.queue = queue
        self.timeout = timeout
        self.retry = retry
        self.steps = steps
        self.output = output
    }
}

extension WorkflowDefinition {
    /// A node of the graph.
    public struct Step: Hashable, Sendable {
        /// Unique within the workflow.
        public var id: String
        /// The task type that serves it.
        public var uses: String
        /// Ids of the steps that must have ended before it.
        public var needs: [String]
        /// A template: becomes the task's input.
        public var with: JSONValue?
        /// The text of an expression; the step runs only where it is true.
        public var condition: String?
        public var retry: RetryPolicy?
        /// Longest time of one attempt.
        public var timeout: Duration?
        /// The same, as `limits` names it; the smaller of both counts.
        public var timeLimit: Duration?
        /// The resource pool that it takes a slot of, when it is not the task type's own.
        public var pool: String?
        /// Its own, where it is not the workflow's.
        public var priority: Int32?
        /// How many of its like may be ready or running at once.
        public var concurrency: Concurrency?
        /// How often its like may start.
        public var rate: RateLimit?

        public init(
            id: String, uses: String, needs: [String] = [], with: JSONValue? = nil, condition: String? = nil,
            retry: RetryPolicy? = nil, timeout: Duration? = nil, timeLimit: Duration? = nil, pool: String? = nil
        ) {
            self.id = id
            self.uses = uses
            self.needs = needs
            self.with = with
            self.condition = condition
            self.retry = retry
            self.timeout = timeout
            self.timeLimit = timeLimit
            self.pool = pool
        }

        /// Where tasks of a type run unless the step says otherwise: what mostly waits takes slots of `io`.
        public static func defaultPool(of taskType: String) -> String {
            taskType == "http" || taskType == "noop" ? "io" : "cpu"
        }
    }
}
