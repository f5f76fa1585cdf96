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
        guard let members = members(of: node, what, known: known, later: []),
            let limitNode = required("limit", in: members, of: "concurrency", at: node)
        else { return nil }
        var concurrency = Concurrency(limit: 1)
        if case .scalar(.int(let limit)) = limitNode.content, Concurrency.limits.contains(limit) {
            concurrency.limit = Int32(limit)
        } else {
            report(limitNode, "limit must be an integer from 1 to 1000000")
        }
        concurrency.key = members["key"].flatMap { string($0, "key", allowsEmpty: false) }
        concurrency.onConflict =
            members["on_conflict"].flatMap { choice($0, "on_conflict", of: ConflictPolicy.self) } ?? .queue
        concurrency.scope = members["scope"].flatMap { choice($0, "scope", of: LimitScope.self) } ?? .workflow
        return concurrency
    }

    /// One of an enumeration's words.
    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
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
