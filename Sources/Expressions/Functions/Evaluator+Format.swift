private import Glibc

extension Evaluator {
    /// `format` of the extension for strings: `%s %d %f %e %x %X %o %b %%`, with a precision as in `%.3f`.
    mutating func format(_ call: Call) throws(ExpressionError) -> String {
        let pattern = Array(try call.text(0).unicodeScalars)
        let arguments = try call.list(1)
        try budget.spend(bytes: pattern.count, at: call.place)
        var result = String.UnicodeScalarView()
        var next = 0
        var position = 0
        while position < pattern.count {
            let scalar = pattern[position]
            position += 1
            guard scalar == "%" else {
                result.append(scalar)
                continue
            }
            if position < pattern.count, pattern[position] == "%" {
                result.append("%")
                position += 1
                continue
            }
            let precision = try self.precision(pattern, &position, call)
            guard position < pattern.count else { throw call.failure("a \"%\" without a letter after it") }
            let verb = pattern[position]
            position += 1
            guard next < arguments.count else { throw call.failure("index \(next) out of range: too few values") }
            let piece = try self.piece(verb, precision, arguments[next], call)
            next += 1
            try budget.spend(1 + piece.utf8.count / EvaluationBudget.unitBytes, at: call.place)
            result.append(contentsOf: piece.unicodeScalars)
        }
        return String(result)
    }

    private func precision(
        _ pattern: [UnicodeScalar], _ position: inout Int, _ call: Call
    ) throws(ExpressionError) -> Int? {
        guard position < pattern.count, pattern[position] == "." else { return nil }
        position += 1
        var value: Int?
        while position < pattern.count, let digit = pattern[position].decimalDigit {
            value = (value ?? 0) * 10 + digit
            guard (value ?? 0) <= 1000 else { throw call.failure("a precision is at most 1000") }
            position += 1
        }
        guard let value else { throw call.failure("a precision lacks its digits") }
        return value
    }

    private mutating func piece(
        _ verb: UnicodeScalar, _ precision: Int?, _ value: Value, _ call: Call
    ) throws(ExpressionError) -> String {
        switch verb {
        case "s": return try shown(value, call)
        case "d":
            switch value {
            case .int(let number): return String(number)
            case .uint(let number): return String(number)
            case .double(let number): return NumberText.plain(number)
            default: throw unfit(verb, "numbers", value, call)
            }
        case "f": return formatted(try number(verb, value, call), precision ?? 6, isScientific: false)
        case "e": return formatted(try number(verb, value, call), precision ?? 6, isScientific: true)
        case "b":
            if case .bool(let truth) = value { return truth ? "1" : "0" }
            return try integer(verb, value, radix: 2, call)
        case "o": return try integer(verb, value, radix: 8, call)
        case "x", "X":
            let isUppercase = verb == "X"
            switch value {
            case .string(let text): return try hexadecimal(Array(text.utf8), isUppercase, call)
            case .bytes(let bytes): return try hexadecimal(bytes, isUppercase, call)
            default:
                let text = try integer(verb, value, radix: 16, call)
                return isUppercase ? text.uppercased() : text
            }
        default: throw call.failure("could not parse formatting clause: unrecognized clause \"\(verb)\"")
        }
    }

    private func unfit(
        _ verb: UnicodeScalar, _ wanted: String, _ value: Value, _ call: Call
    ) -> ExpressionError {
        call.failure("%\(verb) takes \(wanted), was given \(value.typeName)")
    }

    private func number(_ verb: UnicodeScalar, _ value: Value, _ call: Call) throws(ExpressionError) -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        default: throw unfit(verb, "numbers", value, call)
        }
    }

    private func integer(
        _ verb: UnicodeScalar, _ value: Value, radix: Int, _ call: Call
    ) throws(ExpressionError) -> String {
        switch value {
        case .int(let number): return String(number, radix: radix)
        case .uint(let number): return String(number, radix: radix)
        default: throw unfit(verb, "integers", value, call)
        }
    }

    private mutating func hexadecimal(
        _ bytes: [UInt8], _ isUppercase: Bool, _ call: Call
    ) throws(ExpressionError) -> String {
        try budget.spend(bytes: bytes.count, at: call.place)
        return bytes.reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16, uppercase: isUppercase)
            text += digits.utf8.count < 2 ? "0" + digits : digits
        }
    }

    private func formatted(_ number: Double, _ precision: Int, isScientific: Bool) -> String {
        guard number.isFinite else { return NumberText.text(number) }
        let pattern = isScientific ? "%.\(precision)e" : "%.\(precision)f"
        // A double has at most 309 digits before its point.
        var buffer = [CChar](repeating: 0, count: 400 + precision)
        let count = unsafe withVaList([number]) { unsafe vsnprintf(&buffer, buffer.count, pattern, $0) }
        return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What `%s` makes of any value. Keys of maps are sorted.
    private mutating func shown(_ value: Value, _ call: Call) throws(ExpressionError) -> String {
        try budget.spend(1, at: call.place)
        switch value {
        case .null: return "null"
        case .bool(let truth): return truth ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return NumberText.plain(number)
        case .string(let text): return text
        case .bytes(let bytes): return Self.repaired(bytes)
        case .timestamp(let time): return TimestampText.text(time)
        case .duration(let duration): return NumberText.plain(duration.doubleSeconds) + "s"
        case .type(let type): return type.rawValue
        case .list(let list):
            var parts: [String] = []
            for element in list { parts.append(try spent(try shown(element, call), call)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(key: String, text: String)] = []
            for entry in map {
                let key = try shown(entry.key, call)
                parts.append((key, try spent("\(key): \(try shown(entry.value, call))", call)))
            }
            parts.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return "{" + parts.map(\.text).joined(separator: ", ") + "}"
        case .optional: throw unfit("s", "values", value, call)
        }
    }

    /// Bytes as text; what is no UTF-8 becomes one U+FFFD, however long it is.
    private static func repaired(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var isBroken = false
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                text.append(scalar)
                isBroken = false
            case .error:
                if !isBroken { text.append("\u{FFFD}") }
                isBroken = true
            case .emptyInput: return String(text)
            }
        }
    }

    private mutating func spent(_ text: String, _ call: Call) throws(ExpressionError) -> String {
        try budget.spend(bytes: text.utf8.count, at: call.place)
        return text
    }
}
