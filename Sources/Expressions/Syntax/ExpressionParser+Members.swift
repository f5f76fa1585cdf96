extension ExpressionParser {
    mutating func member() throws(ExpressionError) -> Syntax { try suffixes(of: try primary()) }

    mutating func suffixes(of primary: Syntax) throws(ExpressionError) -> Syntax {
        var operand = primary
        while true {
            let place = current.place
            if take(.dot) {
                operand = try select(from: operand)
            } else if take(.openBracket) {
                let isOptional = take(.question)
                let index = try expression()
                try expect(.closeBracket)
                operand = try node(.index(operand, index, isOptional: isOptional), place.through(last))
            } else if current.kind == .symbol(.openBrace), let name = operand.qualifiedName {
                position += 1
                operand = try message(name, operand.place)
            } else {
                return operand
            }
        }
    }

    private mutating func select(from operand: Syntax) throws(ExpressionError) -> Syntax {
        let isOptional = take(.question)
        let place = current.place
        switch current.kind {
        case .identifier(let name) where !["true", "false", "null", "in"].contains(name):
            position += 1
            if !isOptional, take(.open) {
                return try node(.call(name, target: operand, try arguments(until: .close)), place)
            }
            return try node(.select(operand, name, isOptional: isOptional), place)
        case .quoted(let name):
            position += 1
            return try node(.select(operand, name, isOptional: isOptional), place)
        case .identifier, .integer, .unsigned, .double, .string, .bytes, .symbol, .end:
            throw unexpected("a name after \".\"")
        }
    }

    private mutating func primary() throws(ExpressionError) -> Syntax {
        let token = current
        position += 1
        switch token.kind {
        case .integer(let magnitude):
            guard let value = Int64(exactly: magnitude) else {
                throw token.place.error(.syntax, "the number does not fit into 64 bits")
            }
            return try node(.literal(.int(value)), token.place)
        case .unsigned(let value): return try node(.literal(.uint(value)), token.place)
        case .double(let value): return try node(.literal(.double(value)), token.place)
        case .string(let value): return try node(.literal(.string(value)), token.place)
        case .bytes(let value): return try node(.literal(.bytes(value)), token.place)
        case .identifier(let name): return try named(name, isRooted: false, token.place)
        case .symbol(.dot):
            guard case .identifier(let name) = current.kind else { throw unexpected("a name after \".\"") }
            let place = token.place.through(current.place)
            position += 1
            return try named(name, isRooted: true, place)
        case .symbol(.open):
            let inner = try expression()
            try expect(.close)
            return inner
        case .symbol(.openBracket): return try list(token.place)
        case .symbol(.openBrace): return try map(token.place)
        case .symbol, .quoted, .end:
            position -= 1
            throw unexpected("a value")
        }
    }

    private mutating func named(
        _ name: String, isRooted: Bool, _ place: Place
    ) throws(ExpressionError) -> Syntax {
        switch name {
        case "true": return try node(.literal(.bool(true)), place)
        case "false": return try node(.literal(.bool(false)), place)
        case "null": return try node(.literal(.null), place)
        default: break
        }
        guard !Syntax.reserved.contains(name) else {
            throw place.error(.syntax, "\"\(name)\" is a reserved word")
        }
        if take(.open) { return try node(.call(name, target: nil, try arguments(until: .close)), place) }
        return try node(.name(name, isRooted: isRooted), place)
    }

    private mutating func arguments(until end: Token.Symbol) throws(ExpressionError) -> [Syntax] {
        var arguments: [Syntax] = []
        guard !take(end) else { return arguments }
        while true {
            arguments.append(try expression())
            if take(.comma) { continue }
            try expect(end)
            return arguments
        }
    }

    /// The end of a literal. By the grammar a comma may stand before it, even alone: `[,]` is empty.
    private mutating func takeEnd(_ end: Token.Symbol, isFirst: Bool) -> Bool {
        if isFirst, current.kind == .symbol(.comma), tokens[position + 1].kind == .symbol(end) { position += 1 }
        return take(end)
    }

    private mutating func list(_ place: Place) throws(ExpressionError) -> Syntax {
        var elements: [Syntax.Element] = []
        while !takeEnd(.closeBracket, isFirst: elements.isEmpty) {
            let isOptional = take(.question)
            elements.append(Syntax.Element(syntax: try expression(), isOptional: isOptional))
            if take(.comma) { continue }
            try expect(.closeBracket)
            break
        }
        return try node(.list(elements), place)
    }

    private mutating func map(_ place: Place) throws(ExpressionError) -> Syntax {
        var entries: [Syntax.Entry] = []
        while !takeEnd(.closeBrace, isFirst: entries.isEmpty) {
            let isOptional = take(.question)
            let key = try expression()
            try expect(.colon)
            entries.append(Syntax.Entry(key: key, value: try expression(), isOptional: isOptional))
            if take(.comma) { continue }
            try expect(.closeBrace)
            break
        }
        return try node(.map(entries), place)
    }

    private mutating func message(_ name: String, _ place: Place) throws(ExpressionError) -> Syntax {
        var fields: [(name: String, value: Syntax)] = []
        while !takeEnd(.closeBrace, isFirst: fields.isEmpty) {
            switch current.kind {
            case .identifier(let field), .quoted(let field):
                position += 1
                try expect(.colon)
                fields.append((field, try expression()))
            case .integer, .unsigned, .double, .string, .bytes, .symbol, .end: throw unexpected("the name of a field")
            }
            if take(.comma) { continue }
            try expect(.closeBrace)
            break
        }
        return try node(.message(name, fields), place)
    }
}

extension Syntax {
    /// The name that a row of selections from a name spells, as `a.b.c`.
    var qualifiedName: String? {
        guard let segments = qualifiedSegments else { return nil }
        return segments.map(\.name).joined(separator: ".")
    }

    /// The same name in its parts, with their places.
    var qualifiedSegments: [(name: String, place: Place)]? {
        var segments: [(name: String, place: Place)] = []
        var syntax = self
        while true {
            switch syntax.kind {
            case .name(let name, _):
                segments.append((name, syntax.place))
                return segments.reversed()
            case .select(let operand, let name, isOptional: false):
                segments.append((name, syntax.place))
                syntax = operand
            default: return nil
            }
        }
    }

    /// The name at the bottom of a row of selections has a leading dot.
    var isRooted: Bool {
        var syntax = self
        while true {
            switch syntax.kind {
            case .name(_, let isRooted): return isRooted
            case .select(let operand, _, _): syntax = operand
            default: return false
            }
        }
    }
}
