import Expressions
import JSON

/// What is known of an input before any run: the types along a path, as far as the schema says them plainly.
extension InputSchema {
    /// Why a path can name nothing.
    enum PathProblem: Equatable {
        /// The segment is no property; these are.
        case unknown(segment: Int, known: [String])
        /// The segment is asked of something that has no properties: its type.
        case noMembers(segment: Int, type: String)
    }

    /// The first segment, from 0, that cannot be there. Names of the top level are checked against `properties` elsewhere.
    func problem(along path: [String]) -> PathProblem? {
        var node = document
        for (index, name) in path.enumerated() {
            let types = Self.types(of: node)
            if index > 0, let types, !types.contains("object") {
                return .noMembers(segment: index, type: types.sorted().joined(separator: " or "))
            }
            let properties = node["properties"]?.objectValue ?? JSONObject()
            guard let next = properties[name] else {
                guard index > 0, Self.isClosed(node) else { return nil }
                return .unknown(segment: index, known: Array(properties.keys))
            }
            node = next
        }
        return nil
    }

    /// The JSON types that the value at a path may have; `nil` where the schema does not say it plainly.
    func types(at path: [String]) -> Set<String>? {
        var node = document
        for name in path {
            guard let next = node["properties"]?[name] else { return nil }
            node = next
        }
        return Self.types(of: node)
    }

    /// The same as types of the expression language: a number that the schema calls an integer may be written as 3.0.
    func valueTypes(at path: [String]) -> ValueTypes? {
        types(at: path).map { types in
            types.reduce(into: ValueTypes()) { known, type in
                switch type {
                case "null": known.insert(.null)
                case "boolean": known.insert(.bool)
                case "integer", "number": known.formUnion([.int, .double])
                case "string": known.insert(.string)
                case "array": known.insert(.list)
                case "object": known.insert(.map)
                default: known = .any
                }
            }
        }
    }

    /// What `type`, `const` or `enum` say; other keywords may only narrow that.
    private static func types(of node: JSONValue) -> Set<String>? {
        switch node["type"] {
        case .string(let type)?: return [type]
        case .array(let types)?: return Set(types.compactMap(\.stringValue))
        default: break
        }
        if let value = node["const"] { return [value.typeName] }
        return node["enum"]?.arrayValue.map { Set($0.map(\.typeName)) }
    }

    /// Nothing but its `properties` is taken.
    private static func isClosed(_ node: JSONValue) -> Bool {
        let isClosed = node["additionalProperties"] == false || node["unevaluatedProperties"] == false
        return isClosed && !opening.contains { keyword in node[keyword].map { $0 != false } ?? false }
    }
}
