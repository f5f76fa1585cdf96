import Patterns

/// Functions of the language itself: sizes, types, conversions, tests of strings.
enum CoreFunction: String, FunctionGroup {
    case size
    case type
    case dyn
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case timestamp
    case duration
    case contains
    case startsWith
    case endsWith
    case matches

    var function: Function { .core(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .contains, .startsWith, .endsWith, .matches: 2...2
        case .size, .type, .dyn, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration: 1...1
        }
    }

    var isGlobal: Bool {
        switch self {
        case .contains, .startsWith, .endsWith: false
        case .size, .type, .dyn, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .matches: true
        }
    }

    var isMember: Bool {
        switch self {
        case .size, .contains, .startsWith, .endsWith, .matches: true
        case .type, .dyn, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration: false
        }
    }
}

extension Evaluator {
    mutating func call(_ function: CoreFunction, _ call: Call) throws(ExpressionError) -> Value {
        switch function {
        case .size: return .int(try size(call))
        case .type: return .type(call.first.type)
        case .dyn: return call.first
        case .bool: return try bool(call)
        case .int: return try int(call)
        case .uint: return try uint(call)
        case .double: return try double(call)
        case .string: return try string(call)
        case .bytes: return try bytes(call)
        case .timestamp: return try timestamp(call)
        case .duration: return try duration(call)
        case .contains:
            let (text, part) = try texts(call)
            return .bool(SequenceSearch(for: part).first(in: text) != nil)
        case .startsWith:
            let (text, part) = try texts(call)
            return .bool(text.starts(with: part))
        case .endsWith:
            let (text, part) = try texts(call)
            return .bool(text.suffix(part.count).elementsEqual(part))
        case .matches:
            let source = try call.text(1)
            return .bool(try matches(call.first, try pattern(source, call), at: call.place))
        }
    }

    private mutating func texts(_ call: Call) throws(ExpressionError) -> ([UInt8], [UInt8]) {
        let (text, part) = (try call.text(0), try call.text(1))
        try budget.spend(bytes: text.utf8.count + part.utf8.count, at: call.place)
        return (Array(text.utf8), Array(part.utf8))
    }

    /// Code points of a string, bytes, elements of a list, entries of a map.
    private mutating func size(_ call: Call) throws(ExpressionError) -> Int64 {
        switch call.first {
        case .string(let text):
            try budget.spend(bytes: text.utf8.count, at: call.place)
            return Int64(text.unicodeScalars.count)
        case .bytes(let bytes): return Int64(bytes.count)
        case .list(let list): return Int64(list.count)
        case .map(let map): return Int64(map.count)
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type, .optional: throw call.noOverload
        }
    }

    // MARK: - Patterns

    mutating func matches(_ subject: Value, _ pattern: Pattern, at place: Place) throws(ExpressionError) -> Bool {
        guard case .string(let text) = subject else {
            throw place.error(.noOverload, "no such overload: matches(\(subject.typeName), string)")
        }
        try spend(matching: text, pattern, at: place)
        return pattern.matches(text)
    }

    /// A search takes time by the length of the subject, and at worst as many times as the pattern has instructions.
    mutating func spend(matching text: String, _ pattern: Pattern, at place: Place) throws(ExpressionError) {
        try budget.spend(1, at: place)
        try budget.spend(bytes: text.utf8.count, times: 1 + pattern.programSize / 64, at: place)
    }

    /// Compiles a pattern that only the values tell.
    mutating func pattern(_ source: String, _ call: Call) throws(ExpressionError) -> Pattern {
        try budget.spend(50 + source.utf8.count, at: call.place)
        let compiled: Pattern
        do throws(PatternError) {
            compiled = try Pattern(source)
        } catch {
            // It may have grown to the limit before it was refused, and `||` may hide the error.
            try budget.spend(10_000, at: call.place)
            throw call.failure(error.description)
        }
        try budget.spend(compiled.programSize, at: call.place)
        return compiled
    }
}
