/// A word of an expression with its place.
struct Token: Sendable {
    enum Kind: Hashable, Sendable {
        case identifier(String)
        /// A name in backticks, which may have characters that identifiers cannot have.
        case quoted(String)
        /// The magnitude; the sign is an operator.
        case integer(UInt64)
        case unsigned(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        case end
    }

    enum Symbol: String, Hashable, Sendable {
        case and = "&&"
        case or = "||"
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
        case not = "!"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
        case modulo = "%"
        case question = "?"
        case colon = ":"
        case dot = "."
        case comma = ","
        case open = "("
        case close = ")"
        case openBracket = "["
        case closeBracket = "]"
        case openBrace = "{"
        case closeBrace = "}"
    }

    var kind: Kind
    var place: Place
}
