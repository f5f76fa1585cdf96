import JSON

/// Recursive descent over the grammar of the CEL specification.
struct ExpressionParser {
    private let tokens: [Token]
    private var position = 0
    private var depth = 0
    private(set) var references: [Reference] = []

    private static let maximumDepth = 64

    init(_ text: String) throws(ExpressionError) {
        var lexer = Lexer(text)
        tokens = try lexer.tokens()
    }

    mutating func parse() throws(ExpressionError) -> Syntax {
        if case .end = current.kind { throw current.place.error(.syntax, "the expression is empty") }
        let syntax = try expression()
        guard case .end = current.kind else { throw unexpected("the end of the expression") }
        collect(syntax)
        return syntax
    }

    // MARK: - Tokens

    private var current: Token { tokens[position] }

    private var last: Place { tokens[max(0, position - 1)].place }

    private func isNext(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

    private mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard isNext(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: Token.Symbol) throws(ExpressionError) {
        guard take(symbol) else { throw unexpected("\"\(symbol.rawValue)\"") }
    }

    private func unexpected(_ expected: String) -> ExpressionError {
        let found: String =
            switch current.kind {
            case .identifier(let name): "\"\(name)\""
            case .integer, .double: "a number"
            case .string: "a string"
            case .symbol(let symbol): "\"\(symbol.rawValue)\""
            case .end: "the end"
            }
        return current.place.error(.syntax, "expected \(expected), found \(found)")
    }

    // MARK: - Operators

    private mutating func expression() throws(ExpressionError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw current.place.error(.syntax, "nested deeper than \(Self.maximumDepth) levels")
        }
        let condition = try or()
        let place = current.place
        guard take(.question) else { return condition }
        let yes = try or()
        try expect(.colon)
        return .conditional(condition, yes, try expression(), place)
    }

    private mutating func or() throws(ExpressionError) -> Syntax {
        var left = try and()
        while true {
            let place = current.place
            guard take(.or) else { return left }
            left = .or(left, try and(), place)
        }
    }

    private mutating func and() throws(ExpressionError) -> Syntax {
        var left = try relation()
        while true {
            let place = current.place
            guard take(.and) else { return left }
            left = .and(left, try relation(), place)
        }
    }

    private var relationOperator: Syntax.Operator? {
        switch current.kind {
        case .symbol(.equal): .equal
        case .symbol(.notEqual): .notEqual
        case .symbol(.less): .less
        case .symbol(.lessOrEqual): .lessOrEqual
        case .symbol(.greater): .greater
        case .symbol(.greaterOrEqual): .greaterOrEqual
        case .identifier("in"): .within
        case .identifier, .integer, .double, .string, .symbol, .end: nil
        }
    }

    private mutating func relation() throws(ExpressionError) -> Syntax {
        var left = try sum()
        while let relation = relationOperator {
            let place = current.place
            position += 1
            left = .binary(relation, left, try sum(), place)
        }
        return left
    }

    private mutating func sum() throws(ExpressionError) -> Syntax {
        var left = try product()
        while true {
            let place = current.place
            if take(.plus) {
                left = .binary(.plus, left, try product(), place)
            } else if take(.minus) {
                left = .binary(.minus, left, try product(), place)
            } else {
                return left
            }
        }
    }

    private mutating func product() throws(ExpressionError) -> Syntax {
        var left = try unary()
        while true {
            let place = current.place
            if take(.times) {
                left = .binary(.times, left, try unary(), place)
            } else if take(.over) {
                left = .binary(.over, left, try unary(), place)
            } else if take(.modulo) {
                left = .binary(.modulo, left, try unary(), place)
            } else {
                return left
            }
        }
    }

