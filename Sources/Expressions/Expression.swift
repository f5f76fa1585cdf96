public import JSON

/// An expression in the Common Expression Language (cel.dev), parsed and checked once and evaluated often.
///
/// All of the language is here but messages of Protocol Buffers, with the extensions for strings, math, encoders, lists,
/// sets, regular expressions, bindings, comprehensions of two variables and optional values: docs/expressions.md.
public struct Expression: Sendable {
    /// What was parsed.
    public let source: String
    /// Every name that it reads from its scope, in the order of the text. Variables of macros are none.
    public let references: [Reference]
    private let root: Node

    /// Longest text that is taken by default, in bytes.
    public static let maximumLength = 16_384

    /// - Throws: What is wrong with the text, its names or its functions, and where.
    public init(
        _ source: String, environment: ExpressionEnvironment = ExpressionEnvironment()
    ) throws(ExpressionError) {
        guard source.utf8.count <= environment.maximumLength else {
            throw ExpressionError(.syntax, "the expression is longer than \(environment.maximumLength) bytes")
        }
        var parser = try ExpressionParser(source)
        var checker = Checker(environment)
        root = try checker.node(try parser.parse())
        var references: [Reference] = []
        root.collectReferences(into: &references)
        self.references = references
        self.source = source
    }

    /// The name that the expression is, when it is nothing else.
    public var soleReference: Reference? {
        guard case .reference(let reference) = root else { return nil }
        return reference
    }

    /// Operators that can take no two of the values that may meet them, whatever those are; in the order of the text.
    ///
    /// - Parameter known: The types that a name may have before anything was run.
    public func typeProblems(_ known: @escaping (Reference) -> ValueTypes) -> [ExpressionError] {
        var search = TypeSearch(known: known)
        search.types(of: root)
        return search.problems
    }

    /// Evaluates it within the budget.
    public func value(
        in scope: some ExpressionScope, budget: inout EvaluationBudget
    ) throws(ExpressionError) -> Value {
        var evaluator = Evaluator(scope: scope, budget: budget)
        defer { budget = evaluator.budget }
        return try evaluator.value(of: root)
    }

    public func value(in scope: some ExpressionScope) throws(ExpressionError) -> Value {
        var budget = EvaluationBudget()
        return try value(in: scope, budget: &budget)
    }

    /// Evaluates it within the budget to a value of JSON, by the JSON mapping of Protocol Buffers: `bytes` as base64,
    /// timestamps as RFC 3339, durations as seconds (`1.5s`).
    public func evaluate(
        in scope: some ExpressionScope, budget: inout EvaluationBudget
    ) throws(ExpressionError) -> JSONValue {
        let value = try value(in: scope, budget: &budget)
        return try value.json(budget: &budget)
    }

    public func evaluate(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        var budget = EvaluationBudget()
        return try evaluate(in: scope, budget: &budget)
    }
}
