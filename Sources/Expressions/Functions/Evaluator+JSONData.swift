import JSON

/// JSON of values, as the language definition maps them ("JSON Data Conversion").
extension Evaluator {
    /// The value with nothing in it that JSON does not have: numbers are doubles, integers beyond 2^53 − 1 and what is no
    /// finite number are text, and so are bytes (base64), timestamps and durations.
    ///
    /// - Throws: For types and optional values, and for maps with keys that are no texts: those have no JSON.
    mutating func jsonData(_ value: Value, at place: Place) throws(ExpressionError) -> Value {
        try budget.spend(1, at: place)
        switch value {
        case .null, .bool, .string: return value
        case .int(let number): return Self.jsonNumber(Double(number), isExact: number.magnitude < 1 << 53, "\(number)")
        case .uint(let number): return Self.jsonNumber(Double(number), isExact: number < 1 << 53, "\(number)")
        case .double(let number):
            return Self.jsonNumber(number, isExact: number.isFinite, number.isFinite ? "" : NumberText.text(number))
        case .bytes(let bytes):
            try budget.spend(bytes: bytes.count * 2, at: place)
            return .string(Base64.encode(bytes))
        case .timestamp(let time): return .string(TimestampText.text(time, fraction: FractionText.grouped))
        case .duration(let duration): return .string(DurationText.text(duration, fraction: FractionText.grouped))
        case .list(let list):
            var elements: [Value] = []
            elements.reserveCapacity(list.count)
            for element in list { elements.append(try jsonData(element, at: place)) }
            return try self.list(of: elements, at: place)
        case .map(let map):
            var members = MapValue()
            for entry in map {
                guard case .string = entry.key else {
                    throw place.error(.conversion, "JSON has no map with a key of type \(entry.key.typeName)")
                }
                try insert(entry.key, try jsonData(entry.value, at: place), into: &members, at: place)
            }
            return try self.map(of: members, at: place)
        case .type, .optional: throw place.error(.conversion, "JSON has no \(value.typeName)")
        }
    }

    private static func jsonNumber(_ number: Double, isExact: Bool, _ text: @autoclosure () -> String) -> Value {
        isExact ? .double(number) : .string(text())
    }

    /// The text of what `jsonData` gives, without spaces; members are sorted by their keys.
    mutating func jsonText(_ value: Value, at place: Place) throws(ExpressionError) -> String {
        var writer = JSONWriter()
        try write(try jsonData(value, at: place), to: &writer, at: place)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func write(
        _ value: Value, to writer: inout JSONWriter, at place: Place
    ) throws(ExpressionError) {
        let start = writer.bytes.count
        switch value {
        case .bool(let truth): writer.bool(truth)
        case .double(let number): writer.raw(Array(NumberText.text(number).utf8))
        case .string(let text): writer.string(text)
        case .list(let list):
            writer.raw("[")
            for (index, element) in list.enumerated() {
                if index > 0 { writer.raw(",") }
                try write(element, to: &writer, at: place)
            }
            writer.raw("]")
            return
        case .map(let map):
            writer.raw("{")
            let members = map.map { (key: MapKey($0.key)?.name ?? "", value: $0.value) }
                .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, member) in members.enumerated() {
                if index > 0 { writer.raw(",") }
                try budget.spend(bytes: member.key.utf8.count, at: place)
                writer.key(member.key)
                try write(member.value, to: &writer, at: place)
            }
            writer.raw("}")
            return
        case .null, .int, .uint, .bytes, .timestamp, .duration, .type, .optional: writer.null()
        }
        try budget.spend(bytes: writer.bytes.count - start, at: place)
    }
}
