import Expressions
import JSON

extension DefinitionReader {
    mutating func steps(_ node: SourceNode) -> [WorkflowDefinition.Step] {
        guard case .sequence(let nodes) = node.content else {
            report(node, "steps must be a list, not \(node.typeName)")
            return []
        }
        guard !nodes.isEmpty else {
            report(node, "the workflow has no steps")
            return []
        }
        guard nodes.count <= Self.mostSteps else {
            report(node, "the workflow has \(nodes.count) steps; at most \(Self.mostSteps) are taken")
            return []
        }
        var steps: [WorkflowDefinition.Step] = []
        var edges = 0
        for node in nodes {
            guard let step = step(node) else { continue }
            edges += step.needs.count
            guard edges <= Self.mostNeeds else {
                report(node, "the steps have over \(Self.mostNeeds) needs")
                return steps
            }
            steps.append(step)
        }
        return steps
    }

    /// A step is kept even with problems, as long as it has an id: others may name it.
    private mutating func step(_ node: SourceNode) -> WorkflowDefinition.Step? {
        guard let members = members(of: node, "a step", known: Words.step, later: Words.stepLater) else { return nil }
        let idNode = required("id", in: members, of: "the step", at: node)
        let id = idNode.flatMap { word($0, "the id", extra: "-_", upper: true) }
        let name = id.map { "step \"\($0)\"" } ?? "the step"
        let uses = required("uses", in: members, of: name, at: node).flatMap { taskType($0) }
        let (needs, needNodes) = members["needs"].map { self.needs($0) } ?? ([], [])
        let condition = members["if"].flatMap { self.condition($0) }
        if let with = members["with"] {
            switch with.content {
            case .mapping, .scalar(.string), .scalar(.null): break
            case .scalar, .sequence: report(with, "with must be a mapping, not \(with.typeName)")
            }
        }
        let retry = members["retry"].flatMap { self.retry($0) }
        let timeout = members["timeout"].flatMap { duration($0, "timeout") }
        let limit = members["limits"].flatMap { limits($0) }
        let pool = members["resources"].flatMap { resources($0) }
        let priority = members["priority"].flatMap { self.priority($0) }
        let concurrency = members["concurrency"].flatMap { self.concurrency($0, ofStep: true) }
        let rate = members["rate"].flatMap { self.rate($0) }
        guard let id, let idNode else { return nil }
        stepNodes.append(
            StepNodes(
                id: idNode, needs: needNodes, with: members["with"], condition: members["if"],
                concurrency: members["concurrency"], rate: members["rate"]))
        var step = WorkflowDefinition.Step(
            id: id, uses: uses ?? "", needs: needs, with: members["with"]?.value, condition: condition, retry: retry,
            timeout: timeout, timeLimit: limit, pool: pool)
        step.priority = priority
        step.concurrency = concurrency
        step.rate = rate
        return step
    }

    private mutating func taskType(_ node: SourceNode) -> String? {
        guard let type = word(node, "uses", extra: "-_./") else { return nil }
        guard !Words.engineKinds.contains(type) else {
            report(node, "\"uses: \(type)\" is not supported yet")
            return nil
        }
        return type
    }

    private mutating func needs(_ node: SourceNode) -> ([String], [SourceNode]) {
        guard case .sequence(let elements) = node.content else {
            let hint: String? =
                if case .scalar(.string(let text)) = node.content { "did you mean [\(text)]?" } else { nil }
            report(node, "needs must be a list of step ids, not \(node.typeName)", hint: hint)
            return ([], [])
        }
        var needs: [String] = []
        var nodes: [SourceNode] = []
        var seen: Set<String> = []
        for element in elements {
            guard let need = string(element, "a need") else { continue }
            guard seen.insert(need).inserted else {
                report(element, "needs names \"\(need)\" twice")
                continue
            }
            needs.append(need)
            nodes.append(element)
        }
        return (needs, nodes)
    }

    /// The expression of `if`, with or without its `${{ }}`. It is parsed later, where its names are checked too.
    private mutating func condition(_ node: SourceNode) -> String? {
        switch node.content {
        case .scalar(.bool(let value)): return value ? "true" : "false"
        case .scalar(.string(let text)):
            guard text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "$" else { return text }
            let trimmed = text.trimmingSpace
            let parts = TemplateText.parts(of: trimmed)
            if parts.count == 1, case .hole(let expression) = parts[0] { return expression }
            report(node, "if takes one expression", hint: "write the whole condition in one ${{ }}")
            return nil
        case .scalar, .sequence, .mapping:
            report(node, "if must be an expression, not \(node.typeName)")
            return nil
        }
    }

    private mutating func limits(_ node: SourceNode) -> Duration? {
        let members = members(of: node, "limits", known: Words.limits, later: Words.limitsLater)
        return members?["time"].flatMap { duration($0, "limits.time") }
    }

    private mutating func resources(_ node: SourceNode) -> String? {
        let members = members(of: node, "resources", known: Words.resources, later: Words.resourcesLater)
        return members?["pool"].flatMap { word($0, "the pool", extra: "-_.") }
    }

    mutating func retry(_ node: SourceNode) -> RetryPolicy? {
        guard let members = members(of: node, "retry", known: Words.retry, later: Words.retryLater) else { return nil }
        var policy = RetryPolicy()
        if let node = members["strategy"], let name = string(node, "strategy") {
            if let strategy = RetryPolicy.Strategy(rawValue: name) {
                policy.strategy = strategy
            } else {
                let known = RetryPolicy.Strategy.allCases.map(\.rawValue)
                let hint = Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                report(
                    node, "unknown retry strategy \"\(name)\"",
                    hint: hint ?? "strategies are \(known.joined(separator: ", "))")
            }
        }
        if let attempts = required("max_attempts", in: members, of: "retry", at: node) {
            if case .scalar(.int(let count)) = attempts.content, (1...1000).contains(count) {
                policy.maxAttempts = Int(count)
            } else {
                report(attempts, "max_attempts must be an integer from 1 to 1000")
            }
        }
        if let delay = members["delay"].flatMap({ duration($0, "delay", allowsZero: true) }) { policy.delay = delay }
        if let most = members["max_delay"].flatMap({ duration($0, "max_delay", allowsZero: true) }) {
            policy.maxDelay = most
        }
        if let node = members["jitter"] {
            if case .scalar(let value) = node.content, let jitter = value.doubleValue, (0...1).contains(jitter) {
                policy.jitter = jitter
            } else {
                report(node, "jitter must be a number from 0 to 1")
            }
        }
        return policy
    }
}

extension String {
    /// Without the white space at both ends.
    fileprivate var trimmingSpace: String {
        let scalars = unicodeScalars.drop { $0.properties.isWhitespace }
        let end = scalars.lastIndex { !$0.properties.isWhitespace }
        return end.map { String(scalars[...$0]) } ?? ""
    }
}
