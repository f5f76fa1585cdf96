public import JSON

/// A JSON value with its numbers exact and its texts compared by code points: what schemas are made of and what they
/// judge. Unlike `JSONValue` it holds integers of any size and the character U+0000.
public enum ExactJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(ExactNumber)
    case string(String)
    case array([ExactJSON])
    case object(ExactObject)

    /// The same value; doubles by their shortest text.
    public init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .number(ExactNumber(number))
        case .double(let number): self = .number(ExactNumber(shortestTextOf: number))
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map { ExactJSON($0) })
        case .object(let members): self = .object(ExactObject(members.map { ($0.key, ExactJSON($0.value)) }))
        }
    }

    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameCodePoints(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let flag):
            hasher.combine(1)
            hasher.combine(flag)
        case .number(let number):
            hasher.combine(2)
            hasher.combine(number)
        case .string(let text):
            hasher.combine(3)
            hasher.combine(ExactText(text))
        case .array(let elements):
            hasher.combine(4)
            hasher.combine(elements)
        case .object(let members):
            hasher.combine(5)
            hasher.combine(members)
        }
    }
}

extension ExactJSON {
    /// The member with this key; `nil` also when the value is no object.
    public subscript(key: String) -> ExactJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    public var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// What a message calls the value: a type of JSON Schema.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number(let number): number.isInteger ? "integer" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Values within it, itself included.
    var size: Int {
        switch self {
        case .null, .bool, .number, .string: 1
        case .array(let elements): elements.reduce(1) { $0 + $1.size }
        case .object(let members): members.reduce(1) { $0 + $1.value.size }
        }
    }

    /// The value as compact JSON text.
    public var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The text for a message: cut short where it is long.
    var excerpt: String {
        let text = size > 50 ? typeName : text
        return text.unicodeScalars.count <= 60 ? text : "\(String(text.unicodeScalars.prefix(57)))..."
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .number(let number): writer.raw(Array(number.description.utf8))
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.raw("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { writer.raw(",") }
                element.write(to: &writer)
            }
            writer.raw("]")
        case .object(let members):
            writer.raw("{")
            for (index, member) in members.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.key(member.key)
                member.value.write(to: &writer)
            }
            writer.raw("}")
        }
    }
}

extension ExactNumber {
    /// A finite double by its shortest text; anything else is zero, which `JSONValue` does not hold.
    init(shortestTextOf value: Double) {
        guard value.isFinite, let number = ExactNumber(text: value.description) else {
            self = .zero
            return
        }
        self = number
    }
}
