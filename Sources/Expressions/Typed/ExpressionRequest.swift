public import JSON

/// An expression with its variables, and what becomes of it: what `beamline expression eval` does.
public struct ExpressionRequest: Sendable {
    public var source: String
    /// Values by names, which may have dots.
    public var variables: [String: Value]
    /// The namespace in which names are looked up first.
    public var container: String
    /// What the evaluation may cost.
    public var budget: Int
    public var timeZones: TimeZones

    public init(
        source: String, variables: [String: Value] = [:], container: String = "",
        budget: Int = EvaluationBudget.standard, timeZones: TimeZones = .fixedOnly
    ) {
        self.source = source
        self.variables = variables
        self.container = container
        self.budget = budget
        self.timeZones = timeZones
    }

    /// The typed form of the value.
    ///
    /// - Throws: What is wrong with the expression (`error.kind.isStatic`), or where its evaluation failed.
    public func evaluate() throws(ExpressionError) -> JSONValue {
        let environment = ExpressionEnvironment(
            container: container, variables: Set(variables.keys), defersUndeclared: true)
        let expression = try Expression(source, environment: environment)
        var budget = EvaluationBudget(budget)
        let value = try expression.value(
            in: ValueScope(values: variables, timeZones: timeZones), budget: &budget)
        return try TypedValue.json(value, budget: &budget)
    }
}

extension ExpressionError {
    /// The error as an object: code, message, line and column.
    public var json: JSONValue {
        [
            "code": .string(kind.code), "message": .string(message), "line": .int(Int64(line)),
            "column": .int(Int64(column)),
        ]
    }
}
