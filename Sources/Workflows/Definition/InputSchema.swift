public import JSON
import Schemas

/// What the input of a run must look like: a JSON Schema (draft 2020-12) of an object.
///
/// It differs from the standard in one point: properties that the schema does not describe are refused, unless
/// `additionalProperties` or `unevaluatedProperties` says otherwise. A mistyped input would else go unseen.
public struct InputSchema: Sendable {
    /// The schema as it was written.
    public let document: JSONValue
    /// What `properties` declares, in its order.
    public let properties: [Property]
    /// An input may name properties that `properties` does not declare.
    public let allowsOthers: Bool
    let schema: Schema

    /// A property that the schema declares.
    public struct Property: Hashable, Sendable {
        public var name: String
        /// Filled in where an input does not name the property.
        public var defaultValue: JSONValue?
    }

    /// - Throws: Every problem of the schema. A keyword that is nearly a known one is a problem too.
    init(_ document: JSONValue) throws(SchemaError) {
        self.document = document
        schema = try Schema(ExactJSON(Self.closed(document)), options: SchemaOptions(refusesMisspelling: true))
        let declared = document["properties"]?.objectValue ?? JSONObject()
        properties = declared.map { Property(name: $0.key, defaultValue: $0.value["default"]) }
        allowsOthers = Self.opening.contains { keyword in document[keyword].map { $0 != false } ?? false }
    }

    /// Keywords by which names beyond `properties` may come in.
    static let opening = [
        "additionalProperties", "unevaluatedProperties", "patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref",
        "$dynamicRef", "dependentSchemas",
    ]

    /// The schema with its default that no other properties are taken. `unevaluatedProperties` also sees what `allOf`,
    /// `$ref` and the like describe.
    private static func closed(_ document: JSONValue) -> JSONValue {
        guard case .object(var members) = document, members["additionalProperties"] == nil,
            members["unevaluatedProperties"] == nil
        else { return document }
        members["unevaluatedProperties"] = false
        return .object(members)
    }
}

extension InputSchema: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.document == right.document }

    public func hash(into hasher: inout Hasher) { hasher.combine(document) }
}
