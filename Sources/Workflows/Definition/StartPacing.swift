import JSON

/// When runs of one key may start, as a definition says it.
public struct StartPacing: Hashable, Sendable {
    /// A template over inputs; runs whose keys are equal share the pacing. Without one, all of the workflow do.
    public var key: String?
    public var scope: LimitScope
    public var rule: PacingRule

    public init(_ rule: PacingRule, key: String? = nil, scope: LimitScope = .workflow) {
        self.rule = rule
        self.key = key
        self.scope = scope
    }

    /// The definition's key for it, and what stands there.
    var member: (key: String, json: JSONValue) {
        var members: [(String, JSONValue)] = []
        if let key { members.append(("key", .string(key))) }
        let name: String
        switch rule {
        case .throttle(let throttle):
            name = "throttle"
            members.append(("limit", .int(Int64(throttle.limit))))
            members.append(("per", .string(throttle.per.shortText)))
            if throttle.excess != .wait { members.append(("on_excess", .string(throttle.excess.rawValue))) }
        case .debounce(let debounce):
            name = "debounce"
            members.append(("quiet", .string(debounce.quiet.shortText)))
            members.append(("longest", .string(debounce.longest.shortText)))
        }
        if scope != .workflow { members.append(("scope", .string(scope.rawValue))) }
        return (name, .object(members))
    }
}
