import JSON

extension InputSchema {
    /// The schema with its keywords in a fixed order; what says nothing is left out. Properties keep their order: people
    /// see it in forms.
    var canonical: JSONValue {
        guard case .object(var members) = document else { return document }
        members["type"] = "object"
        if members["required"] == [] { members["required"] = nil }
        if members["additionalProperties"] == false { members["additionalProperties"] = nil }
        if let properties = members["properties"]?.objectValue {
            members["properties"] =
                properties.isEmpty
                ? nil : .object(properties.map { ($0.key, Self.ordered($0.value, first: Self.propertyKeywords)) })
        }
        return Self.ordered(.object(members), first: ["type", "required", "properties", "additionalProperties"])
    }

    private static let propertyKeywords = ["type", "default", "enum", "description"]

    /// The named keywords in their order, then the others by their names.
    private static func ordered(_ schema: JSONValue, first: [String]) -> JSONValue {
        guard case .object(var members) = schema else { return schema }
        if let types = members["type"]?.arrayValue, types.count == 1 { members["type"] = types[0] }
        let others = members.keys.filter { !first.contains($0) }.sorted()
        return .object((first + others).compactMap { key in members[key].map { (key, $0) } })
    }
}
