extension Evaluator {
    /// The keywords that apply schemas to the value itself.
    mutating func combine(
        _ instruction: SchemaProgram.Instruction, _ node: Int, _ value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        switch instruction.check {
        case .all(let nodes): return try checkAll(nodes, value, &evaluated)
        case .any(let nodes): return try checkAny(nodes, instruction.keyword, node, value, &evaluated)
        case .one(let nodes): return try checkOne(nodes, instruction.keyword, node, value, &evaluated)
        case .not(let child):
            // What is evaluated within it counts for itself only.
            var inner: Evaluated?
            guard try applyQuietly(child, to: value, &inner) else { return true }
            violate(node, instruction.keyword, "must not be what the schema in not accepts")
            return false
        case .conditional(let condition, let then, let otherwise):
            let holds = try applyQuietly(condition, to: value, &evaluated)
            guard let branch = holds ? then : otherwise else { return true }
            return try apply(branch, to: value, &evaluated)
        case .dependentSchemas(let schemas):
            guard case .object(let members) = value else { return true }
            let nodes = schemas.filter { members.position(of: $0.name) != nil }.map(\.node)
            return try checkAll(nodes, value, &evaluated)
        default: return true
        }
    }

    private mutating func checkAll(
        _ nodes: [Int], _ value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var isValid = true
        for child in nodes {
            if try apply(child, to: value, &evaluated) { continue }
            isValid = false
            if !isReporting { return false }
        }
        return isValid
    }

    private mutating func checkAny(
        _ nodes: [Int], _ keyword: String, _ node: Int, _ value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var reasons: [String] = []
        var isValid = false
        for (position, child) in nodes.enumerated() {
            let (accepts, violations) = try applyApart(child, to: value, &evaluated)
            if accepts {
                isValid = true
                // The others matter only for what they evaluate.
                if evaluated == nil { return true }
            } else if isReporting {
                reasons.append(Self.reason(position, violations))
            }
        }
        if !isValid {
            violate(node, keyword, "matches none of \(Self.count(nodes.count, "alternative")): \(Self.list(reasons))")
        }
        return isValid
    }

    private mutating func checkOne(
        _ nodes: [Int], _ keyword: String, _ node: Int, _ value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var reasons: [String] = []
        var matched: [Int] = []
        for (position, child) in nodes.enumerated() {
            let (accepts, violations) = try applyApart(child, to: value, &evaluated)
            if accepts {
                matched.append(position)
                if matched.count > 1, !isReporting { return false }
            } else if isReporting {
                reasons.append(Self.reason(position, violations))
            }
        }
        switch matched.count {
        case 1: return true
        case 0:
            violate(node, keyword, "matches none of \(Self.count(nodes.count, "alternative")): \(Self.list(reasons))")
        default:
            let places = matched.prefix(10).map { "\(keyword)/\($0)" }.joined(separator: ", ")
            violate(
                node, keyword, "matches \(matched.count) alternatives (\(places)) and must match exactly one of them")
        }
        return false
    }

    /// Why an alternative refuses the value: its first violation, and how many more there are.
    private static func reason(_ position: Int, _ violations: [SchemaViolation]) -> String {
        guard let first = violations.first else { return "\(position): refused" }
        let place = first.instance.isEmpty ? "" : "\(first.instance) "
        let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
        return "\(position): \(place)\(first.message)\(more)"
    }

    private static func list(_ reasons: [String]) -> String {
        let shown = reasons.prefix(4).joined(separator: "; ")
        let text = reasons.count > 4 ? "\(shown); and \(reasons.count - 4) more" : shown
        return text.unicodeScalars.count <= 500 ? text : "\(String(text.unicodeScalars.prefix(497)))..."
    }
}
