public import Expressions

/// The circuit breaker of a step's target, compiled.
public struct PlanBreaker: Sendable {
    /// Names what is tried.
    public var target: Template
    public var rule: BreakerRule
    public var scope: LimitScope

    public init(target: Template, rule: BreakerRule = BreakerRule(), scope: LimitScope = .workflow) {
        self.target = target
        self.rule = rule
        self.scope = scope
    }
}

extension RunState {
    /// The name of the breaker of a step's target; `nil` where there is none. What it reads cannot change once the step
    /// is live.
    public func breakerName(of step: Int32) throws(ExpressionError) -> String? {
        guard let index = templateIndex(of: step), let breaker = plan.steps[Int(index)].breaker else { return nil }
        return try name(key: breaker.target, scope: breaker.scope, of: step, without: plan.steps[Int(index)].id)
    }
}
