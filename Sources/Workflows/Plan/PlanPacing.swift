public import Expressions

/// When runs of a workflow may start, compiled.
public struct PlanPacing: Sendable {
    /// Makes the key; without one the pacing is of all runs of the workflow.
    public var key: Template?
    public var rule: PacingRule
    public var scope: LimitScope

    public init(key: Template? = nil, _ rule: PacingRule, scope: LimitScope = .workflow) {
        self.key = key
        self.rule = rule
        self.scope = scope
    }

    init(_ pacing: StartPacing, key: Template?) { self.init(key: key, pacing.rule, scope: pacing.scope) }
}

extension RunState {
    /// The name of what paces the run's start; `nil` where nothing does. The same at every time.
    public func pacingName() throws(ExpressionError) -> String? {
        guard let pacing = plan.pacing else { return nil }
        return try name(key: pacing.key, scope: pacing.scope, of: nil, without: "run")
    }
}
