/// Walks a checked tree once. Its recursion goes no deeper than the tree, whose height the parser bounds.
struct Evaluator<Scope: ExpressionScope> {
    let scope: Scope
    var budget: EvaluationBudget
    /// Variables of the macros around the place. A failed binding fails where it is read, so that `&&` and `||` may hide
    /// it.
    var locals: [Result<Value, ExpressionError>] = []

    /// Lists, maps and optionals that may stand within one another, so that whoever walks a value goes no deeper.
    static var maximumValueDepth: Int { 512 }

    init(scope: Scope, budget: EvaluationBudget) {
        self.scope = scope
        self.budget = budget
    }

    mutating func value(of node: Node) throws(ExpressionError) -> Value {
        switch node {
        case .literal(let value): return value
        case .local(let position): return try locals[position].get()
        case .reference(let reference): return try read(reference)
        case .failure(let error): throw error
        case .select(let operand, let name, let isOptional, let place):
            return try select(name, from: try value(of: operand), isOptional, at: place)
        case .index(let operand, let index, let isOptional, let place):
            let container = try value(of: operand)
            return try element(try value(of: index), of: container, isOptional, at: place)
        case .has(let operand, let name, let place):
            try budget.spend(1, at: place)
            return .bool(try holds(name, try value(of: operand), at: place))
        case .hasReference(let reference): return .bool(try has(reference))
        case .not(let operand, let count, let place):
            try budget.spend(count, at: place)
            return .bool(try truth(of: operand, at: place, as: "!") != (count % 2 == 1))
        case .negate(let operand, let count, let place):
            try budget.spend(count, at: place)
            return try negate(try value(of: operand), count: count, at: place)
        case .chain(let first, let links): return try chain(first, links)
        case .logic(let logic, let first, let operands): return .bool(try decide(logic, first, operands))
        case .conditional(let condition, let yes, let no, let place):
            try budget.spend(1, at: place)
            return try value(of: try truth(of: condition, at: place, as: "?:") ? yes : no)
        case .list(let elements, let place): return try list(elements, at: place)
        case .map(let entries, let place): return try map(entries, at: place)
        case .message(let message, let fields, let place): return try self.message(message, fields, at: place)
        case .call(let function, let arguments, let place):
            return try call(function, try values(of: arguments, at: place), at: place)
        case .matches(let operand, let pattern, let place):
            return .bool(try matches(try value(of: operand), pattern, at: place))
        case .comprehension(let comprehension): return try run(comprehension)
        case .bind(let values, let body, let place): return try bind(values, in: body, at: place)
        case .mapOptional(let operand, let body, let isFlat, let place):
            return try mapOptional(try value(of: operand), body, isFlat, at: place)
        case .alternative(let operand, let other, let isFlat, let place):
            return try alternative(try value(of: operand), other, isFlat, at: place)
        }
    }

    private mutating func values(of nodes: [Node], at place: Place) throws(ExpressionError) -> [Value] {
        try budget.spend(1, at: place)
        var values: [Value] = []
        values.reserveCapacity(nodes.count)
        for node in nodes { values.append(try value(of: node)) }
        return values
    }

    private mutating func chain(_ first: Node, _ links: [Node.Link]) throws(ExpressionError) -> Value {
        var left = try value(of: first)
        for link in links {
            try budget.spend(1, at: link.place)
            left = try apply(link.operation, left, try value(of: link.operand), at: link.place)
        }
        return left
    }

    private mutating func bind(
        _ values: [Node], in body: Node, at place: Place
    ) throws(ExpressionError) -> Value {
        let count = locals.count
        defer { locals.removeLast(locals.count - count) }
        for node in values {
            try budget.spend(1, at: place)
            do throws(ExpressionError) {
                locals.append(.success(try value(of: node)))
            } catch {
                guard error.isAbsorbable else { throw error }
                locals.append(.failure(error))
            }
        }
        return try value(of: body)
    }

    // MARK: - Construction

    private mutating func list(_ elements: [Node.Element], at place: Place) throws(ExpressionError) -> Value {
        try budget.spend(1 + elements.count, at: place)
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            let value = try value(of: element.node)
            guard element.isOptional else {
                values.append(value)
                continue
            }
            if let present = try optional(value, at: place).value { values.append(present) }
        }
        return try list(of: values, at: place)
    }

    private mutating func map(_ entries: [Node.Entry], at place: Place) throws(ExpressionError) -> Value {
        try budget.spend(1 + entries.count, at: place)
        var map = MapValue()
        for entry in entries {
            let key = try value(of: entry.key)
            var value = try value(of: entry.value)
            if entry.isOptional {
                guard let present = try optional(value, at: place).value else { continue }
                value = present
            }
            try insert(key, value, into: &map, at: place)
        }
        return try self.map(of: map, at: place)
    }

    /// Every list that an expression makes is made here.
    func list(of values: [Value], at place: Place) throws(ExpressionError) -> Value {
        let list = ListValue(values)
        try check(depth: list.depth, at: place)
        return .list(list)
    }

    /// Every map that an expression makes is made here.
    func map(of map: MapValue, at place: Place) throws(ExpressionError) -> Value {
        try check(depth: map.depth, at: place)
        return .map(map)
    }

    private func check(depth: Int, at place: Place) throws(ExpressionError) {
        guard depth <= Self.maximumValueDepth else {
            throw place.error(
                .budgetExceeded, "lists and maps are nested deeper than \(Self.maximumValueDepth) levels")
        }
    }

    func insert(
        _ key: Value, _ value: Value, into map: inout MapValue, at place: Place
    ) throws(ExpressionError) {
        guard map.insert(key, value) else {
            guard MapKey(key) != nil else {
                throw place.error(.invalidKey, "unsupported key type: \(key.typeName)")
            }
            throw place.error(.invalidKey, "the key \(key.shown) stands twice in a map")
        }
    }

    func optional(_ value: Value, at place: Place) throws(ExpressionError) -> OptionalValue {
        guard case .optional(let optional) = value else {
            throw place.error(.noOverload, "an optional value is needed here, not \(value.typeName)")
        }
        return optional
    }
}

extension ExpressionError {
    /// `&&` and `||` may hide it.
    var isAbsorbable: Bool { kind != .budgetExceeded }
}

extension Value {
    /// In a message: the value where it is short, else its type.
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let truth): truth ? "true" : "false"
        case .int(let number): String(number)
        case .uint(let number): "\(number)u"
        case .double(let number): NumberText.text(number)
        case .string(let text) where text.utf8.count <= 40: "\"\(text)\""
        case .string, .bytes, .list, .map, .timestamp, .duration, .type, .optional: typeName
        }
    }
}
