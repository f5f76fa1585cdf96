import JSON

/// Reads a definition out of located nodes, strictly: every key is known, every type is right. It collects every
/// problem and goes on, so that one look shows them all.
struct DefinitionReader {
    let path: String
    var problems: [Diagnostic] = []
    /// Where the parts of each step stand, for the checks that look at the whole.
    var stepNodes: [StepNodes] = []
    var handlerNodes: [HandlerNodes] = []
    var outputNode: SourceNode?
    var labelsNode: SourceNode?
    var concurrencyNode: SourceNode?
    var pacingNode: SourceNode?
    private var edges = 0

    /// Nodes of a step.
    struct StepNodes {
        var id: SourceNode
        /// As many as the step has needs.
        var needs: [SourceNode]
        var join: SourceNode?
        var with: SourceNode?
        var condition: SourceNode?
        var forEach: SourceNode?
        /// What it does, when no worker does it.
        var kind: KindForm?
        /// As many as the step has names there.
        var reads: [SourceNode] = []
        var writes: [SourceNode] = []
        var concurrency: SourceNode?
        var rate: SourceNode?
        var outcome: SourceNode?
        var breaker: SourceNode?
    }

    /// Nodes of a failure handler.
    struct HandlerNodes {
        var whole: SourceNode
        var step: SourceNode?
        var recover: SourceNode?
    }

    static let mostSteps = 10_000
    static let mostNeeds = 100_000

    init(path: String) { self.path = path }

    /// Whether so many needs more are taken.
    mutating func takes(edges count: Int) -> Bool {
        edges += count
        return edges <= Self.mostNeeds
    }

    mutating func report(_ node: SourceNode, _ message: String, hint: String? = nil) {
        report(node.place, length: node.length, message, hint: hint)
    }

    mutating func report(_ place: SourcePlace, length: Int, _ message: String, hint: String? = nil) {
        problems.append(
            Diagnostic(
                path: path, line: place.line, column: place.column, length: length, message: message, hint: hint))
    }

    /// `nil` only where nothing of the definition can be told.
    mutating func read(_ root: SourceNode) -> WorkflowDefinition? {
        guard let members = members(of: root, "a workflow", known: Words.workflow, later: Words.workflowLater) else {
            return nil
        }
        let name = required("name", in: members, of: "the workflow", at: root).flatMap { workflowName($0) }
        let policy = members["retry"].flatMap { retry($0) }
        var definition = WorkflowDefinition(name: name ?? "", steps: [])
        definition.description = members["description"].flatMap { string($0, "description") }
        definition.labels = members["labels"].map { labels($0) } ?? []
        labelsNode = members["labels"]
        definition.inputs = members["inputs"].flatMap { inputs($0) }
        definition.queue = members["queue"].flatMap { queueName($0) } ?? WorkflowDefinition.defaultQueue
        definition.priority = members["priority"].flatMap { priority($0) }
        definition.concurrency = members["concurrency"].flatMap { concurrency($0, ofStep: false) }
        concurrencyNode = members["concurrency"]
        definition.pacing = pacing(members)
        definition.deadline = members["deadline"].flatMap { duration($0, "deadline") }
        definition.timeout = members["timeout"].flatMap { duration($0, "timeout") }
        definition.retry = policy
        definition.output = members["output"]?.value
        outputNode = members["output"]
        if let steps = required("steps", in: members, of: "the workflow", at: root) {
            definition.steps = self.steps(steps, "the workflow")
        }
        // In the order in which `Plan.steps` has them.
        definition.setup = members["setup"].map { self.steps($0, "setup") } ?? []
        definition.finally = members["finally"].map { self.steps($0, "finally") } ?? []
        definition.handlers = members["on_failure"].map { handlers($0) } ?? []
        return definition
    }

    // MARK: - Mappings

