public import Expressions

/// A limit of a run or a step, compiled.
public struct PlanLimit: Sendable {
    /// Makes the key; without one the limit is of all.
    public var key: Template?
    /// How many may have a slot at once.
    public var slots: Int32
    /// Of runs; a step always waits.
    public var onConflict: ConflictPolicy
    public var scope: LimitScope

    public init(
        key: Template? = nil, slots: Int32, onConflict: ConflictPolicy = .queue, scope: LimitScope = .workflow
    ) {
        self.key = key
        self.slots = slots
        self.onConflict = onConflict
        self.scope = scope
    }

    init(_ concurrency: Concurrency, key: Template?) {
        self.init(
            key: key, slots: concurrency.limit, onConflict: concurrency.onConflict, scope: concurrency.scope)
    }
}

/// A rate of a step, compiled.
public struct PlanRate: Sendable {
    /// Makes the key; without one the rate is of all.
    public var key: Template?
    public var bucket: TokenBucket
    public var scope: LimitScope

    public init(key: Template? = nil, bucket: TokenBucket, scope: LimitScope = .workflow) {
        self.key = key
        self.bucket = bucket
        self.scope = scope
    }

    init(_ rate: RateLimit, key: Template?) {
        let interval = rate.per.wholeMicroseconds / Int64(rate.limit)
        self.init(key: key, bucket: TokenBucket(interval: interval, burst: rate.burst), scope: rate.scope)
    }
}

extension RunState {
    /// The name of the rate that a step starts under; `nil` where there is none.
    public func rateName(of step: Int32) throws(ExpressionError) -> String? {
        guard let index = templateIndex(of: step), let rate = plan.steps[Int(index)].rate else { return nil }
        return try name(key: rate.key, scope: rate.scope, of: step, without: plan.steps[Int(index)].id)
    }

    /// The name of the limit that the run needs a slot of; `nil` where there is none. The same at every time.
    public func runLimitName() throws(ExpressionError) -> String? {
        guard let limit = plan.limit else { return nil }
        return try name(key: limit.key, scope: limit.scope, of: nil, without: "run")
    }

    /// The name of the limit that a step needs a slot of; `nil` where there is none. What it reads cannot change once
    /// the step is live.
    public func limitName(of step: Int32) throws(ExpressionError) -> String? {
        guard let index = templateIndex(of: step), let limit = plan.steps[Int(index)].limit else { return nil }
        return try name(key: limit.key, scope: limit.scope, of: step, without: plan.steps[Int(index)].id)
    }

    /// `workflow:text of the key`, `:text of the key` in the tenant's scope, or `workflow/what` without a key.
    func name(
        key: Template?, scope: LimitScope, of step: Int32?, without what: String
    ) throws(ExpressionError) -> String {
        guard let key else { return "\(plan.name)/\(what)" }
        let scoped = step.map { RunScope(self, step: $0) } ?? RunScope(self)
        let text = String(decoding: try key.evaluate(in: scoped), as: UTF8.self)
        switch scope {
        case .workflow: return "\(plan.name):\(text)"
        case .tenant: return ":\(text)"
        }
    }
}
