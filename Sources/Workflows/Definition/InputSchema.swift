public import JSON

/// What the input of a run must look like: the part of JSON Schema that `inputs` understands.
public struct InputSchema: Hashable, Sendable {
    /// A type of JSON Schema.
    public enum ValueType: String, Hashable, Sendable, CaseIterable {
        case string, integer, number, boolean, array, object, null
    }

    /// A property and what it takes.
    public struct Property: Hashable, Sendable {
        public var name: String
        /// Empty: any type.
        public var types: [ValueType]
        /// Filled in when the input does not name the property.
        public var defaultValue: JSONValue?
        public var allowed: [JSONValue]?
        public var description: String?

        public init(
            name: String, types: [ValueType] = [], defaultValue: JSONValue? = nil, allowed: [JSONValue]? = nil,
            description: String? = nil
        ) {
            self.name = name
            self.types = types
            self.defaultValue = defaultValue
            self.allowed = allowed
            self.description = description
        }
    }

    public var properties: [Property]
    public var required: [String]
    /// Properties that the schema does not name are taken.
    public var allowsOthers: Bool

    public init(properties: [Property] = [], required: [String] = [], allowsOthers: Bool = false) {
        self.properties = properties
        self.required = required
        self.allowsOthers = allowsOthers
    }
}
