/// Functions of the extensions for lists, maps and sets, and `reverse` for strings.
enum CollectionFunction: String, FunctionGroup {
    case setContains = "sets.contains"
    case setEquivalent = "sets.equivalent"
    case setIntersects = "sets.intersects"
    case range = "lists.range"
    case slice
    case flatten
    case distinct
    case sort
    case reverse
    case first
    case last
    case merge

    var function: Function { .collection(self) }

    var arity: ClosedRange<Int> {
        switch self {
        case .setContains, .setEquivalent, .setIntersects, .merge: 2...2
        case .slice: 3...3
        case .flatten: 1...2
        case .range, .distinct, .sort, .reverse, .first, .last: 1...1
        }
    }
}

extension Evaluator {
    mutating func call(_ function: CollectionFunction, _ call: Call) throws(ExpressionError) -> Value {
        let place = call.place
        switch function {
        case .setContains: return .bool(try contains(try call.list(0), try call.list(1), place))
        case .setEquivalent:
            let (left, right) = (try call.list(0), try call.list(1))
            guard try contains(left, right, place) else { return .bool(false) }
            return .bool(try contains(right, left, place))
        case .setIntersects:
            let (left, right) = (try call.list(0), Value.list(try call.list(1)))
            for element in left {
                if try isWithin(element, right, at: place) { return .bool(true) }
            }
            return .bool(false)
        case .range:
            let count = max(0, try call.integer(0))
            try budget.spend(count, at: place)
            return try list(of: (0..<count).map { .int(Int64($0)) }, at: place)
        case .slice:
            let elements = try call.list(0)
            let begin = try call.position(1, in: 0...elements.count)
            let end = try call.position(2, in: 0...elements.count)
            guard begin <= end else {
                throw place.error(.indexOutOfRange, "slice: begin \(begin) is after end \(end)")
            }
            try budget.spend(end - begin, at: place)
            return try list(of: Array(elements[begin..<end]), at: place)
        case .flatten:
            let depth = call.count > 1 ? try call.integer(1) : 1
            guard depth >= 0 else { throw call.failure("the depth is negative: \(depth)") }
            var flat: [Value] = []
            try flatten(try call.list(0), depth, into: &flat, at: place)
            return try list(of: flat, at: place)
        case .distinct: return try list(of: try distinct(try call.list(0), place), at: place)
        case .sort:
            let elements = Array(try call.list(0))
            return try list(of: try sorted(elements, by: elements, at: place), at: place)
        case .reverse: return try reverse(call)
        case .first: return .optional(OptionalValue(try call.list(0).first))
        case .last: return .optional(OptionalValue(try call.list(0).last))
        case .merge: return try merge(call)
        }
    }

    private mutating func contains(
        _ list: ListValue, _ wanted: ListValue, _ place: Place
    ) throws(ExpressionError) -> Bool {
        for element in wanted {
            guard try isWithin(element, .list(list), at: place) else { return false }
        }
        return true
    }

    private mutating func flatten(
        _ list: ListValue, _ depth: Int, into flat: inout [Value], at place: Place
    ) throws(ExpressionError) {
        for element in list {
            try budget.spend(1, at: place)
            if depth > 0, case .list(let inner) = element {
                try flatten(inner, depth - 1, into: &flat, at: place)
            } else {
                flat.append(element)
            }
        }
    }

    /// The first of those that are equal.
    private mutating func distinct(_ list: ListValue, _ place: Place) throws(ExpressionError) -> [Value] {
        var kept: [Value] = []
        search: for element in list {
            for other in kept {
                try budget.spend(1, at: place)
                if try isEqual(other, element, at: place) { continue search }
            }
            kept.append(element)
        }
        return kept
    }

    /// Of a key that both have, the argument's value counts; maps within them are not merged.
    private mutating func merge(_ call: Call) throws(ExpressionError) -> Value {
        guard case .map(let left) = call.first, case .map(let right) = call.arguments[1] else { throw call.noOverload }
        var merged = MapValue()
        for entry in left {
            try budget.spend(1, at: call.place)
            let value = right.value(for: entry.key) ?? entry.value
            try insert(entry.key, value, into: &merged, at: call.place)
        }
        for entry in right {
            try budget.spend(1, at: call.place)
            guard left.value(for: entry.key) == nil else { continue }
            try insert(entry.key, entry.value, into: &merged, at: call.place)
        }
        return try map(of: merged, at: call.place)
    }

    private mutating func reverse(_ call: Call) throws(ExpressionError) -> Value {
        switch call.first {
        case .string(let text):
            try budget.spend(bytes: text.utf8.count, at: call.place)
            return .string(String(text.unicodeScalars.reversed()[...]))
        case .list(let elements):
            try budget.spend(elements.count, at: call.place)
            return try list(of: elements.reversed(), at: call.place)
        default: throw call.noOverload
        }
    }
}
