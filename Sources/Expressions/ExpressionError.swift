/// Why an expression is refused, or failed on the values that it met. Lines and columns count from 1 within the
/// expression's own text; columns count Unicode scalars.
public struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        case syntax
        /// A part of CEL that is not built yet. Found when the expression is parsed, never later.
        case unsupported
        /// No operator or function for values of these types.
        case noOverload
        case noSuchKey
        case indexOutOfRange
        case overflow
        case divisionByZero
        /// A text that a conversion cannot read.
        case conversion
        case budgetExceeded
    }

    public var kind: Kind
    public var message: String
    public var line: Int
    public var column: Int
    /// Unicode scalars that the place spans; at least 1.
    public var length: Int

    public init(_ kind: Kind, _ message: String, line: Int = 1, column: Int = 1, length: Int = 1) {
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.length = length
    }

    public var description: String { "\(line):\(column): \(message)" }
}

/// A place in an expression: what errors carry.
struct Place: Hashable, Sendable {
    var line: Int32
    var column: Int32
    var length: Int32

    func error(_ kind: ExpressionError.Kind, _ message: String) -> ExpressionError {
        ExpressionError(kind, message, line: Int(line), column: Int(column), length: max(1, Int(length)))
    }

    /// From the begin of this place to the end of that one, where both stand in one line.
    func through(_ end: Place) -> Place {
        guard line == end.line else { return self }
        return Place(line: line, column: column, length: end.column + end.length - column)
    }
}
