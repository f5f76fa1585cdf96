import JSON

extension WorkflowDefinition {
    /// The definition as compact JSON with its keys in a fixed order and defaults left out: what is stored, and what a
    /// digest is taken of. Two texts that say the same have the same canonical form.
    public var canonical: [UInt8] { json.bytes() }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [("name", .string(name))]
        if let description { members.append(("description", .string(description))) }
        if !labels.isEmpty {
            let sorted = labels.sorted { $0.name < $1.name }
            members.append(("labels", .object(sorted.map { ($0.name, .string($0.value)) })))
        }
        if let inputs { members.append(("inputs", inputs.canonical)) }
        if queue != Self.defaultQueue { members.append(("queue", .string(queue))) }
        if let timeout { members.append(("timeout", .string(timeout.shortText))) }
        if let retry { members.append(("retry", retry.json)) }
        members.append(("steps", .array(steps.map(\.json))))
        if let output { members.append(("output", output)) }
        return .object(members)
    }
}

extension WorkflowDefinition.Step {
    var json: JSONValue {
        var members: [(String, JSONValue)] = [("id", .string(id)), ("uses", .string(uses))]
        if !needs.isEmpty { members.append(("needs", .array(needs.map { .string($0) }))) }
        if let condition { members.append(("if", .string(condition))) }
        if let with { members.append(("with", with)) }
        if let retry { members.append(("retry", retry.json)) }
        if let timeout { members.append(("timeout", .string(timeout.shortText))) }
        if let timeLimit { members.append(("limits", ["time": .string(timeLimit.shortText)])) }
        if let pool { members.append(("resources", ["pool": .string(pool)])) }
        return .object(members)
    }
}

extension RetryPolicy {
    var json: JSONValue {
        [
            "strategy": .string(strategy.rawValue), "max_attempts": .int(Int64(maxAttempts)),
            "delay": .string(delay.shortText), "max_delay": .string(maxDelay.shortText), "jitter": .double(jitter),
        ]
    }
}
