/// Why an expression is refused, or failed on the values that it met. Lines and columns count from 1 within the
/// expression's own text; columns count Unicode scalars.
public struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        case syntax
        /// A part of CEL that is not here: messages of Protocol Buffers. Found when the expression is parsed.
        case unsupported
        /// A name, a function or a number of arguments that there is none of. Found when the expression is parsed.
        case undeclared
        /// No operator or function for values of these types.
        case noOverload
        case noSuchKey
        case indexOutOfRange
        case overflow
        case divisionByZero
        /// A value that a conversion cannot take, or an argument outside a function's domain.
        case conversion
        /// A key that stands twice in a map, or is of a type that keys cannot have.
        case invalidKey
        case budgetExceeded

        /// As programs read it.
        public var code: String {
            switch self {
            case .syntax: "syntax"
            case .unsupported: "unsupported"
            case .undeclared: "undeclared_reference"
            case .noOverload: "no_such_overload"
            case .noSuchKey: "no_such_key"
            case .indexOutOfRange: "index_out_of_range"
            case .overflow: "overflow"
            case .divisionByZero: "division_by_zero"
            case .conversion: "invalid_value"
            case .invalidKey: "invalid_key"
            case .budgetExceeded: "budget_exceeded"
            }
        }

        /// Found before any value is met.
        public var isStatic: Bool {
            switch self {
            case .syntax, .unsupported, .undeclared: true
            case .noOverload, .noSuchKey, .indexOutOfRange, .overflow, .divisionByZero, .conversion, .invalidKey,
                .budgetExceeded:
                false
            }
        }
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
