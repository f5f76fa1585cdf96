/// Recursive descent over the grammar of the CEL language definition. Neither its own recursion nor the tree that it
/// makes goes deeper than the limit, whatever the text.
struct ExpressionParser {
    let tokens: [Token]
    var position = 0
    private var depth = 0

    /// Levels of a tree; the definition asks for 12 to 32 of each kind.
    static let maximumDepth = 250

    init(_ text: String) throws(ExpressionError) {
        var lexer = Lexer(text)
        tokens = try lexer.tokens()
    }

    mutating func parse() throws(ExpressionError) -> Syntax {
        if case .end = current.kind { throw current.place.error(.syntax, "the expression is empty") }
        let syntax = try expression()
        guard case .end = current.kind else { throw unexpected("the end of the expression") }
        return syntax
    }

    // MARK: - Tokens

    var current: Token { tokens[position] }

    var last: Place { tokens[max(0, position - 1)].place }

    mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard current.kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) throws(ExpressionError) {
        guard take(symbol) else { throw unexpected("\"\(symbol.rawValue)\"") }
    }

    func unexpected(_ expected: String) -> ExpressionError {
        let found: String =
            switch current.kind {
            case .identifier(let name): "\"\(name)\""
            case .quoted(let name): "`\(name)`"
            case .integer, .unsigned, .double: "a number"
            case .string: "a string"
            case .bytes: "bytes"
            case .symbol(let symbol): "\"\(symbol.rawValue)\""
            case .end: "the end"
            }
        return current.place.error(.syntax, "expected \(expected), found \(found)")
    }

    /// Every node is made here, so that no tree is too high.
    func node(_ kind: Syntax.Kind, _ place: Place) throws(ExpressionError) -> Syntax {
        let syntax = Syntax(kind, place)
        guard syntax.height <= Self.maximumDepth else { throw tooDeep(place) }
        return syntax
    }

    private func tooDeep(_ place: Place) -> ExpressionError {
        place.error(.syntax, "nested deeper than \(Self.maximumDepth) levels")
    }

    // MARK: - Operators

    mutating func expression() throws(ExpressionError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw tooDeep(current.place) }
        let condition = try operation(above: 0)
        let place = current.place
        guard take(.question) else { return condition }
        let yes = try operation(above: 0)
        try expect(.colon)
        return try node(.conditional(condition, yes, try expression()), place)
    }

    private enum Infix {
        case logic(Syntax.Logic)
        case operation(Syntax.Operator)
    }

    /// The operator that comes next, and how tightly it binds.
    private var infix: (Infix, precedence: Int)? {
        switch current.kind {
        case .symbol(.or): (.logic(.or), 1)
        case .symbol(.and): (.logic(.and), 2)
        case .symbol(.equal): (.operation(.equal), 3)
        case .symbol(.notEqual): (.operation(.notEqual), 3)
        case .symbol(.less): (.operation(.less), 3)
        case .symbol(.lessOrEqual): (.operation(.lessOrEqual), 3)
        case .symbol(.greater): (.operation(.greater), 3)
        case .symbol(.greaterOrEqual): (.operation(.greaterOrEqual), 3)
        case .identifier("in"): (.operation(.within), 3)
        case .symbol(.plus): (.operation(.plus), 4)
        case .symbol(.minus): (.operation(.minus), 4)
        case .symbol(.times): (.operation(.times), 5)
        case .symbol(.over): (.operation(.over), 5)
        case .symbol(.modulo): (.operation(.modulo), 5)
        case .identifier, .quoted, .integer, .unsigned, .double, .string, .bytes, .symbol, .end: nil
        }
    }

    /// Operators that bind more tightly than the given precedence, with their operands.
    private mutating func operation(above precedence: Int) throws(ExpressionError) -> Syntax {
        var left = try unary()
        while let (_, next) = infix, next > precedence { left = try run(of: next, from: left) }
        return left
    }

    /// Operators of one precedence in a row: one node, however many they are.
    private mutating func run(of precedence: Int, from first: Syntax) throws(ExpressionError) -> Syntax {
        let place = current.place
        var links: [Syntax.Link] = []
        var operands: [Syntax.Operand] = []
        var logic: Syntax.Logic?
        while let (infix, next) = infix, next == precedence {
            let place = current.place
            position += 1
            let operand = try operation(above: precedence)
            switch infix {
            case .logic(let kind):
                logic = kind
                operands.append(Syntax.Operand(syntax: operand, place: place))
            case .operation(let operation):
                links.append(Syntax.Link(operation: operation, operand: operand, place: place))
            }
        }
        if let logic { return try node(.logic(logic, first, operands), place) }
        return try node(.chain(first, links), place)
    }

    private mutating func unary() throws(ExpressionError) -> Syntax {
        let place = current.place
        var count = 0
        while take(.not) { count += 1 }
        if count > 0 { return try node(.not(try member(), count: count), place) }
        while take(.minus) { count += 1 }
        guard count > 0 else { return try member() }
        // The least integer has no positive counterpart, so one sign belongs to the literal.
        let literal: Value
        switch current.kind {
        case .integer(let magnitude):
            guard magnitude <= Int64.max.magnitude + 1 else {
                throw last.error(.syntax, "the number does not fit into 64 bits")
            }
            literal = .int(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .double(let value): literal = .double(-value)
        case .identifier, .quoted, .unsigned, .string, .bytes, .symbol, .end:
            return try node(.negate(try member(), count: count), place)
        }
        let inner = try node(.literal(literal), last.through(current.place))
        position += 1
        let operand = try suffixes(of: inner)
        return count == 1 ? operand : try node(.negate(operand, count: count - 1), place)
    }
}
