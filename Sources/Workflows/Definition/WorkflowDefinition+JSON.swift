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
        if let priority { members.append(("priority", .int(Int64(priority)))) }
        if let concurrency { members.append(("concurrency", concurrency.json)) }
        if let pacing { members.append(pacing.member) }
        if let deadline { members.append(("deadline", .string(deadline.shortText))) }
        if let timeout { members.append(("timeout", .string(timeout.shortText))) }
        if let retry { members.append(("retry", retry.json)) }
        if !setup.isEmpty { members.append(("setup", .array(setup.map(\.json)))) }
        members.append(("steps", .array(steps.map(\.json))))
        if !handlers.isEmpty { members.append(("on_failure", .array(handlers.map(\.json)))) }
        if !finally.isEmpty { members.append(("finally", .array(finally.map(\.json)))) }
        if let output { members.append(("output", output)) }
        return .object(members)
    }
}

extension WorkflowDefinition.Step {
    var json: JSONValue {
        var members: [(String, JSONValue)] = [("id", .string(id)), ("uses", .string(uses))]
        if !needs.isEmpty { members.append(("needs", .array(needs.map { .string($0) }))) }
        switch join {
        case .all: break
        case .any: members.append(("join", "any"))
        case .count(let count): members.append(("join", .int(Int64(count))))
        }
        if let condition { members.append(("if", .string(condition))) }
        if let forEach { members.append(("for_each", .string(forEach))) }
        if let maxParallel { members.append(("max_parallel", .int(Int64(maxParallel)))) }
        if let with { members.append(("with", with)) }
        if let retry { members.append(("retry", retry.json)) }
        if let timeout { members.append(("timeout", .string(timeout.shortText))) }
        if let deadline { members.append(("deadline", .string(deadline.shortText))) }
        if let timeLimit { members.append(("limits", ["time": .string(timeLimit.shortText)])) }
        if let priority { members.append(("priority", .int(Int64(priority)))) }
        if let concurrency { members.append(("concurrency", concurrency.json)) }
        if let rate { members.append(("rate", rate.json)) }
        if let cache { members.append(("cache", cache.json)) }
        if let idempotency { members.append(("idempotency", idempotency.json)) }
        if let breaker { members.append(("breaker", breaker.json)) }
        if let pool { members.append(("resources", ["pool": .string(pool)])) }
        if isBackground { members.append(("background", true)) }
        if !reads.isEmpty { members.append(("reads", .array(reads.map { .string($0) }))) }
        if !writes.isEmpty { members.append(("writes", .array(writes.map { .string($0) }))) }
        return .object(members)
    }
}

extension WorkflowDefinition.Handler {
    var json: JSONValue {
        var match: [(String, JSONValue)] = []
        if let step { match.append(("step", .string(step))) }
        if let error { match.append(("error", .string(error))) }
        var members: [(String, JSONValue)] = []
        if !match.isEmpty { members.append(("match", .object(match))) }
        if !steps.isEmpty { members.append(("steps", .array(steps.map(\.json)))) }
        if let recover { members.append(("recover", recover)) }
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
