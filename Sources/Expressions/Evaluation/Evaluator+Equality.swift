extension Evaluator {
    /// Numbers are equal by value, whatever their types; values of other different types are not equal.
    mutating func isEqual(_ left: Value, _ right: Value, at place: Place) throws(ExpressionError) -> Bool {
        if let order = left.numberOrder(right) { return order == .equal }
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)):
            guard left.utf8.count == right.utf8.count else { return false }
            try budget.spend(bytes: left.utf8.count, at: place)
            return left.utf8.elementsEqual(right.utf8)
        case (.bytes(let left), .bytes(let right)):
            try budget.spend(bytes: left.count, at: place)
            return left == right
        case (.timestamp(let left), .timestamp(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.type(let left), .type(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for index in left.indices {
                try budget.spend(1, at: place)
                guard try isEqual(left[index], right[index], at: place) else { return false }
            }
            return true
        case (.map(let left), .map(let right)):
            guard left.count == right.count else { return false }
            for entry in left {
                try budget.spend(1, at: place)
                guard let other = right.value(for: entry.key), try isEqual(entry.value, other, at: place) else {
                    return false
                }
            }
            return true
        case (.optional(let left), .optional(let right)):
            guard let left = left.value, let right = right.value else {
                return left.value == nil && right.value == nil
            }
            return try isEqual(left, right, at: place)
        case (.null, _), (.bool, _), (.int, _), (.uint, _), (.double, _), (.string, _), (.bytes, _), (.list, _),
            (.map, _), (.timestamp, _), (.duration, _), (.type, _), (.optional, _):
            return false
        }
    }

    /// The order of two values of types that have one; `nil` for others.
    mutating func order(_ left: Value, _ right: Value, at place: Place) throws(ExpressionError) -> ValueOrder? {
        if let order = left.numberOrder(right) { return order }
        switch (left, right) {
        case (.bool(let left), .bool(let right)): return ValueOrder(left ? 1 : 0, right ? 1 : 0)
        // By code point, as UTF-8 sorts.
        case (.string(let left), .string(let right)):
            try budget.spend(bytes: min(left.utf8.count, right.utf8.count), at: place)
            return order(left.utf8, right.utf8)
        case (.bytes(let left), .bytes(let right)):
            try budget.spend(bytes: min(left.count, right.count), at: place)
            return order(left, right)
        case (.timestamp(let left), .timestamp(let right)): return ValueOrder(left, right)
        case (.duration(let left), .duration(let right)): return ValueOrder(left, right)
        default: return nil
        }
    }

    private func order(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> ValueOrder {
        if left.elementsEqual(right) { return .equal }
        return left.lexicographicallyPrecedes(right) ? .less : .greater
    }

    mutating func isWithin(
        _ value: Value, _ container: Value, at place: Place
    ) throws(ExpressionError) -> Bool {
        switch container {
        case .list(let list):
            for element in list {
                try budget.spend(1, at: place)
                if try isEqual(element, value, at: place) { return true }
            }
            return false
        case .map(let map):
            if case .string(let text) = value { try budget.spend(bytes: text.utf8.count, at: place) }
            return map.value(for: value) != nil
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional:
            throw mismatch(.within, value, container, at: place)
        }
    }

    func mismatch(
        _ operation: Syntax.Operator, _ left: Value, _ right: Value, at place: Place
    ) -> ExpressionError {
        place.error(.noOverload, "no such overload: \(left.typeName) \(operation.rawValue) \(right.typeName)")
    }

    /// Values in the order of their keys, which are of one type that has an order; equal ones stay as they stood.
    mutating func sorted(
        _ values: [Value], by keys: [Value], at place: Place
    ) throws(ExpressionError) -> [Value] {
        guard let first = keys.first else { return [] }
        for key in keys {
            guard key.type == first.type, try order(key, key, at: place) == .equal else {
                throw place.error(.noOverload, "values of one type that has an order can be sorted")
            }
        }
        // Merging from the bottom up: every comparison may end the evaluation, which the library's sort cannot.
        var positions = Array(values.indices)
        var width = 1
        while width < positions.count {
            var merged: [Int] = []
            merged.reserveCapacity(positions.count)
            for begin in stride(from: 0, to: positions.count, by: 2 * width) {
                let middle = min(begin + width, positions.count)
                let end = min(begin + 2 * width, positions.count)
                var left = begin
                var right = middle
                while left < middle || right < end {
                    try budget.spend(1, at: place)
                    let takesRight: Bool
                    if left == middle {
                        takesRight = true
                    } else if right == end {
                        takesRight = false
                    } else {
                        takesRight = try order(keys[positions[right]], keys[positions[left]], at: place) == .less
                    }
                    merged.append(positions[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
            }
            positions = merged
            width *= 2
        }
        return positions.map { values[$0] }
    }
}
