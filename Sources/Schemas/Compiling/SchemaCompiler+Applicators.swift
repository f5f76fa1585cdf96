extension SchemaCompiler {
    mutating func references(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let text = text("$ref", site), let target = target("$ref", text, site) {
            instructions.append(.init(keyword: "$ref", check: .reference(target.node)))
        }
        if site.dialect.edition == .draft2020, let text = text("$dynamicRef", site),
            let target = target("$dynamicRef", text, site)
        {
            // It is dynamic only where it first leads to a $dynamicAnchor; otherwise it is a $ref.
            let resource = index.resources[target.resource]
            if let name = target.anchor, resource.dynamicAnchors[name] != nil {
                dynamicNames.insert(name)
                instructions.append(.init(keyword: "$dynamicRef", check: .dynamicReference(name, target.node)))
            } else {
                instructions.append(.init(keyword: "$dynamicRef", check: .reference(target.node)))
            }
        }
        if site.dialect.edition == .draft2019, let text = text("$recursiveRef", site),
            let target = target("$recursiveRef", text, site)
        {
            let name = SchemaIndex.recursiveAnchor
            dynamicNames.insert(name)
            let isRecursive = index.resources[target.resource].dynamicAnchors[name] != nil
            instructions.append(
                .init(
                    keyword: "$recursiveRef",
                    check: isRecursive ? .dynamicReference(name, target.node) : .reference(target.node)))
        }
        return instructions
    }

    private mutating func target(
        _ keyword: String, _ text: String, _ site: Site
    ) -> (node: Int, resource: Int, anchor: String?)? {
        let place = site.place.appending(keyword)
        guard let target = index.target(text, from: place, in: site.resource),
            let value = index.value(at: target.place)
        else { return nil }
        switch value {
        case .object, .bool: return (node(value, at: target.place, in: target.resource), target.resource, target.anchor)
        case .null, .number, .string, .array:
            index.report(
                .unresolvedReference, place,
                "\"\(text)\" leads to \(value.typeName); a schema is an object, true or false")
            return nil
        }
    }

    /// The keywords that apply schemas to the instance itself.
    mutating func combinations(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let nodes = schemas("allOf", site) { instructions.append(.init(keyword: "allOf", check: .all(nodes))) }
        if let nodes = schemas("anyOf", site) { instructions.append(.init(keyword: "anyOf", check: .any(nodes))) }
        if let nodes = schemas("oneOf", site) { instructions.append(.init(keyword: "oneOf", check: .one(nodes))) }
        if let node = schema("not", site) { instructions.append(.init(keyword: "not", check: .not(node))) }
        let then = schema("then", site)
        let otherwise = schema("else", site)
        if let condition = schema("if", site) {
            instructions.append(
                .init(
                    keyword: "if", check: .conditional(condition: condition, then: then, otherwise: otherwise)))
        }
        if let nodes = schemaMap("dependentSchemas", site) {
            instructions.append(.init(keyword: "dependentSchemas", check: .dependentSchemas(nodes)))
        }
        return instructions
    }

    mutating func unevaluated(_ site: Site) -> [SchemaProgram.Instruction] {
        guard site.dialect.edition != .draft7 else { return [] }
        var instructions: [SchemaProgram.Instruction] = []
        if let node = schema("unevaluatedItems", site) {
            instructions.append(.init(keyword: "unevaluatedItems", check: .unevaluatedItems(node)))
        }
        if let node = schema("unevaluatedProperties", site) {
            instructions.append(.init(keyword: "unevaluatedProperties", check: .unevaluatedProperties(node)))
        }
        return instructions
    }
}
