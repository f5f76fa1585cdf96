import JSON

extension DefinitionReader {
    mutating func inputs(_ node: SourceNode) -> InputSchema? {
        guard let members = members(of: node, "inputs", known: Words.inputs, later: Words.inputsLater) else {
            return nil
        }
        if let type = members["type"], case .scalar(.string("object")) = type.content {
        } else if let type = members["type"] {
            report(type, "the type of inputs must be object")
        }
        var schema = InputSchema()
        if let properties = members["properties"] {
            if case .mapping(let list) = properties.content {
                for member in list {
                    if let property = property(member) { schema.properties.append(property) }
                }
            } else {
                report(properties, "properties must be a mapping, not \(properties.typeName)")
            }
        }
        if let node = members["additionalProperties"] {
            if case .scalar(.bool(let allowsOthers)) = node.content {
                schema.allowsOthers = allowsOthers
            } else {
                report(node, "additionalProperties must be true or false")
            }
        }
        if let required = members["required"] { schema.required = self.required(required, schema) }
        return schema
    }

    private mutating func required(_ node: SourceNode, _ schema: InputSchema) -> [String] {
        guard case .sequence(let elements) = node.content else {
            report(node, "required must be a list of names, not \(node.typeName)")
            return []
        }
        let known = Set(schema.properties.map(\.name))
        var names: [String] = []
        for element in elements {
            guard let name = string(element, "a required name") else { continue }
            guard known.contains(name) else {
                let hint = Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                report(element, "required names \"\(name)\", which is no property", hint: hint)
                continue
            }
            names.append(name)
        }
        return names
    }

    private mutating func property(_ member: SourceNode.Member) -> InputSchema.Property? {
        let what = "the input \"\(member.key)\""
        guard let members = members(of: member.value, what, known: Words.property, later: Words.propertyLater) else {
            return nil
        }
        var property = InputSchema.Property(name: member.key)
        property.types = members["type"].map { types($0) } ?? []
        property.description = members["description"].flatMap { string($0, "description") }
        if let node = members["enum"] {
            if case .sequence(let values) = node.content, !values.isEmpty {
                property.allowed = values.map(\.value)
            } else {
                report(node, "enum must be a list of values")
            }
        }
        if let node = members["default"] {
            let value = node.value
            if let problem = property.problem(with: value) {
                report(node, "the default of \(what) \(problem)")
            }
            property.defaultValue = value
        }
        return property
    }

    private mutating func types(_ node: SourceNode) -> [InputSchema.ValueType] {
        let nodes: [SourceNode]
        if case .sequence(let elements) = node.content { nodes = elements } else { nodes = [node] }
        var types: [InputSchema.ValueType] = []
        for node in nodes {
            guard let name = string(node, "type") else { continue }
            guard let type = InputSchema.ValueType(rawValue: name) else {
                let known = InputSchema.ValueType.allCases.map(\.rawValue)
                let hint = Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                report(node, "unknown type \"\(name)\"", hint: hint ?? "types are \(known.joined(separator: ", "))")
                continue
            }
            types.append(type)
        }
        return types
    }
}
