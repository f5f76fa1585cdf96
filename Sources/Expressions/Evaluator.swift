import JSON

/// Walks a tree once.
struct Evaluator<Scope: ExpressionScope> {
    let scope: Scope
    var budget: EvaluationBudget

    mutating func value(of syntax: Syntax) throws(ExpressionError) -> JSONValue {
        switch syntax {
        case .literal(let value): return value
        case .reference(let reference):
            return try read(reference)
        case .select(let operand, let name, let place):
            try budget.spend(1, at: place)
            return try member(name, of: try value(of: operand), at: place)
        case .index(let operand, let index, let place):
            try budget.spend(1, at: place)
            let container = try value(of: operand)
            return try element(try value(of: index), of: container, at: place)
        case .has(let field, let place):
            try budget.spend(1, at: place)
            return .bool(try has(field))
        case .not(let operand, let place):
            try budget.spend(1, at: place)
            return .bool(!(try truth(of: operand, at: place, as: "!")))
        case .negate(let operand, let place):
            try budget.spend(1, at: place)
            return try negate(try value(of: operand), at: place)
        case .binary(let operation, let left, let right, let place):
            try budget.spend(1, at: place)
            let left = try value(of: left)
            return try apply(operation, left, try value(of: right), at: place)
        case .and(let left, let right, let place):
            try budget.spend(1, at: place)
            return try decide(left, right, deciding: false, at: place, as: "&&")
        case .or(let left, let right, let place):
            try budget.spend(1, at: place)
            return try decide(left, right, deciding: true, at: place, as: "||")
        case .conditional(let condition, let yes, let no, let place):
            try budget.spend(1, at: place)
            return try truth(of: condition, at: place, as: "?:") ? try value(of: yes) : try value(of: no)
        case .list(let elements, let place):
            try budget.spend(1 + elements.count, at: place)
            var values: [JSONValue] = []
            for element in elements { values.append(try value(of: element)) }
            return .array(values)
        case .map(let entries, let place):
            try budget.spend(1 + entries.count, at: place)
            return try map(entries, at: place)
        case .call(let function, let arguments, let place):
            try budget.spend(1, at: place)
            var values: [JSONValue] = []
            for argument in arguments { values.append(try value(of: argument)) }
            return try call(function, values, at: place)
        }
    }

    // MARK: - Names

    private mutating func read(_ reference: Reference) throws(ExpressionError) -> JSONValue {
        try budget.spend(1 + reference.path.count, at: reference.place)
        guard let resolved = try scope.resolve(reference) else {
            throw reference.place.error(.noSuchKey, "there is no \"\(reference.name)\"")
        }
        var value = resolved.value
        for index in resolved.consumed..<reference.path.count {
            value = try member(reference.path[index], of: value, at: reference.place(of: index))
        }
        return value
    }

    /// Whether the last field is there; that a field before it is missing is an error.
    private mutating func has(_ field: Syntax) throws(ExpressionError) -> Bool {
        switch field {
        case .reference(let reference):
            let last = reference.path.count - 1
            guard let resolved = try scope.resolve(reference) else { return false }
            guard resolved.consumed <= last else { return true }
            var value = resolved.value
            for index in resolved.consumed..<last {
                value = try member(reference.path[index], of: value, at: reference.place(of: index))
            }
            return try holds(reference.path[last], value, at: reference.place)
        case .select(let operand, let name, let place):
            return try holds(name, try value(of: operand), at: place)
        default:
            return false
        }
    }

    private func holds(_ name: String, _ value: JSONValue, at place: Place) throws(ExpressionError) -> Bool {
        guard case .object(let object) = value else {
            throw place.error(.noOverload, "\(value.typeName) has no fields")
        }
        return object[name] != nil
    }

    private func member(_ name: String, of value: JSONValue, at place: Place) throws(ExpressionError) -> JSONValue {
        guard case .object(let object) = value else {
            throw place.error(.noOverload, "\(value.typeName) has no field \"\(name)\"")
        }
        guard let found = object[name] else { throw place.error(.noSuchKey, "no such key: \"\(name)\"") }
        return found
    }

    private func element(
        _ index: JSONValue, of container: JSONValue, at place: Place
    ) throws(ExpressionError) -> JSONValue {
        switch (container, index) {
        case (.object, .string(let name)): return try member(name, of: container, at: place)
        case (.array(let elements), .int(let position)):
            guard elements.indices.contains(Int(position)) else {
                throw place.error(.indexOutOfRange, "index \(position) is outside a list of \(elements.count)")
            }
            return elements[Int(position)]
        case (.array, .double(let position)) where position == position.rounded() && position.magnitude < 1e15:
            return try element(.int(Int64(position)), of: container, at: place)
        default:
            throw place.error(.noOverload, "no such index: \(container.typeName)[\(index.typeName)]")
        }
    }

    // MARK: - Logic

    private mutating func truth(
        of syntax: Syntax, at place: Place, as name: String
    ) throws(ExpressionError) -> Bool {
        let value = try value(of: syntax)
        guard case .bool(let truth) = value else {
            throw place.error(.noOverload, "\"\(name)\" takes boolean, not \(value.typeName)")
        }
        return truth
    }

    /// CEL's commutative `&&` and `||`: a side that decides the answer hides the other side's error.
    private mutating func decide(
        _ left: Syntax, _ right: Syntax, deciding: Bool, at place: Place, as name: String
    ) throws(ExpressionError) -> JSONValue {
        let failure: ExpressionError
        do {
            if try truth(of: left, at: place, as: name) == deciding { return .bool(deciding) }
            return .bool(try truth(of: right, at: place, as: name))
        } catch {
            failure = error
        }
        guard failure.kind != .budgetExceeded else { throw failure }
        // The right side, once more when it was it that failed: then it fails again, with the same error.
        if case .bool(deciding)? = try? value(of: right) { return .bool(deciding) }
        throw failure
    }

    private mutating func map(
        _ entries: [(key: Syntax, value: Syntax)], at place: Place
    ) throws(ExpressionError) -> JSONValue {
        var object = JSONObject()
        for entry in entries {
            let key = try value(of: entry.key)
            guard case .string(let name) = key else {
                throw place.error(.noOverload, "keys of maps are strings, not \(key.typeName)")
            }
            guard object[name] == nil else { throw place.error(.syntax, "the key \"\(name)\" stands twice") }
            object[name] = try value(of: entry.value)
        }
        return .object(object)
    }
}

extension Reference {
    /// As a person writes it.
    var name: String { ([root] + path).joined(separator: ".") }

    func place(of segment: Int) -> Place {
        guard segments.indices.contains(segment) else { return place }
        let found = segments[segment]
        return Place(line: Int32(found.line), column: Int32(found.column), length: Int32(found.length))
    }
}