    /// The members of a mapping by key. Keys that are unknown, reserved or doubled are reported.
    mutating func members(
        of node: SourceNode, _ what: String, known: [String], later: Set<String>
    ) -> [String: SourceNode]? {
        guard case .mapping(let members) = node.content else {
            report(node, "\(what) must be a mapping, not \(node.typeName)")
            return nil
        }
        var found: [String: SourceNode] = [:]
        for member in members {
            let length = member.key.unicodeScalars.count
            guard known.contains(member.key) else {
                if later.contains(member.key) {
                    report(member.keyPlace, length: length, "\"\(member.key)\" is not supported yet")
                } else {
                    let hint = Suggestion.closest(to: member.key, among: known).map { "did you mean \"\($0)\"?" }
                    report(
                        member.keyPlace, length: length, "unknown key \"\(member.key)\" in \(what)",
                        hint: hint ?? "keys are \(known.joined(separator: ", "))")
                }
                continue
            }
            guard found[member.key] == nil else {
                report(member.keyPlace, length: length, "the key \"\(member.key)\" stands twice in one mapping")
                continue
            }
            found[member.key] = member.value
        }
        return found
    }

    mutating func required(
        _ key: String, in members: [String: SourceNode], of what: String, at node: SourceNode
    ) -> SourceNode? {
        if let found = members[key] { return found }
        report(node, "\(what) has no \"\(key)\"")
        return nil
    }

    // MARK: - Scalars

    mutating func string(_ node: SourceNode, _ what: String, allowsEmpty: Bool = true) -> String? {
        guard case .scalar(.string(let text)) = node.content else {
            report(node, "\(what) must be text, not \(node.typeName)", hint: quoteHint(node))
            return nil
        }
        guard allowsEmpty || !text.isEmpty else {
            report(node, "\(what) is empty")
            return nil
        }
        guard text.utf8.count <= 65_536 else {
            report(node, "\(what) is longer than 65536 bytes")
            return nil
        }
        return text
    }

    private func quoteHint(_ node: SourceNode) -> String? {
        switch node.content {
        case .scalar(.int), .scalar(.double), .scalar(.bool): "quote it to make it text"
        case .scalar, .sequence, .mapping: nil
        }
    }

    mutating func duration(_ node: SourceNode, _ what: String, allowsZero: Bool = false) -> Duration? {
        guard case .scalar(.string(let text)) = node.content else {
            let hint: String? =
                if case .scalar(.int(let number)) = node.content { "did you mean \"\(number)s\"?" } else { nil }
            report(node, "\(what) must be a duration such as 1h30m, not \(node.typeName)", hint: hint)
            return nil
        }
        do {
            let duration = try Duration(parsing: text)
            guard allowsZero || duration > .zero else {
                report(node, "\(what) must be more than nothing")
                return nil
            }
            return duration
        } catch {
            report(node, error.description)
            return nil
        }
    }

    /// Checks a name against an alphabet; the first character is a letter or a digit.
    mutating func word(
        _ node: SourceNode, _ what: String, extra: String, upper: Bool = false, longest: Int = 100
    ) -> String? {
        guard let text = string(node, what, allowsEmpty: false) else { return nil }
        func isAlphanumeric(_ scalar: UnicodeScalar) -> Bool {
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || upper && ("A"..."Z").contains(scalar)
        }
        let scalars = text.unicodeScalars
        let isGood =
            scalars.first.map { isAlphanumeric($0) || $0 == "_" && extra.contains("_") } ?? false
            && scalars.allSatisfy { isAlphanumeric($0) || extra.unicodeScalars.contains($0) }
        guard isGood, scalars.count <= longest else {
            let letters = upper ? "letters" : "small letters"
            let others = extra.map { String($0) }.joined(separator: " ")
            report(
                node, "\(what) \"\(text.prefix(100))\" must be made of \(letters), digits and \(others)",
                hint: scalars.count > longest ? "at most \(longest) characters" : nil)
            return nil
        }
        return text
    }

    private mutating func workflowName(_ node: SourceNode) -> String? { resourceName(node, "the name") }

    private mutating func queueName(_ node: SourceNode) -> String? { resourceName(node, "queue") }

    private mutating func labels(_ node: SourceNode) -> [WorkflowDefinition.Label] {
        guard case .mapping(let members) = node.content else {
            report(node, "labels must be a mapping, not \(node.typeName)")
            return []
        }
        var labels: [WorkflowDefinition.Label] = []
        for member in members {
            guard let value = string(member.value, "the label \"\(member.key)\"") else { continue }
            guard !member.key.isEmpty, member.key.utf8.count <= 200, value.utf8.count <= 1000 else {
                report(member.keyPlace, length: 1, "a label's name has 1 to 200 bytes, its value at most 1000")
                continue
            }
            labels.append(WorkflowDefinition.Label(name: member.key, value: value))
        }
        return labels.sorted { $0.name < $1.name }
    }
}
