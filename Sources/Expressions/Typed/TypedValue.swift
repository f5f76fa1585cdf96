public import JSON

/// Values with their types, as the JSON form of `cel.expr.Value`: `{"int64Value": "1"}`, `{"listValue": {"values": […]}}`.
///
/// Timestamps and durations are `{"objectValue": {"@type": …, "value": …}}`, and reading takes the other messages of
/// Protocol Buffers that stand for plain values there too.
public enum TypedValue {
    /// Writes a value.
    ///
    /// - Throws: When the value is too large for the budget.
    public static func json(_ value: Value, budget: inout EvaluationBudget) throws(ExpressionError) -> JSONValue {
        let place = Place(line: 1, column: 1, length: 1)
        try budget.spend(1, at: place)
        switch value {
        case .null: return ["nullValue": nil]
        case .bool(let truth): return ["boolValue": .bool(truth)]
        case .int(let number): return ["int64Value": .string(String(number))]
        case .uint(let number): return ["uint64Value": .string(String(number))]
        case .double(let number): return ["doubleValue": Self.json(number)]
        case .string(let text):
            try budget.spend(bytes: text.utf8.count, at: place)
            return ["stringValue": .string(text)]
        case .bytes(let bytes):
            try budget.spend(bytes: bytes.count, at: place)
            return ["bytesValue": .string(Base64.encode(bytes))]
        case .type(let type): return ["typeValue": .string(type.rawValue)]
        case .timestamp(let time):
            return object("Timestamp", .string(TimestampText.text(time, fraction: FractionText.grouped)))
        case .duration(let duration):
            return object("Duration", .string(DurationText.text(duration, fraction: FractionText.grouped)))
        case .list(let list):
            var values: [JSONValue] = []
            values.reserveCapacity(list.count)
            for element in list { values.append(try json(element, budget: &budget)) }
            return ["listValue": ["values": .array(values)]]
        case .map(let map):
            var entries: [JSONValue] = []
            for entry in map {
                entries.append([
                    "key": try json(entry.key, budget: &budget), "value": try json(entry.value, budget: &budget),
                ])
            }
            return ["mapValue": ["entries": .array(entries)]]
        case .optional(let optional):
            guard let value = optional.value else { return ["optionalValue": [:]] }
            return ["optionalValue": ["value": try json(value, budget: &budget)]]
        }
    }

    /// JSON has no numbers for NaN and the infinities: they are text.
    private static func json(_ number: Double) -> JSONValue {
        number.isFinite ? .double(number) : .string(NumberText.text(number))
    }

    private static func object(_ name: String, _ value: JSONValue) -> JSONValue {
        ["objectValue": ["@type": .string("type.googleapis.com/google.protobuf.\(name)"), "value": value]]
    }
}

/// A typed value that cannot be read.
public struct TypedValueError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String

    public var description: String { message }
}
