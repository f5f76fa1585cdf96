public import JSON

extension Value {
    /// The value as JSON, by the JSON mapping of Protocol Buffers: `bytes` as base64, timestamps as RFC 3339, durations
    /// as seconds (`1.5s`), keys of maps as text. A type is its name, and an absent optional `null`.
    ///
    /// - Throws: When a `uint` does not fit into 64 bits with a sign, a text has U+0000, two keys have the same text, or
    ///   the value is too large for the budget.
    public func json(budget: inout EvaluationBudget) throws(ExpressionError) -> JSONValue {
        let place = Place(line: 1, column: 1, length: 1)
        try budget.spend(1, at: place)
        switch self {
        case .null: return .null
        case .bool(let truth): return .bool(truth)
        case .int(let number): return .int(number)
        case .uint(let number):
            guard let integer = Int64(exactly: number) else {
                throw place.error(.overflow, "\(number)u is beyond the integers of JSON; use string()")
            }
            return .int(integer)
        case .double(let number): return .double(number)
        case .string(let text): return .string(try Self.json(text, &budget, place))
        case .bytes(let bytes):
            try budget.spend(bytes: bytes.count * 2, at: place)
            return .string(Base64.encode(bytes))
        case .timestamp(let time): return .string(TimestampText.text(time))
        case .duration(let duration): return .string(DurationText.text(duration))
        case .type(let type): return .string(type.rawValue)
        case .optional(let optional): return try optional.value?.json(budget: &budget) ?? .null
        case .list(let list):
            if let json = list.json {
                try Self.spend(.array(json), &budget, place)
                return .array(json)
            }
            var elements: [JSONValue] = []
            elements.reserveCapacity(list.count)
            for element in list { elements.append(try element.json(budget: &budget)) }
            return .array(elements)
        case .map(let map):
            if let json = map.json {
                try Self.spend(.object(json), &budget, place)
                return .object(json)
            }
            var object = JSONObject()
            for entry in map {
                let name = try Self.json(MapKey(entry.key)?.name ?? "", &budget, place)
                guard object[name] == nil else {
                    throw place.error(.invalidKey, "two keys of a map are \"\(name)\" in JSON")
                }
                object[name] = try entry.value.json(budget: &budget)
            }
            return .object(object)
        }
    }

    private static func json(
        _ text: String, _ budget: inout EvaluationBudget, _ place: Place
    ) throws(ExpressionError) -> String {
        try budget.spend(bytes: text.utf8.count, at: place)
        guard !text.utf8.contains(0) else {
            throw place.error(.conversion, "a text has the character U+0000, which values of workflows cannot have")
        }
        return text
    }

    /// What came as JSON is passed on, and still costs what its size is: it may stand in a value many times.
    private static func spend(
        _ json: JSONValue, _ budget: inout EvaluationBudget, _ place: Place
    ) throws(ExpressionError) {
        try budget.spend(1, at: place)
        switch json {
        case .null, .bool, .int, .double: break
        case .string(let text): try budget.spend(bytes: text.utf8.count, at: place)
        case .array(let elements):
            for element in elements { try spend(element, &budget, place) }
        case .object(let object):
            for member in object {
                try budget.spend(bytes: member.key.utf8.count, at: place)
                try spend(member.value, &budget, place)
            }
        }
    }
}

extension JSONValue {
    /// What a text with expressions shows of a scalar, as `string()` does; `nil` for `null`, lists and maps.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .bool(let truth): truth ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): NumberText.text(number)
        case .null, .array, .object: nil
        }
    }
}
