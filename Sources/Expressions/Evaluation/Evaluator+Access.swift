extension Evaluator {
    // MARK: - References

    mutating func read(_ reference: Reference) throws(ExpressionError) -> Value {
        try budget.spend(1 + reference.path.count, at: reference.place)
        guard let resolved = try scope.resolve(reference) else {
            throw reference.place.error(.noSuchKey, "there is no \"\(reference.name)\"")
        }
        return try follow(resolved, reference, upTo: reference.path.count)
    }

    private func follow(
        _ resolved: Resolved, _ reference: Reference, upTo end: Int
    ) throws(ExpressionError) -> Value {
        var value = resolved.value
        guard resolved.consumed < end else { return value }
        for index in resolved.consumed..<end {
            value = try field(reference.path[index], of: value, isOptional: false, at: reference.place(of: index))
        }
        return value
    }

    /// Whether the last field is there; that a field before it is missing is an error.
    mutating func has(_ reference: Reference) throws(ExpressionError) -> Bool {
        try budget.spend(1 + reference.path.count, at: reference.place)
        let last = reference.path.count - 1
        guard let resolved = try scope.resolve(reference) else { return false }
        guard resolved.consumed <= last else { return true }
        let value = try follow(resolved, reference, upTo: last)
        return try holds(reference.path[last], value, at: reference.place)
    }

    func holds(_ name: String, _ value: Value, at place: Place) throws(ExpressionError) -> Bool {
        switch value {
        case .map(let map): return map.value(for: .string(name)) != nil
        case .optional(let optional):
            guard let value = optional.value else { return false }
            return try holds(name, value, at: place)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .list, .timestamp, .duration, .type:
            throw place.error(.noOverload, "\(value.typeName) has no fields")
        }
    }

    // MARK: - Fields and elements

    mutating func select(
        _ name: String, from value: Value, _ isOptional: Bool, at place: Place
    ) throws(ExpressionError) -> Value {
        try budget.spend(1, at: place)
        return try field(name, of: value, isOptional: isOptional, at: place)
    }

    /// What is selected from an optional value is optional again.
    private func field(
        _ name: String, of value: Value, isOptional: Bool, at place: Place
    ) throws(ExpressionError) -> Value {
        switch value {
        case .map(let map):
            let found = map.value(for: .string(name))
            if isOptional { return .optional(OptionalValue(found)) }
            guard let found else { throw place.error(.noSuchKey, "no such key: \"\(name)\"") }
            return found
        case .optional(let optional):
            guard let value = optional.value else { return .optional(.none) }
            return try field(name, of: value, isOptional: true, at: place)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .list, .timestamp, .duration, .type:
            throw place.error(.noOverload, "\(value.typeName) has no field \"\(name)\"")
        }
    }

    mutating func element(
        _ index: Value, of container: Value, _ isOptional: Bool, at place: Place
    ) throws(ExpressionError) -> Value {
        try budget.spend(1, at: place)
        switch container {
        case .map(let map):
            guard MapKey(index) != nil || index.type == .double else {
                throw place.error(.noOverload, "no such index: map[\(index.typeName)]")
            }
            if case .string(let text) = index { try budget.spend(bytes: text.utf8.count, at: place) }
            let found = map.value(for: index)
            if isOptional { return .optional(OptionalValue(found)) }
            guard let found else { throw place.error(.noSuchKey, "no such key: \(index.shown)") }
            return found
        case .list(let list):
            guard let position = position(index) else {
                throw place.error(.noOverload, "no such index: list[\(index.typeName)]")
            }
            let isInside = list.indices.contains(position)
            if isOptional { return .optional(OptionalValue(isInside ? list[position] : nil)) }
            guard isInside else {
                throw place.error(.indexOutOfRange, "index \(index.shown) is outside a list of \(list.count)")
            }
            return list[position]
        case .optional(let optional):
            guard let value = optional.value else { return .optional(.none) }
            return try element(index, of: value, true, at: place)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type:
            throw place.error(.noOverload, "no such index: \(container.typeName)[\(index.typeName)]")
        }
    }

    private func position(_ index: Value) -> Int? {
        switch index {
        case .int(let number): Int(number)
        case .uint(let number): Int(clamping: number)
        case .double(let number): Int(exactly: number)
        case .null, .bool, .string, .bytes, .list, .map, .timestamp, .duration, .type, .optional: nil
        }
    }
}