    private mutating func unary() throws(ExpressionError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw current.place.error(.syntax, "nested deeper than \(Self.maximumDepth) levels")
        }
        let place = current.place
        if take(.not) { return .not(try unary(), place) }
        guard take(.minus) else { return try member() }
        // The least integer has no positive counterpart, so the sign belongs to the literal.
        switch current.kind {
        case .integer(let magnitude):
            guard magnitude <= Int64.max.magnitude + 1 else {
                throw place.error(.syntax, "the number does not fit into 64 bits")
            }
            position += 1
            return try suffixes(of: .literal(.int(Int64(truncatingIfNeeded: 0 &- magnitude))))
        case .double(let value):
            position += 1
            return try suffixes(of: .literal(.double(-value)))
        case .identifier, .string, .symbol, .end:
            return .negate(try unary(), place)
        }
    }

    // MARK: - Members

    private mutating func member() throws(ExpressionError) -> Syntax { try suffixes(of: try primary()) }

    private mutating func suffixes(of primary: Syntax) throws(ExpressionError) -> Syntax {
        var operand = primary
        while true {
            let place = current.place
            if take(.dot) {
                guard case .identifier(let name) = current.kind else { throw unexpected("a name after \".\"") }
                let segment = current.place
                position += 1
                if take(.open) {
                    operand = try method(name, of: operand, place: segment)
                } else {
                    operand = select(name, from: operand, place: segment)
                }
            } else if take(.openBracket) {
                let index = try expression()
                try expect(.closeBracket)
                operand = self.index(index, of: operand, place: place.through(last))
            } else {
                return operand
            }
        }
    }

    private func select(_ name: String, from operand: Syntax, place: Place) -> Syntax {
        guard case .reference(var reference) = operand, !reference.isComputed else {
            return .select(operand, name, place)
        }
        reference.extend(by: name, at: place)
        return .reference(reference)
    }

    private func index(_ index: Syntax, of operand: Syntax, place: Place) -> Syntax {
        guard case .reference(var reference) = operand else { return .index(operand, index, place) }
        if case .literal(.string(let name)) = index {
            reference.extend(by: name, at: place)
            return .reference(reference)
        }
        reference.isComputed = true
        return .index(.reference(reference), index, place)
    }

    private mutating func primary() throws(ExpressionError) -> Syntax {
        let token = current
        switch token.kind {
        case .integer(let magnitude):
            guard let value = Int64(exactly: magnitude) else {
                throw token.place.error(.syntax, "the number does not fit into 64 bits")
            }
            position += 1
            return .literal(.int(value))
        case .double(let value):
            position += 1
            return .literal(.double(value))
        case .string(let value):
            position += 1
            return .literal(.string(value))
        case .identifier(let name):
            position += 1
            return try named(name, place: token.place)
        case .symbol(.open):
            position += 1
            let inner = try expression()
            try expect(.close)
            return inner
        case .symbol(.openBracket):
            position += 1
            return .list(try arguments(until: .closeBracket), token.place)
        case .symbol(.openBrace):
            position += 1
            return try map(token.place)
        case .symbol, .end:
            throw unexpected("a value")
        }
    }

    private mutating func named(_ name: String, place: Place) throws(ExpressionError) -> Syntax {
        switch name {
        case "true": return .literal(.bool(true))
        case "false": return .literal(.bool(false))
        case "null": return .literal(.null)
        default: break
        }
        guard !Syntax.reserved.contains(name) else {
            throw place.error(.syntax, "\"\(name)\" is a reserved word")
        }
        guard take(.open) else {
            return .reference(
                Reference(
                    root: name, path: [], line: Int(place.line), column: Int(place.column), length: Int(place.length),
                    segments: [], isComputed: false))
        }
        let arguments = try arguments(until: .close)
        if name == "has" { return try has(arguments, place: place) }
        guard let function = Syntax.Function(rawValue: name) else { throw unknown(name, place) }
        guard function.isGlobal else {
            throw place.error(.syntax, "\"\(name)\" is called on a value: text.\(name)(…)")
        }
        return try call(function, arguments, place)
    }

    private mutating func method(_ name: String, of operand: Syntax, place: Place) throws(ExpressionError) -> Syntax {
        // A macro's argument has variables that are no names of the scope: it is not even parsed.
        guard let function = Syntax.Function(rawValue: name) else { throw unknown(name, place) }
        let arguments = try arguments(until: .close)
        guard function.isMethod else { throw place.error(.syntax, "\"\(name)\" is written as \(name)(value)") }
        return try call(function, [operand] + arguments, place)
    }

    private func unknown(_ name: String, _ place: Place) -> ExpressionError {
        Syntax.later.contains(name)
            ? place.error(.unsupported, "the function \"\(name)\" is not supported yet")
            : place.error(.syntax, "there is no function \"\(name)\"")
    }

    private func call(
        _ function: Syntax.Function, _ arguments: [Syntax], _ place: Place
    ) throws(ExpressionError) -> Syntax {
        guard arguments.count == function.arity else {
            throw place.error(.syntax, "\"\(function.rawValue)\" takes another number of arguments")
        }
        return .call(function, arguments, place)
    }

    private func has(_ arguments: [Syntax], place: Place) throws(ExpressionError) -> Syntax {
        guard arguments.count == 1 else { throw place.error(.syntax, "\"has\" takes one argument") }
        switch arguments[0] {
        case .reference(let reference) where !reference.path.isEmpty: return .has(arguments[0], place)
        case .select: return .has(arguments[0], place)
        default: throw place.error(.syntax, "\"has\" takes a field, as in has(inputs.name)")
        }
    }

    private mutating func arguments(until end: Token.Symbol) throws(ExpressionError) -> [Syntax] {
        var arguments: [Syntax] = []
        while !take(end) {
            arguments.append(try expression())
            if take(.comma) { continue }
            try expect(end)
            return arguments
        }
        return arguments
    }

    private mutating func map(_ place: Place) throws(ExpressionError) -> Syntax {
        var entries: [(key: Syntax, value: Syntax)] = []
        while !take(.closeBrace) {
            let key = try expression()
            try expect(.colon)
            entries.append((key, try expression()))
            if take(.comma) { continue }
            try expect(.closeBrace)
            return .map(entries, place)
        }
        return .map(entries, place)
    }

    // MARK: - References

    private mutating func collect(_ syntax: Syntax) {
        switch syntax {
        case .literal: break
        case .reference(let reference): references.append(reference)
        case .select(let operand, _, _), .has(let operand, _), .not(let operand, _), .negate(let operand, _):
            collect(operand)
        case .index(let left, let right, _), .binary(_, let left, let right, _), .and(let left, let right, _),
            .or(let left, let right, _):
            collect(left)
            collect(right)
        case .conditional(let condition, let yes, let no, _):
            collect(condition)
            collect(yes)
            collect(no)
        case .list(let elements, _), .call(_, let elements, _):
            for element in elements { collect(element) }
        case .map(let entries, _):
            for entry in entries {
                collect(entry.key)
                collect(entry.value)
            }
        }
    }
}

extension Reference {
    fileprivate mutating func extend(by name: String, at place: Place) {
        path.append(name)
        segments.append(Segment(line: Int(place.line), column: Int(place.column), length: Int(place.length)))
        length = Int(self.place.through(place).length)
    }
}
