import Expressions
import JSON

extension DefinitionReader {
    mutating func steps(_ node: SourceNode, _ part: String) -> [WorkflowDefinition.Step] {
        guard case .sequence(let nodes) = node.content else {
            report(node, "steps must be a list, not \(node.typeName)")
            return []
        }
        guard !nodes.isEmpty else {
            report(node, "\(part) has no steps")
            return []
        }
        guard stepNodes.count + nodes.count <= Self.mostSteps else {
            report(
                node,
                "the workflow has \(stepNodes.count + nodes.count) steps; at most \(Self.mostSteps) are taken")
            return []
        }
        var steps: [WorkflowDefinition.Step] = []
        for node in nodes {
            guard let (step, nodes) = step(node) else { continue }
            guard takes(edges: step.needs.count) else {
                report(node, "the steps have over \(Self.mostNeeds) needs")
                return steps
            }
            steps.append(step)
            stepNodes.append(nodes)
        }
        return steps
    }

    /// A step is kept even with problems, as long as it has an id: others may name it.
    private mutating func step(_ node: SourceNode) -> (WorkflowDefinition.Step, StepNodes)? {
        guard let members = members(of: node, "a step", known: Words.step, later: Words.stepLater) else { return nil }
        let idNode = required("id", in: members, of: "the step", at: node)
        let id = idNode.flatMap { word($0, "the id", extra: "-_", upper: true) }
        let name = id.map { "step \"\($0)\"" } ?? "the step"
        let uses = required("uses", in: members, of: name, at: node).flatMap { word($0, "uses", extra: "-_./") }
        let (needs, needNodes) = members["needs"].map { self.names($0, "needs", "step ids") } ?? ([], [])
        let condition = members["if"].flatMap { expression($0, "if") }
        let forEach = members["for_each"].flatMap { list($0) }
        let kind = uses.flatMap { self.kind($0, members: members, at: node) }
        if kind == nil, let with = members["with"] {
            switch with.content {
            case .mapping, .scalar(.string), .scalar(.null): break
            case .scalar, .sequence: report(with, "with must be a mapping, not \(with.typeName)")
            }
        }
        let retry = members["retry"].flatMap { self.retry($0) }
        let timeout = members["timeout"].flatMap { duration($0, "timeout") }
        let deadline = members["deadline"].flatMap { duration($0, "deadline") }
        let limit = members["limits"].flatMap { limits($0) }
        let pool = members["resources"].flatMap { resources($0) }
        let background = members["background"].flatMap { boolean($0, "background") } ?? false
        let join = members["join"].flatMap { self.join($0, needs: needs.count) } ?? .all
        let parallel = members["max_parallel"].flatMap { count($0, "max_parallel", 1...FanOut.mostParallel) }
        if let node = members["max_parallel"], members["for_each"] == nil {
            report(node, "max_parallel is for steps with for_each")
        }
        let (reads, readNodes) = members["reads"].map { names($0, "reads", "names") } ?? ([], [])
        let (writes, writeNodes) = members["writes"].map { names($0, "writes", "names") } ?? ([], [])
        let priority = members["priority"].flatMap { self.priority($0) }
        let concurrency = members["concurrency"].flatMap { self.concurrency($0, ofStep: true) }
        let rate = members["rate"].flatMap { self.rate($0) }
        let cache = members["cache"].flatMap { self.cache($0) }
        let idempotency = members["idempotency"].flatMap { self.idempotency($0) }
        if let node = members["idempotency"], members["cache"] != nil {
            report(node, "a step has a cache or an idempotency key, not both")
        }
        let breaker = members["breaker"].flatMap { self.breaker($0) }
        guard let id, let idNode else { return nil }
        var nodes = StepNodes(
            id: idNode, needs: needNodes, join: members["join"], with: members["with"], condition: members["if"],
            forEach: members["for_each"], kind: kind, reads: readNodes, writes: writeNodes,
            concurrency: members["concurrency"], rate: members["rate"], breaker: members["breaker"])
        var step = WorkflowDefinition.Step(
            id: id, uses: uses ?? "", needs: needs, join: join, forEach: forEach, maxParallel: parallel,
            with: members["with"]?.value, condition: condition, retry: retry, timeout: timeout, deadline: deadline,
            timeLimit: limit, pool: pool, isBackground: background, reads: reads, writes: writes)
        step.priority = priority
        step.concurrency = concurrency
        step.rate = rate
        step.cache = cache
        step.idempotency = idempotency
        nodes.outcome = members["cache"] ?? members["idempotency"]
        step.breaker = breaker
        return (step, nodes)
    }

