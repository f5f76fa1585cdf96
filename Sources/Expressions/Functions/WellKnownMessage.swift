/// The messages of Protocol Buffers that stand for plain values, as the language definition has them: an expression such
/// as `google.protobuf.Int64Value{value: 1}` is the value 1.
enum WellKnownMessage: String, Sendable, CaseIterable {
    case bool = "google.protobuf.BoolValue"
    case bytes = "google.protobuf.BytesValue"
    case double = "google.protobuf.DoubleValue"
    case float = "google.protobuf.FloatValue"
    case int32 = "google.protobuf.Int32Value"
    case int64 = "google.protobuf.Int64Value"
    case string = "google.protobuf.StringValue"
    case uint32 = "google.protobuf.UInt32Value"
    case uint64 = "google.protobuf.UInt64Value"
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
    case value = "google.protobuf.Value"
    case structure = "google.protobuf.Struct"
    case list = "google.protobuf.ListValue"

    /// The only constant of the enum of `null_value`. Enums are integers.
    static let nullConstant = "google.protobuf.NullValue.NULL_VALUE"

    var fields: [String] {
        switch self {
        case .bool, .bytes, .double, .float, .int32, .int64, .string, .uint32, .uint64: ["value"]
        case .timestamp, .duration: ["seconds", "nanos"]
        case .value: ["null_value", "number_value", "string_value", "bool_value", "struct_value", "list_value"]
        case .structure: ["fields"]
        case .list: ["values"]
        }
    }

    /// Of a message without fields.
    private var zero: Value? {
        switch self {
        case .bool: .bool(false)
        case .bytes: .bytes([])
        case .double, .float: .double(0)
        case .int32, .int64: .int(0)
        case .string: .string("")
        case .uint32, .uint64: .uint(0)
        case .value: .null
        case .structure: .map(MapValue())
        case .list: .list(ListValue([]))
        case .timestamp, .duration: nil
        }
    }

    /// The plain value of the message with these fields; `nil` when a field has a value of another type or range.
    func plain(_ fields: [(name: String, value: Value)]) -> Value? {
        switch self {
        case .timestamp, .duration: return time(fields)
        case .bool, .bytes, .double, .float, .int32, .int64, .string, .uint32, .uint64, .value, .structure, .list:
            guard let field = fields.last else { return zero }
            return plain(field.name, field.value)
        }
    }

    /// Whether it takes the value as JSON only: what is in a `Struct` or a `ListValue` is JSON again.
    func holdsJSON(_ value: Value) -> Bool {
        switch (self, value) {
        case (.value, .map), (.value, .list), (.structure, .map), (.list, .list): true
        default: false
        }
    }

    private func plain(_ field: String, _ value: Value) -> Value? {
        switch (self, value) {
        case (.bool, .bool), (.bytes, .bytes), (.double, .double), (.int64, .int), (.string, .string),
            (.uint64, .uint), (.structure, .map), (.list, .list):
            return value
        case (.float, .double(let number)): return .double(Double(Float(number)))
        case (.int32, .int(let number)): return Int32(exactly: number) == nil ? nil : value
        case (.uint32, .uint(let number)): return UInt32(exactly: number) == nil ? nil : value
        case (.value, .null) where field == "null_value", (.value, .double) where field == "number_value",
            (.value, .string) where field == "string_value", (.value, .bool) where field == "bool_value",
            (.value, .map) where field == "struct_value", (.value, .list) where field == "list_value":
            return value
        case (.value, .int) where field == "null_value": return .null
        default: return nil
        }
    }

    private func time(_ fields: [(name: String, value: Value)]) -> Value? {
        var parts: [String: Int64] = [:]
        for field in fields {
            guard case .int(let number) = field.value else { return nil }
            parts[field.name] = number
        }
        let (seconds, nanoseconds) = (parts["seconds"] ?? 0, parts["nanos"] ?? 0)
        if self == .timestamp {
            guard let nanoseconds = Int32(exactly: nanoseconds) else { return nil }
            return Timestamp(seconds: seconds, nanoseconds: nanoseconds).map { .timestamp($0) }
        }
        let duration = Duration(nanoseconds: Int128(seconds) * 1_000_000_000 + Int128(nanoseconds))
        return nanoseconds.magnitude < 1_000_000_000 && duration.isAllowed ? .duration(duration) : nil
    }
}

extension Evaluator {
    mutating func message(
        _ message: WellKnownMessage, _ fields: [(name: String, value: Node)], at place: Place
    ) throws(ExpressionError) -> Value {
        try budget.spend(1 + fields.count, at: place)
        var values: [(name: String, value: Value)] = []
        for field in fields {
            let value = try value(of: field.value)
            values.append((field.name, message.holdsJSON(value) ? try jsonData(value, at: place) : value))
        }
        guard let plain = message.plain(values) else {
            throw place.error(.conversion, "\(message.rawValue): a field has a value of another type or range")
        }
        return plain
    }
}
