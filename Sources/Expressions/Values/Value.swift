public import JSON

/// A value of the Common Expression Language.
///
/// `==` compares types and contents as they are, and two NaN as equal: it serves tests and sets. The language's own
/// equality, by which `1 == 1.0`, is the evaluator's.
public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list(ListValue)
    case map(MapValue)
    case timestamp(Timestamp)
    case duration(Duration)
    case type(ValueType)
    case optional(OptionalValue)

    /// Takes a JSON value: its integers are `int`, its other numbers `double`. Arrays and objects are not copied; their
    /// elements become values where they are read.
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .bool(truth)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(ListValue(json: elements))
        case .object(let object): self = .map(MapValue(json: object))
        }
    }

    /// The type that `type()` gives.
    public var type: ValueType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        }
    }

    /// What messages call its type.
    public var typeName: String { type.rawValue }

    /// Lists, maps and optionals within one another.
    var depth: Int {
        switch self {
        case .list(let list): list.depth
        case .map(let map): map.depth
        case .optional(let optional): optional.depth
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type: 0
        }
    }
}
