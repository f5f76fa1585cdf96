import JSON
import Schemas

extension DefinitionReader {
    mutating func inputs(_ node: SourceNode) -> InputSchema? {
        guard case .mapping = node.content else {
            report(node, "inputs must be a mapping, not \(node.typeName)")
            return nil
        }
        guard !reportDoubledKeys(node) else { return nil }
        if let type = node["type"], type.value != "object" { report(type, "the type of inputs must be object") }
        let schema: InputSchema
        do {
            schema = try InputSchema(node.value)
        } catch {
            for problem in error.problems { report(problem, in: node) }
            return nil
        }
        if !schema.allowsOthers, let required = node["required"] { checkRequired(required, schema) }
        guard case .mapping(let members)? = node["properties"]?.content else { return schema }
        for member in members { checkProperty(member, schema) }
        return schema
    }

    /// Reports a problem of a schema where it stands in the definition.
    private mutating func report(_ problem: SchemaProblem, in root: SourceNode) {
        var node = root
        for (index, token) in problem.path.enumerated() {
            switch node.content {
            case .mapping(let members):
                guard let member = members.first(where: { $0.key == token }) else { break }
                if problem.code == .misspeltKeyword, index == problem.path.count - 1 {
                    return report(
                        member.keyPlace, length: token.unicodeScalars.count, problem.message, hint: problem.hint)
                }
                node = member.value
            case .sequence(let elements):
                if let index = Int(token), elements.indices.contains(index) { node = elements[index] }
            case .scalar: break
            }
        }
        // Of a metaschema or another document, its place is part of the message.
        report(
            node, problem.document.isEmpty ? problem.message : "\(problem.place): \(problem.message)",
            hint: problem.hint)
    }

    /// A required name that no property declares could never be given.
    private mutating func checkRequired(_ node: SourceNode, _ schema: InputSchema) {
        guard case .sequence(let elements) = node.content else { return }
        let known = schema.properties.map(\.name)
        for element in elements {
            guard case .scalar(.string(let name)) = element.content, !known.contains(name) else { continue }
            let hint = Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" }
            report(element, "required names \"\(name)\", which is no property", hint: hint)
        }
    }

    private mutating func checkProperty(_ member: SourceNode.Member, _ schema: InputSchema) {
        if let values = member.value["enum"], case .sequence(let elements) = values.content, elements.isEmpty {
            report(values, "enum must be a list of values")
        }
        if let node = member.value["default"], let problem = schema.problem(withDefault: node.value, of: member.key) {
            report(node, "the default of the input \"\(member.key)\" \(problem)")
        }
    }

    private mutating func reportDoubledKeys(_ node: SourceNode) -> Bool {
        var isDoubled = false
        switch node.content {
        case .scalar: break
        case .sequence(let elements):
            for element in elements where reportDoubledKeys(element) { isDoubled = true }
        case .mapping(let members):
            var seen: Set<String> = []
            for member in members {
                if !seen.insert(member.key).inserted {
                    report(
                        member.keyPlace, length: member.key.unicodeScalars.count,
                        "the key \"\(member.key)\" stands twice in one mapping")
                    isDoubled = true
                }
                if reportDoubledKeys(member.value) { isDoubled = true }
            }
        }
        return isDoubled
    }
}
