extension Evaluator {
    mutating func run(_ macro: Comprehension) throws(ExpressionError) -> Value {
        let range = try value(of: macro.range)
        let count = locals.count
        for _ in 0..<macro.variableCount { locals.append(.success(.null)) }
        defer { locals.removeLast(locals.count - count) }
        switch range {
        case .list(let list):
            return try run(macro, over: list, at: count) { index, _ in
                .int(Int64(index))
            } second: {
                $1
            }
        case .map(let map):
            return try run(macro, over: map, at: count) {
                $1.key
            } second: {
                $1.value
            }
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional:
            throw macro.place.error(
                .noOverload, "\"\(macro.kind.rawValue)\" goes through a list or a map, not \(range.typeName)")
        }
    }

    /// Lists and maps alike: `first` and `second` are the two variables; with one variable it is the element of a list
    /// and the key of a map.
    private mutating func run<Range: RandomAccessCollection>(
        _ macro: Comprehension, over range: Range, at slot: Int, first: (Int, Range.Element) -> Value,
        second: (Int, Range.Element) -> Value
    ) throws(ExpressionError) -> Value {
        var outcome = ComprehensionOutcome()
        var isList = false
        if Range.self == ListValue.self { isList = true }
        for (index, element) in range.enumerated() {
            try budget.spend(1, at: macro.place)
            let single: Value
            if macro.variableCount == 2 {
                single = first(index, element)
                locals[slot] = .success(single)
                locals[slot + 1] = .success(second(index, element))
            } else {
                single = isList ? second(index, element) : first(index, element)
                locals[slot] = .success(single)
            }
            if let filter = macro.filter, try !truth(of: filter, at: macro.place, as: macro.kind.rawValue) { continue }
            if let end = try step(macro, single, &outcome) { return end }
        }
        return try finish(macro, outcome)
    }

    /// One turn of the loop; a value ends it.
    private mutating func step(
        _ macro: Comprehension, _ element: Value, _ outcome: inout ComprehensionOutcome
    ) throws(ExpressionError) -> Value? {
        let name = macro.kind.rawValue
        switch macro.kind {
        case .all, .exists:
            let deciding = macro.kind == .exists
            do throws(ExpressionError) {
                if try truth(of: macro.body, at: macro.place, as: name) == deciding { return .bool(deciding) }
            } catch {
                guard error.isAbsorbable else { throw error }
                outcome.failure = outcome.failure ?? error
            }
        case .existsOne:
            if try truth(of: macro.body, at: macro.place, as: name) { outcome.hits += 1 }
        case .filter:
            if try truth(of: macro.body, at: macro.place, as: name) { outcome.values.append(element) }
        case .map, .transformList:
            outcome.values.append(try value(of: macro.body))
        case .sortBy:
            outcome.keys.append(try value(of: macro.body))
            outcome.values.append(element)
        case .transformMap:
            try insert(element, try value(of: macro.body), into: &outcome.map, at: macro.place)
        case .transformMapEntry:
            let entry = try value(of: macro.body)
            guard case .map(let entries) = entry else {
                throw macro.place.error(.noOverload, "\"\(name)\" makes maps, not \(entry.typeName)")
            }
            for entry in entries {
                try budget.spend(1, at: macro.place)
                try insert(entry.key, entry.value, into: &outcome.map, at: macro.place)
            }
        }
        return nil
    }

    private mutating func finish(
        _ macro: Comprehension, _ outcome: ComprehensionOutcome
    ) throws(ExpressionError) -> Value {
        switch macro.kind {
        case .all, .exists:
            if let failure = outcome.failure { throw failure }
            return .bool(macro.kind == .all)
        case .existsOne: return .bool(outcome.hits == 1)
        case .map, .filter, .transformList: return try list(of: outcome.values, at: macro.place)
        case .sortBy: return try list(of: sorted(outcome.values, by: outcome.keys, at: macro.place), at: macro.place)
        case .transformMap, .transformMapEntry: return try map(of: outcome.map, at: macro.place)
        }
    }
}

/// What a macro has gathered so far.
private struct ComprehensionOutcome {
    var values: [Value] = []
    var keys: [Value] = []
    var map = MapValue()
    var hits = 0
    /// The first error of a body, which a later body may hide.
    var failure: ExpressionError?

}
