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
    /// Run first; the others begin when all have ended well.
    public var setup: [Step]
    public var steps: [Step]
    public var handlers: [Handler]
    /// Run last, however the run has gone.
    public var finally: [Step]
    /// A template: the output of a run that succeeds.
    public var output: JSONValue?

    /// A name and a value that people search by.
    public struct Label: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    /// Steps for a step that has failed for good.
    public struct Handler: Hashable, Sendable {
        /// The step whose failure it takes; any when `nil`.
        public var step: String?
        /// The kind or code of failures that it takes; any when `nil`.
        public var error: String?
        public var steps: [Step]
        /// A template: the failed step's output, which mends it.
        public var recover: JSONValue?

        public init(step: String? = nil, error: String? = nil, steps: [Step], recover: JSONValue? = nil) {
            self.step = step
            self.error = error
            self.steps = steps
            self.recover = recover
        }
    }

    public static let defaultQueue = "default"

    public init(
        name: String, description: String? = nil, labels: [Label] = [], inputs: InputSchema? = nil,
        queue: String = WorkflowDefinition.defaultQueue, timeout: Duration? = nil, retry: RetryPolicy? = nil,
        setup: [Step] = [], steps: [Step], handlers: [Handler] = [], finally: [Step] = [], output: JSONValue? = nil
    ) {
        self.name = name
        self.description = description
        self.labels = labels
        self.inputs = inputs
        self.queue = queue
        self.timeout = timeout
        self.retry = retry
        self.setup = setup
        self.steps = steps
        self.handlers = handlers
        self.finally = finally
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
        /// How many of them must have ended well.
        public var join: Join
        /// The text of an expression, a list: the step runs once for each item.
        public var forEach: String?
        /// So many items run at once.
        public var maxParallel: Int?
        /// A template: becomes the task's input.
        public var with: JSONValue?
        /// The text of an expression; the step runs only where it is true.
        public var condition: String?
        public var retry: RetryPolicy?
        /// Longest time of one attempt.
        public var timeout: Duration?
        /// Longest time over all attempts and items.
        public var deadline: Duration?
        /// The same, as `limits` names it; the smaller of both counts.
        public var timeLimit: Duration?
        /// The resource pool that it takes a slot of, when it is not the task type's own.
        public var pool: String?
        /// The run does not wait for it.
        public var isBackground: Bool
        /// Names of what it reads and writes outside the run.
        public var reads: [String]
        public var writes: [String]
        /// Its own, where it is not the workflow's.
        public var priority: Int32?
        /// How many of its like may be ready or running at once.
        public var concurrency: Concurrency?
        /// How often its like may start.
        public var rate: RateLimit?
        /// Its output is kept for others like it.
        public var cache: StepCache?
        /// Of the steps with its key, one runs.
        public var idempotency: StepIdempotency?
        /// What stops attempts at a target that keeps failing.
        public var breaker: StepBreaker?

        public init(
            id: String, uses: String, needs: [String] = [], join: Join = .all, forEach: String? = nil,
            maxParallel: Int? = nil, with: JSONValue? = nil, condition: String? = nil, retry: RetryPolicy? = nil,
            timeout: Duration? = nil, deadline: Duration? = nil, timeLimit: Duration? = nil, pool: String? = nil,
            isBackground: Bool = false, reads: [String] = [], writes: [String] = []
        ) {
            self.id = id
            self.uses = uses
            self.needs = needs
            self.join = join
            self.forEach = forEach
            self.maxParallel = maxParallel
            self.with = with
            self.condition = condition
            self.retry = retry
            self.timeout = timeout
            self.deadline = deadline
            self.timeLimit = timeLimit
            self.pool = pool
            self.isBackground = isBackground
            self.reads = reads
            self.writes = writes
        }

        /// Where tasks of a type run unless the step says otherwise: what mostly waits takes slots of `io`.
        public static func defaultPool(of taskType: String) -> String {
            taskType == "http" || taskType == "noop" ? "io" : "cpu"
        }
    }
}
