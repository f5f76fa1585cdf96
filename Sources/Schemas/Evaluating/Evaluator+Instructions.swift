extension Evaluator {
    /// Whether the value passes an instruction of a node.
    mutating func perform(
        _ instruction: SchemaProgram.Instruction, of node: Int, on value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        switch instruction.check {
        case .reference(let target): return try apply(target, to: value, &evaluated)
        case .dynamicReference(let name, let target):
            return try apply(dynamicTarget(name) ?? target, to: value, &evaluated)
        case .all, .any, .one, .not, .conditional, .dependentSchemas:
            return try combine(instruction, node, value, &evaluated)
        case .prefixItems, .items, .contains, .unevaluatedItems:
            guard case .array(let elements) = value else { return true }
            return try checkItems(instruction, node, elements, &evaluated)
        case .properties, .propertyNames, .dependentRequired, .unevaluatedProperties:
            guard case .object(let members) = value else { return true }
            return try checkMembers(instruction, node, members, &evaluated)
        case .pattern(let pattern):
            guard case .string(let text) = value, try !matches(pattern, text, at: node) else { return true }
            violate(node, instruction.keyword, "must match the pattern \(pattern.source)")
            return false
        case .types, .oneOf, .constant, .multiple, .maximum, .exclusiveMaximum, .minimum, .exclusiveMinimum, .maxLength,
            .minLength, .format, .maxItems, .minItems, .uniqueItems, .maxProperties, .minProperties,
            .required:
            try charge(Self.cost(of: instruction.check, on: value), at: node)
            guard let problem = problem(instruction.check, value) else { return true }
            violate(node, instruction.keyword, problem)
            return false
        }
    }

    /// What a plain check costs beyond one operation.
    private static func cost(of check: Check, on value: ExactJSON) -> Int {
        switch (check, value) {
        case (.oneOf, _), (.constant, _), (.uniqueItems, .array): value.size
        case (.maxLength, .string(let text)), (.minLength, .string(let text)), (.format, .string(let text)):
            text.utf8.count / 16
        case (.multiple(let divisor), .number(let number)): number.digitCount + number.costOfDivision(by: divisor)
        case (.required(let names), _): names.count
        default: 0
        }
    }
}
