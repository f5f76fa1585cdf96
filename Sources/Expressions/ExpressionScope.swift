public import JSON

/// Where an expression finds its names.
public protocol ExpressionScope {
    /// The value of a root, or of a root and the first segments of its path, so that a scope need not build the trees
    /// that nobody reads. `nil` when there is none.
    func resolve(_ reference: Reference) throws(ExpressionError) -> Resolved?

    /// The JSON text of what a reference names, where the scope has it as text: it is then passed on with no tree built.
    func text(of reference: Reference) -> [UInt8]?
}

extension ExpressionScope {
    public func text(of reference: Reference) -> [UInt8]? { nil }
}

/// A value from a scope.
public struct Resolved: Sendable {
    public var value: JSONValue
    /// Segments of the reference's path that led to it.
    public var consumed: Int

    public init(_ value: JSONValue, consumed: Int = 0) {
        self.value = value
        self.consumed = consumed
    }
}

/// A scope of given values.
public struct ValueScope: ExpressionScope, Sendable {
    private let values: [String: JSONValue]

    public init(_ values: [String: JSONValue] = [:]) { self.values = values }

    public func resolve(_ reference: Reference) -> Resolved? { values[reference.root].map { Resolved($0) } }
}

/// What an evaluation may cost: one unit for each operation, and one for each 64 bytes that it makes.
public struct EvaluationBudget: Sendable {
    public private(set) var left: Int

    public init(_ units: Int = 100_000) { left = units }

    mutating func spend(_ units: Int, at place: Place) throws(ExpressionError) {
        left -= units
        guard left >= 0 else { throw place.error(.budgetExceeded, "the expression costs too much to evaluate") }
    }
}
