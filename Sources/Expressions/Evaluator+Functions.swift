import JSON

extension Evaluator {
    mutating func call(
        _ function: Syntax.Function, _ arguments: [JSONValue], at place: Place
    ) throws(ExpressionError) -> JSONValue {
        let first = arguments[0]
        switch function {
        case .size: return .int(try size(of: first, at: place))
        case .string:
            guard let text = first.scalarText else { throw noOverload(function, first, at: place) }
            return .string(text)
        case .int: return .int(try integer(first, at: place))
        case .double: return .double(try double(first, at: place))
        case .bool: return .bool(try boolean(first, at: place))
        case .contains, .startsWith, .endsWith:
            guard case .string(let text) = first else { throw noOverload(function, first, at: place) }
            guard case .string(let part) = arguments[1] else { throw noOverload(function, arguments[1], at: place) }
            try budget.spend(text.utf8.count / 64, at: place)
            return .bool(test(function, Array(text.utf8), Array(part.utf8)))
        }
    }

    private func noOverload(_ function: Syntax.Function, _ value: JSONValue, at place: Place) -> ExpressionError {
        place.error(.noOverload, "no such overload: \(function.rawValue)(\(value.typeName))")
    }

    /// Code points of a string, elements of a list, entries of a map.
    private mutating func size(of value: JSONValue, at place: Place) throws(ExpressionError) -> Int64 {
        switch value {
        case .string(let text):
            try budget.spend(text.utf8.count / 64, at: place)
            return Int64(text.unicodeScalars.count)
        case .array(let elements): return Int64(elements.count)
        case .object(let object): return Int64(object.count)
        case .null, .bool, .int, .double: throw noOverload(.size, value, at: place)
        }
    }

    private func integer(_ value: JSONValue, at place: Place) throws(ExpressionError) -> Int64 {
        switch value {
        case .int(let number): return number
        case .double(let number):
            guard number > -0x1p63, number < 0x1p63 else { throw place.error(.overflow, "integer overflow") }
            return Int64(number)
        case .string(let text):
            guard !text.hasPrefix("+"), let number = Int64(text) else {
                throw place.error(.conversion, "\"\(text)\" is no integer of 64 bits")
            }
            return number
        case .null, .bool, .array, .object: throw noOverload(.int, value, at: place)
        }
    }

    private func double(_ value: JSONValue, at place: Place) throws(ExpressionError) -> Double {
        switch value {
        case .int(let number): return Double(number)
        case .double(let number): return number
        case .string(let text):
            guard let number = Double(text), number.isFinite else {
                throw place.error(.conversion, "\"\(text)\" is no number")
            }
            return number
        case .null, .bool, .array, .object: throw noOverload(.double, value, at: place)
        }
    }

    private func boolean(_ value: JSONValue, at place: Place) throws(ExpressionError) -> Bool {
        switch value {
        case .bool(let truth): return truth
        case .string(let text):
            switch text {
            case "true", "True", "TRUE", "t", "1": return true
            case "false", "False", "FALSE", "f", "0": return false
            default: throw place.error(.conversion, "\"\(text)\" is no boolean")
            }
        case .null, .int, .double, .array, .object: throw noOverload(.bool, value, at: place)
        }
    }

    private func test(_ function: Syntax.Function, _ text: [UInt8], _ part: [UInt8]) -> Bool {
        switch function {
        case .startsWith: text.starts(with: part)
        case .endsWith: text.reversed().starts(with: part.reversed())
        case .contains, .size, .string, .int, .double, .bool: contains(text, part)
        }
    }

    private func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard !part.isEmpty else { return true }
        guard text.count >= part.count else { return false }
        return (0...text.count - part.count).contains { text[$0] == part[0] && text[$0...].starts(with: part) }
    }
}

extension JSONValue {
    /// What `string()` makes of a scalar; `nil` for `null`, lists and maps.
    var scalarText: String? {
        switch self {
        case .string(let text): return text
        case .bool(let truth): return truth ? "true" : "false"
        case .int(let number): return String(number)
        case .double(let number):
            // Without the fraction that is none: 2.0 is "2".
            if number == number.rounded(), number.magnitude < 1e15 { return String(Int64(number)) }
            return number.description
        case .null, .array, .object: return nil
        }
    }
}
