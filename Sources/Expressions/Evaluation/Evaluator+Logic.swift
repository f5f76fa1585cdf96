extension Evaluator {
    mutating func truth(of node: Node, at place: Place, as name: String) throws(ExpressionError) -> Bool {
        let value = try value(of: node)
        guard case .bool(let truth) = value else {
            throw place.error(.noOverload, "no such overload: \"\(name)\" takes bool, not \(value.typeName)")
        }
        return truth
    }

    /// CEL's commutative `&&` and `||`: an operand that decides the answer hides the errors of the others.
    mutating func decide(
        _ logic: Syntax.Logic, _ first: Node, _ operands: [Node.Operand]
    ) throws(ExpressionError) -> Bool {
        var failure: ExpressionError?
        for index in -1..<operands.count {
            let place = operands[max(0, index)].place
            if index >= 0 { try budget.spend(1, at: place) }
            do throws(ExpressionError) {
                let node = index < 0 ? first : operands[index].node
                if try truth(of: node, at: place, as: logic.rawValue) == logic.deciding { return logic.deciding }
            } catch {
                guard error.isAbsorbable else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return !logic.deciding
    }

    mutating func mapOptional(
        _ operand: Value, _ body: Node, _ isFlat: Bool, at place: Place
    ) throws(ExpressionError) -> Value {
        try budget.spend(1, at: place)
        guard let value = try optional(operand, at: place).value else { return .optional(.none) }
        locals.append(.success(value))
        defer { locals.removeLast() }
        let result = try self.value(of: body)
        return .optional(isFlat ? try optional(result, at: place) : OptionalValue(result))
    }

    mutating func alternative(
        _ operand: Value, _ other: Node, _ isFlat: Bool, at place: Place
    ) throws(ExpressionError) -> Value {
        try budget.spend(1, at: place)
        if let value = try optional(operand, at: place).value { return isFlat ? operand : value }
        let other = try value(of: other)
        return isFlat ? .optional(try optional(other, at: place)) : other
    }
}
