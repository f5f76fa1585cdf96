public import JSON

/// An expression in the Common Expression Language (cel.dev), parsed once and evaluated often.
///
/// This version has literals (integers, doubles, strings, booleans, `null`, lists, maps), members and indices, the
/// operators of CEL, `?:`, `in`, `has`, `size`, `string`, `int`, `double`, `bool`, `contains`, `startsWith` and
/// `endsWith`, with CEL's semantics. Other parts of CEL are refused by `init` as not supported yet. Values are JSON
/// values: an integer is CEL's `int`, any other number its `double`.
public struct Expression: Sendable {
    /// What was parsed.
    public let source: String
    /// Every name that it reads from its scope, in the order of the text.
    public let references: [Reference]
    private let syntax: Syntax

    /// Longest text that is taken, in bytes.
    public static let maximumLength = 16_384

    public init(_ source: String) throws(ExpressionError) {
        guard source.utf8.count <= Self.maximumLength else {
            throw ExpressionError(.syntax, "the expression is longer than \(Self.maximumLength) bytes")
        }
        var parser = try ExpressionParser(source)
        syntax = try parser.parse()
        references = parser.references
        self.source = source
    }

    /// The name that the expression is, when it is nothing else.
    var soleReference: Reference? {
        guard case .reference(let reference) = syntax else { return nil }
        return reference
    }

    /// Evaluates it within the budget.
    public func evaluate(
        in scope: some ExpressionScope, budget: inout EvaluationBudget
    ) throws(ExpressionError) -> JSONValue {
        var evaluator = Evaluator(scope: scope, budget: budget)
        defer { budget = evaluator.budget }
        return try evaluator.value(of: syntax)
    }

    public func evaluate(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        var budget = EvaluationBudget()
        return try evaluate(in: scope, budget: &budget)
    }
}
