import JSON

/// What a definition says of queues and limits.
extension DefinitionReader {
    mutating func priority(_ node: SourceNode) -> Int32? {
        guard case .scalar(.int(let number)) = node.content,
            let priority = Int32(exactly: number), Standing.priorities.contains(priority)
        else {
            report(node, "priority must be an integer from -1000 to 1000")
            return nil
        }
        return priority
    }

    mutating func concurrency(_ node: SourceNode, ofStep: Bool) -> Concurrency? {
        let what = ofStep ? "concurrency of a step" : "concurrency"
        let known = ofStep ? Words.stepConcurrency : Words.concurrency
        guard let members = members(of: node, what, known: known, later: []) else { return nil }
        var concurrency = Concurrency(limit: 1)
        concurrency.key = members["key"].flatMap { string($0, "key", allowsEmpty: false) }
        concurrency.onConflict =
            members["on_conflict"].flatMap { choice($0, "on_conflict", of: ConflictPolicy.self) } ?? .queue
        concurrency.scope = members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) } ?? .workflow
        // A key of the whole tenant may have its limit declared elsewhere; until then it is 1.
        let isDeclaredElsewhere = concurrency.key != nil && concurrency.scope == .tenant
        if isDeclaredElsewhere, members["limit"] == nil { return concurrency }
        guard let limitNode = required("limit", in: members, of: "concurrency", at: node) else { return nil }
        if let limit = count(limitNode, "limit") { concurrency.limit = limit }
        return concurrency
    }

    mutating func rate(_ node: SourceNode) -> RateLimit? {
        guard let members = members(of: node, "rate", known: Words.rate, later: []),
            let limitNode = required("limit", in: members, of: "rate", at: node),
            let perNode = required("per", in: members, of: "rate", at: node)
        else { return nil }
        let limit = count(limitNode, "limit")
        let per = duration(perNode, "per")
        if let per, !RateLimit.periods.contains(per) { report(perNode, "per must be from 1ms to 31 days") }
        let burst = members["burst"].flatMap { count($0, "burst") }
        let key = members["key"].flatMap { string($0, "key", allowsEmpty: false) }
        let scope = members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) } ?? .workflow
        guard let limit, let per else { return nil }
        return RateLimit(key: key, limit: limit, per: per, burst: burst, scope: scope)
    }

    mutating func count(_ node: SourceNode, _ what: String) -> Int32? {
        if case .scalar(.int(let count)) = node.content, Concurrency.limits.contains(count) { return Int32(count) }
        report(node, "\(what) must be an integer from 1 to 1000000")
        return nil
    }

    /// One of an enumeration's words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: SourceNode, _ what: String, of type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let text = string(node, what) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let hint = Suggestion.closest(to: text, among: known).map { "did you mean \"\($0)\"?" }
        report(node, "unknown \(what) \"\(text)\"", hint: hint ?? "values are \(known.joined(separator: ", "))")
        return nil
    }
}
