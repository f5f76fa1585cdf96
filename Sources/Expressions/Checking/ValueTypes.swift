/// The types that a value may have, as far as they are known before it is computed.
public struct ValueTypes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let null = Self(rawValue: 1 << 0)
    public static let bool = Self(rawValue: 1 << 1)
    public static let int = Self(rawValue: 1 << 2)
    public static let uint = Self(rawValue: 1 << 3)
    public static let double = Self(rawValue: 1 << 4)
    public static let string = Self(rawValue: 1 << 5)
    public static let bytes = Self(rawValue: 1 << 6)
    public static let list = Self(rawValue: 1 << 7)
    public static let map = Self(rawValue: 1 << 8)
    public static let timestamp = Self(rawValue: 1 << 9)
    public static let duration = Self(rawValue: 1 << 10)
    public static let type = Self(rawValue: 1 << 11)
    public static let optional = Self(rawValue: 1 << 12)

    /// Nothing is known.
    public static let any = Self(rawValue: (1 << 13) - 1)
    static let numbers: Self = [.int, .uint, .double]

    private static let names: [(Self, String)] = [
        (.null, "null"), (.bool, "bool"), (.int, "int"), (.uint, "uint"), (.double, "double"), (.string, "string"),
        (.bytes, "bytes"), (.list, "list"), (.map, "map"), (.timestamp, "timestamp"), (.duration, "duration"),
        (.type, "type"), (.optional, "optional"),
    ]

    /// For people: `int or double`.
    var text: String { Self.names.filter { contains($0.0) }.map(\.1).joined(separator: " or ") }

    init(of value: Value) {
        switch value {
        case .null: self = .null
        case .bool: self = .bool
        case .int: self = .int
        case .uint: self = .uint
        case .double: self = .double
        case .string: self = .string
        case .bytes: self = .bytes
        case .list: self = .list
        case .map: self = .map
        case .timestamp: self = .timestamp
        case .duration: self = .duration
        case .type: self = .type
        case .optional: self = .optional
        }
    }
}

extension Syntax.Operator {
    /// What it gives for values of these types; empty: it takes no two of them.
    func result(_ left: ValueTypes, _ right: ValueTypes) -> ValueTypes {
        let both = left.intersection(right)
        switch self {
        case .equal, .notEqual: return .bool
        case .within: return right.isDisjoint(with: [.list, .map]) ? [] : .bool
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let areNumbers = !left.isDisjoint(with: .numbers) && !right.isDisjoint(with: .numbers)
            let isOrdered = !both.isDisjoint(with: [.bool, .string, .bytes, .timestamp, .duration])
            return areNumbers || isOrdered ? .bool : []
        case .plus:
            var result = both.intersection([.int, .uint, .double, .string, .bytes, .list, .duration])
            if left.contains(.timestamp) && right.contains(.duration)
                || left.contains(.duration) && right.contains(.timestamp)
            {
                result.insert(.timestamp)
            }
            return result
        case .minus:
            var result = both.intersection([.int, .uint, .double, .duration])
            if both.contains(.timestamp) { result.insert(.duration) }
            if left.contains(.timestamp), right.contains(.duration) { result.insert(.timestamp) }
            return result
        case .times, .over: return both.intersection(.numbers)
        case .modulo: return both.intersection([.int, .uint])
        }
    }
}
