public import Expressions

/// A node of the DAG, compiled.
public struct PlanStep: Sendable {
    public var id: String
    public var kind: StepKind
    /// The task type that serves it; for what the engine does itself, the word after `uses:`.
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
    /// Whose outcome it may take instead of running.
    public var outcome: OutcomeRule?
    /// What stops attempts at its target when that keeps failing.
    public var breaker: PlanBreaker?
    /// Indices of the steps that it needs.
    public var needs: [Int32]
    public var join: Join
    /// Indices of the steps that need it.
    public internal(set) var dependents: [Int32] = []
    /// Runs only where this is true; without it, always.
    public var condition: Expression?
    /// Becomes the task's input; without it, that is `{}`.
    public var input: Template?
    /// Whether `input` names secrets.
    public let usesSecrets: Bool
    public var fanOut: FanOut?
    public var retry: RetryPolicy
    /// Longest run time of one attempt.
    public var timeout: Duration?
    /// Longest time from when it becomes ready to its end, over all attempts (and items).
    public var deadline: Duration?
    /// The run does not wait for it.
    public var isBackground: Bool
    /// Some expression, or the run's output, reads its output.
    public internal(set) var isOutputRead = false
    /// The run waits for it: it is not in the background, or something that the run waits for needs it.
    public internal(set) var isAwaited = true

    public init(
        id: String, taskType: String, kind: StepKind = .task, pool: String = "cpu", queue: String = "default",
        priority: Int32 = 0, needs: [Int32] = [], join: Join = .all, condition: Expression? = nil,
        input: Template? = nil, fanOut: FanOut? = nil, retry: RetryPolicy = .never, timeout: Duration? = nil,
        deadline: Duration? = nil, isBackground: Bool = false
    ) {
        self.id = id
        self.kind = kind
        self.taskType = taskType
        self.pool = pool
        self.queue = queue
        self.priority = priority
        self.needs = needs
        self.join = join
        self.condition = condition
        self.input = input
        usesSecrets = input?.holes.contains { $0.expression.soleReference?.root == SecretMark.root } ?? false
        self.fanOut = fanOut
        self.retry = retry
        self.timeout = timeout
        self.deadline = deadline
        self.isBackground = isBackground
    }

    /// Whether some worker runs it.
    public var isTask: Bool {
        if case .task = kind { true } else { false }
    }

    /// The secrets that its input names.
    public var secrets: Set<String> {
        guard usesSecrets, let input else { return [] }
        return Set(
            input.holes.compactMap { hole in
                hole.expression.soleReference.flatMap { $0.root == SecretMark.root ? $0.path.first : nil }
            })
    }

    /// References of every expression of it.
    var references: [Reference] {
        var found = condition?.references ?? []
        found += fanOut?.items.references ?? []
        for template in [input, limit?.key, rate?.key, breaker?.target, outcome?.key].compactMap(\.self)
            + kind.templates
        {
            for hole in template.holes { found += hole.expression.references }
        }
        for expression in kind.expressions { found += expression.references }
        return found
    }
}
