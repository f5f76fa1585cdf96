extension SchemaCompiler {
    mutating func arrays(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions = items(site)
        let min = count("minContains", site)
        let max = count("maxContains", site)
        if let node = schema("contains", site) {
            let is2020 = site.dialect.edition == .draft2020
            instructions.append(
                .init(
                    keyword: "contains", check: .contains(node, min: min ?? 1, max: max, marksItems: is2020)))
        }
        if let most = count("maxItems", site) {
            instructions.append(.init(keyword: "maxItems", check: .maxItems(most)))
        }
        if let least = count("minItems", site) {
            instructions.append(.init(keyword: "minItems", check: .minItems(least)))
        }
        if let value = value("uniqueItems", site) {
            if case .bool(let isUnique) = value {
                if isUnique { instructions.append(.init(keyword: "uniqueItems", check: .uniqueItems)) }
            } else {
                refuse("uniqueItems", site, "true or false")
            }
        }
        return instructions
    }

    /// `prefixItems` and `items`, or what older drafts have for them: a list in `items`, and `additionalItems`.
    private mutating func items(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        var listed = 0
        let isOld = site.dialect.edition != .draft2020
        let list = isOld ? "items" : "prefixItems"
        var rest = isOld ? "additionalItems" : "items"
        if isOld {
            if case .array? = value("items", site) {} else { rest = "items" }
        }
        if rest != list, let nodes = schemas(list, site) {
            instructions.append(.init(keyword: list, check: .prefixItems(nodes)))
            listed = nodes.count
        }
        if let node = schema(rest, site) {
            instructions.append(.init(keyword: rest, check: .items(from: listed, node)))
        }
        return instructions
    }

    mutating func objects(_ site: Site) -> [SchemaProgram.Instruction] {
        var instructions: [SchemaProgram.Instruction] = []
        if let checks = properties(site) {
            instructions.append(.init(keyword: "properties", check: .properties(checks)))
        }
        if let node = schema("propertyNames", site) {
            instructions.append(.init(keyword: "propertyNames", check: .propertyNames(node)))
        }
        if let most = count("maxProperties", site) {
            instructions.append(.init(keyword: "maxProperties", check: .maxProperties(most)))
        }
        if let least = count("minProperties", site) {
            instructions.append(.init(keyword: "minProperties", check: .minProperties(least)))
        }
        if let value = value("required", site),
            let names = texts(value, at: site.place.appending("required"), "required")
        {
            instructions.append(.init(keyword: "required", check: .required(names)))
        }
        if let value = value("dependentRequired", site) {
            if case .object(let members) = value {
                instructions.append(dependentRequired("dependentRequired", members, site))
            } else {
                refuse("dependentRequired", site, "an object of lists of names")
            }
        }
        return instructions + dependencies(site)
    }

    private mutating func properties(_ site: Site) -> PropertyChecks? {
        var checks = PropertyChecks()
        var isEmpty = true
        if let named = schemaMap("properties", site) {
            checks.named = Dictionary(named.map { (ExactText($0.name), $0.node) }, uniquingKeysWith: { $1 })
            isEmpty = false
        }
        if let nodes = schemaMap("patternProperties", site) {
            let place = site.place.appending("patternProperties")
            for (source, node) in nodes {
                guard let pattern = pattern(source, at: place.appending(source)) else { continue }
                checks.patterns.append((pattern, node))
            }
            isEmpty = false
        }
        if let node = schema("additionalProperties", site) {
            checks.others = node
            isEmpty = false
        }
        return isEmpty ? nil : checks
    }

    private mutating func dependentRequired(
        _ keyword: String, _ members: ExactObject, _ site: Site
    ) -> SchemaProgram.Instruction {
        let place = site.place.appending(keyword)
        var dependents: [(name: String, needs: [String])] = []
        for (name, value) in members {
            if let needs = texts(value, at: place.appending(name), keyword) { dependents.append((name, needs)) }
        }
        return .init(keyword: keyword, check: .dependentRequired(dependents))
    }

    /// `dependencies` of the drafts before 2019-09, which draft 2020-12 lets an implementation keep.
    private mutating func dependencies(_ site: Site) -> [SchemaProgram.Instruction] {
        guard let value = value("dependencies", site) else { return [] }
        guard case .object(let members) = value else {
            refuse("dependencies", site, "an object of schemas or lists of names")
            return []
        }
        var lists: [(String, ExactJSON)] = []
        var schemas: [(name: String, node: Int)] = []
        let place = site.place.appending("dependencies")
        for (name, value) in members {
            if case .array = value {
                lists.append((name, value))
            } else {
                schemas.append((name, node(value, at: place.appending(name), in: site.resource)))
            }
        }
        return [
            dependentRequired("dependencies", ExactObject(lists), site),
            .init(keyword: "dependencies", check: .dependentSchemas(schemas)),
        ]
    }
}
