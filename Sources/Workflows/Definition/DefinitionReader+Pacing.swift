import JSON

/// What a definition says of when runs start.
extension DefinitionReader {
    /// `throttle` or `debounce`, of which a workflow has one at most.
    mutating func pacing(_ members: [String: SourceNode]) -> StartPacing? {
        let found = members["throttle"].map { throttle($0) } ?? members["debounce"].map { debounce($0) } ?? nil
        guard let node = members["throttle"] ?? members["debounce"] else { return nil }
        pacingNode = node
        if let second = members["debounce"], members["throttle"] != nil {
            report(second, "a workflow has a throttle or a debounce, not both")
        }
        if let policy = members["concurrency"]?["on_conflict"] {
            if case .scalar(.string(ConflictPolicy.queue.rawValue)) = policy.content { return found }
            report(
                policy, "a run that waits to start cannot also be refused or make room for itself",
                hint: "with throttle or debounce, on_conflict is queue")
        }
        return found
    }

    private mutating func throttle(_ node: SourceNode) -> StartPacing? {
        guard let members = members(of: node, "throttle", known: Words.throttle, later: []),
            let limitNode = required("limit", in: members, of: "throttle", at: node),
            let perNode = required("per", in: members, of: "throttle", at: node)
        else { return nil }
        let limit = count(limitNode, "limit")
        let per = period(perNode, "per")
        let excess = members["on_excess"].flatMap { choice($0, "on_excess", of: ExcessPolicy.self) } ?? .wait
        let (key, scope) = keyAndScope(members)
        guard let limit, let per else { return nil }
        return StartPacing(.throttle(Throttle(limit: limit, per: per, excess: excess)), key: key, scope: scope)
    }

    private mutating func debounce(_ node: SourceNode) -> StartPacing? {
        guard let members = members(of: node, "debounce", known: Words.debounce, later: []),
            let quietNode = required("quiet", in: members, of: "debounce", at: node),
            let longestNode = required("longest", in: members, of: "debounce", at: node)
        else { return nil }
        let quiet = period(quietNode, "quiet")
        let longest = period(longestNode, "longest")
        let (key, scope) = keyAndScope(members)
        guard let quiet, let longest else { return nil }
        if longest < quiet { report(longestNode, "longest must be at least as long as quiet") }
        return StartPacing(.debounce(Debounce(quiet: quiet, longest: longest)), key: key, scope: scope)
    }

    private mutating func keyAndScope(_ members: [String: SourceNode]) -> (String?, LimitScope) {
        let key = members["key"].flatMap { string($0, "key", allowsEmpty: false) }
        return (key, members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) } ?? .workflow)
    }

    private mutating func period(_ node: SourceNode, _ what: String) -> Duration? {
        guard let period = duration(node, what) else { return nil }
        if !RateLimit.periods.contains(period) { report(node, "\(what) must be from 1ms to 31 days") }
        return period
    }
}
