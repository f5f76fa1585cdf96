/// What an evaluation may cost: a unit for each operation and each element that is visited or made, and one for each 16
/// bytes that are made or compared. As every element and byte costs, it bounds the memory as well.
public struct EvaluationBudget: Sendable {
    public private(set) var left: Int

    /// Bytes of text or data that cost one unit.
    static let unitBytes = 16

    public static let standard = 1_000_000

    public init(_ units: Int = EvaluationBudget.standard) { left = units }

    mutating func spend(_ units: Int, at place: Place) throws(ExpressionError) {
        left -= min(units, left + 1)
        guard left >= 0 else { throw place.error(.budgetExceeded, "the expression costs too much to evaluate") }
    }

    mutating func spend(bytes: Int, at place: Place) throws(ExpressionError) {
        try spend(bytes / Self.unitBytes, at: place)
    }

    /// Work of so many steps for each of so many bytes; a product that is too great ends it too.
    mutating func spend(bytes: Int, times factor: Int, at place: Place) throws(ExpressionError) {
        let (product, overflow) = bytes.multipliedReportingOverflow(by: max(1, factor))
        try spend(bytes: overflow ? .max : product, at: place)
    }
}
