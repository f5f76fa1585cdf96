import Expressions
import JSON

/// The circuit breaker of what a step's attempts are made at, as a definition says it.
public struct StepBreaker: Hashable, Sendable {
    /// A template that names what is tried; steps whose targets are equal share the breaker.
    public var target: String
    public var rule: BreakerRule
    public var scope: LimitScope

    public init(target: String, rule: BreakerRule = BreakerRule(), scope: LimitScope = .workflow) {
        self.target = target
        self.rule = rule
        self.scope = scope
    }

    var json: JSONValue {
        let usual = BreakerRule()
        var members: [(String, JSONValue)] = [("target", .string(target))]
        if rule.failures != usual.failures { members.append(("failures", .int(Int64(rule.failures)))) }
        if let ratio = rule.ratio { members.append(("ratio", .double(ratio))) }
        if rule.window != usual.window { members.append(("window", .string(rule.window.shortText))) }
        if rule.pause != usual.pause { members.append(("open", .string(rule.pause.shortText))) }
        if rule.probes != usual.probes { members.append(("probes", .int(Int64(rule.probes)))) }
        if scope != .workflow { members.append(("scope", .string(scope.rawValue))) }
        return .object(members)
    }
}
