/// An expression as it was parsed: macros are calls still, and names are not resolved.
struct Syntax: Sendable {
    indirect enum Kind: Sendable {
        case literal(Value)
        /// With a leading dot it is looked up in the root only.
        case name(String, isRooted: Bool)
        case select(Syntax, String, isOptional: Bool)
        case index(Syntax, Syntax, isOptional: Bool)
        case call(String, target: Syntax?, [Syntax])
        /// As many `!` in a row.
        case not(Syntax, count: Int)
        /// As many `-` in a row.
        case negate(Syntax, count: Int)
        /// Operators of one precedence, from left to right.
        case chain(Syntax, [Link])
        /// Operands of `&&`, or of `||`, from left to right.
        case logic(Logic, Syntax, [Operand])
        case conditional(Syntax, Syntax, Syntax)
        case list([Element])
        case map([Entry])
        case message(String, [(name: String, value: Syntax)])
    }

    enum Logic: String, Sendable {
        case and = "&&"
        case or = "||"

        /// The value of one operand that decides the whole.
        var deciding: Bool { self == .or }
    }

    struct Link: Sendable {
        var operation: Operator
        var operand: Syntax
        var place: Place
    }

    struct Operand: Sendable {
        var syntax: Syntax
        /// Of the operator before it.
        var place: Place
    }

    /// Of a list; an optional one, as in `[?a]`, is left out where it is absent.
    struct Element: Sendable {
        var syntax: Syntax
        var isOptional: Bool
    }

    /// Of a map; an optional one, as in `{?k: v}`, is left out where its value is absent.
    struct Entry: Sendable {
        var key: Syntax
        var value: Syntax
        var isOptional: Bool
    }

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

    let kind: Kind
    let place: Place
    /// Of the tree below, so that whoever walks it knows how deep that goes.
    let height: Int

    init(_ kind: Kind, _ place: Place) {
        self.kind = kind
        self.place = place
        height = 1 + kind.childHeight
    }

    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while", "in",
    ]
}

extension Syntax.Kind {
    fileprivate var childHeight: Int {
        func greatest(_ children: some Sequence<Syntax>) -> Int { children.reduce(0) { max($0, $1.height) } }
        return switch self {
        case .literal, .name: 0
        case .select(let operand, _, _), .not(let operand, _), .negate(let operand, _): operand.height
        case .index(let operand, let index, _): max(operand.height, index.height)
        case .call(_, let target, let arguments): max(target?.height ?? 0, greatest(arguments))
        case .chain(let first, let links): max(first.height, greatest(links.lazy.map(\.operand)))
        case .logic(_, let first, let operands): max(first.height, greatest(operands.lazy.map(\.syntax)))
        case .conditional(let condition, let yes, let no): greatest([condition, yes, no])
        case .list(let elements): greatest(elements.lazy.map(\.syntax))
        case .map(let entries): max(greatest(entries.lazy.map(\.key)), greatest(entries.lazy.map(\.value)))
        case .message(_, let fields): greatest(fields.lazy.map(\.value))
        }
    }
}
