import JSON

/// `cache`: how a step's output is kept for others like it.
public struct StepCache: Hashable, Sendable {
    public var lifetime: Duration
    /// A template. Without one, steps share where the definition, the step and its input are the same.
    public var key: String?
    /// Of a key: who shares it.
    public var scope: LimitScope
    /// Its output is kept even though it reads secrets.
    public var takesSecrets: Bool

    public static let lifetimes: ClosedRange<Duration> = .milliseconds(1) ... .seconds(366 * 86_400)

    public init(
        lifetime: Duration, key: String? = nil, scope: LimitScope = .workflow, takesSecrets: Bool = false
    ) {
        self.lifetime = lifetime
        self.key = key
        self.scope = scope
        self.takesSecrets = takesSecrets
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [("ttl", .string(lifetime.shortText))]
        if let key { members.append(("key", .string(key))) }
        if scope != .workflow { members.append(("scope", .string(scope.rawValue))) }
        if takesSecrets { members.append(("secrets", true)) }
        return .object(members)
    }
}

/// `idempotency`: of the tenant's steps with one key, one runs.
public struct StepIdempotency: Hashable, Sendable {
    /// A template; null is no key.
    public var key: String
    public var lifetime: Duration

    public static let usualLifetime: Duration = .seconds(86_400)

    public init(key: String, lifetime: Duration = StepIdempotency.usualLifetime) {
        self.key = key
        self.lifetime = lifetime
    }

    var json: JSONValue { ["key": .string(key), "ttl": .string(lifetime.shortText)] }
}

extension DefinitionReader {
    mutating func cache(_ node: SourceNode) -> StepCache? {
        if case .scalar = node.content { return lifetime(node, "cache").map { StepCache(lifetime: $0) } }
        guard let members = members(of: node, "cache", known: Words.cache, later: []),
            let ttl = required("ttl", in: members, of: "cache", at: node)
        else { return nil }
        let key = members["key"].flatMap { string($0, "key", allowsEmpty: false) }
        let scope = members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) }
        if let node = members["scope"], members["key"] == nil {
            report(node, "scope is of a key", hint: "a cache without a key is of the step alone")
        }
        let takesSecrets = members["secrets"].flatMap { boolean($0, "secrets") } ?? false
        return lifetime(ttl, "ttl").map {
            StepCache(lifetime: $0, key: key, scope: scope ?? .workflow, takesSecrets: takesSecrets)
        }
    }

    mutating func idempotency(_ node: SourceNode) -> StepIdempotency? {
        guard let members = members(of: node, "idempotency", known: Words.idempotency, later: []),
            let keyNode = required("key", in: members, of: "idempotency", at: node)
        else { return nil }
        let ttl = members["ttl"].flatMap { lifetime($0, "ttl") } ?? StepIdempotency.usualLifetime
        return string(keyNode, "key", allowsEmpty: false).map { StepIdempotency(key: $0, lifetime: ttl) }
    }

    private mutating func lifetime(_ node: SourceNode, _ what: String) -> Duration? {
        guard let lifetime = duration(node, what) else { return nil }
        guard StepCache.lifetimes.contains(lifetime) else {
            report(node, "\(what) must be from 1ms to 366 days")
            return nil
        }
        return lifetime
    }
}