    /// `on_failure`.
    mutating func handlers(_ node: SourceNode) -> [WorkflowDefinition.Handler] {
        guard case .sequence(let nodes) = node.content else {
            report(node, "on_failure must be a list, not \(node.typeName)")
            return []
        }
        guard nodes.count <= 1000 else {
            report(node, "on_failure has \(nodes.count) handlers; at most 1000 are taken")
            return []
        }
        var handlers: [WorkflowDefinition.Handler] = []
        for node in nodes {
            guard let members = members(of: node, "a handler", known: Words.handler, later: []) else { continue }
            let match = members["match"].flatMap { self.members(of: $0, "match", known: Words.match, later: []) } ?? [:]
            if members["steps"] == nil, members["recover"] == nil {
                report(node, "the handler has neither steps nor recover", hint: "it would do nothing")
            }
            let steps = members["steps"].map { self.steps($0, "the handler") } ?? []
            handlers.append(
                WorkflowDefinition.Handler(
                    step: match["step"].flatMap { string($0, "step", allowsEmpty: false) },
                    error: match["error"].flatMap { string($0, "error", allowsEmpty: false) }, steps: steps,
                    recover: members["recover"]?.value))
            handlerNodes.append(HandlerNodes(whole: node, step: match["step"], recover: members["recover"]))
        }
        return handlers
    }

    private mutating func join(_ node: SourceNode, needs: Int) -> Join? {
        switch node.content {
        case .scalar(.string("all")): return .all
        case .scalar(.string("any")): return .any
        case .scalar(.int(let count)) where count >= 1:
            guard count <= needs else {
                report(node, "join asks for \(count) of \(needs) needs", hint: "the step could never run")
                return nil
            }
            return .count(Int(count))
        case .scalar, .sequence, .mapping:
            report(node, "join must be all, any or a number of needs")
            return nil
        }
    }

    mutating func boolean(_ node: SourceNode, _ what: String) -> Bool? {
        guard case .scalar(.bool(let value)) = node.content else {
            report(node, "\(what) must be true or false, not \(node.typeName)")
            return nil
        }
        return value
    }

    mutating func count(_ node: SourceNode, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        guard case .scalar(.int(let count)) = node.content, range.contains(Int(clamping: count)) else {
            report(node, "\(what) must be an integer from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return Int(count)
    }

    /// A list of different names.
    mutating func names(_ node: SourceNode, _ what: String, _ kind: String) -> ([String], [SourceNode]) {
        guard case .sequence(let elements) = node.content else {
            let hint: String? =
                if case .scalar(.string(let text)) = node.content { "did you mean [\(text)]?" } else { nil }
            report(node, "\(what) must be a list of \(kind), not \(node.typeName)", hint: hint)
            return ([], [])
        }
        var names: [String] = []
        var nodes: [SourceNode] = []
        var seen: Set<String> = []
        for element in elements {
            guard let name = string(element, "a name in \(what)", allowsEmpty: false) else { continue }
            guard seen.insert(name).inserted else {
                report(element, "\(what) names \"\(name)\" twice")
                continue
            }
            names.append(name)
            nodes.append(element)
        }
        return (names, nodes)
    }

    /// The expression of `if` and its like, with or without its `${{ }}`. It is parsed later, where its names are
    /// checked too.
    mutating func expression(_ node: SourceNode, _ what: String) -> String? {
        switch node.content {
        case .scalar(.bool(let value)): return value ? "true" : "false"
        case .scalar(.string(let text)):
            guard text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "$" else { return text }
            let trimmed = text.trimmingSpace
            let parts = TemplateText.parts(of: trimmed)
            if parts.count == 1, case .hole(let expression) = parts[0] { return expression }
            report(node, "\(what) takes one expression", hint: "write the whole of it in one ${{ }}")
            return nil
        case .scalar, .sequence, .mapping:
            report(node, "\(what) must be an expression, not \(node.typeName)")
            return nil
        }
    }

    /// The expression of `for_each`, or a list as it stands.
    private mutating func list(_ node: SourceNode) -> String? {
        switch node.content {
        case .sequence: return node.value.text()
        case .scalar(.string): return expression(node, "for_each")
        case .scalar, .mapping:
            report(node, "for_each must be a list or an expression, not \(node.typeName)")
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
