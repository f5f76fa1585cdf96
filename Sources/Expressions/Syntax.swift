import JSON

/// An expression's tree.
indirect enum Syntax: Sendable {
    case literal(JSONValue)
    case reference(Reference)
    case select(Syntax, String, Place)
    case index(Syntax, Syntax, Place)
    /// `has(operand.field)`.
    case has(Syntax, Place)
    case not(Syntax, Place)
    case negate(Syntax, Place)
    case binary(Operator, Syntax, Syntax, Place)
    case and(Syntax, Syntax, Place)
    case or(Syntax, Syntax, Place)
    case conditional(Syntax, Syntax, Syntax, Place)
    case list([Syntax], Place)
    case map([(key: Syntax, value: Syntax)], Place)
    case call(Function, [Syntax], Place)

    enum Operator: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case within = "in"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
        case modulo = "%"
    }

    /// Functions of one name, called as `f(x)`, or as `x.f()` where CEL has that form.
    enum Function: String, Sendable, CaseIterable {
        case size
        case string
        case int
        case double
        case bool
        case contains
        case startsWith
        case endsWith

        /// The number of arguments, the receiver included.
        var arity: Int {
            switch self {
            case .size, .string, .int, .double, .bool: 1
            case .contains, .startsWith, .endsWith: 2
            }
        }

        /// `x.f()` is allowed.
        var isMethod: Bool {
            switch self {
            case .size, .contains, .startsWith, .endsWith: true
            case .string, .int, .double, .bool: false
            }
        }

        /// `f(x)` is allowed.
        var isGlobal: Bool {
            switch self {
            case .size, .string, .int, .double, .bool: true
            case .contains, .startsWith, .endsWith: false
            }
        }
    }

    /// What CEL defines and this version does not have.
    static let later: Set<String> = [
        "all", "exists", "exists_one", "map", "filter", "matches", "timestamp", "duration", "bytes", "uint", "type",
        "dyn",
        "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
        "getMinutes", "getMonth", "getSeconds", "replace", "split", "join", "lowerAscii", "upperAscii", "trim",
        "substring", "indexOf", "lastIndexOf", "charAt", "format", "quote", "reverse",
    ]

    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while", "in",
    ]
}
