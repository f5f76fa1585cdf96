/// Cuts an expression's text into tokens, by the lexis of the CEL specification.
struct Lexer {
    private let scalars: [UnicodeScalar]
    private var position = 0
    private var line: Int32 = 1
    private var lineStart = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func tokens() throws(ExpressionError) -> [Token] {
        var tokens: [Token] = []
        while true {
            let token = try next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private var current: UnicodeScalar? { position < scalars.count ? scalars[position] : nil }

    private func peek(_ offset: Int) -> UnicodeScalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    private func place(from start: Int) -> Place {
        Place(line: line, column: Int32(start - lineStart + 1), length: Int32(max(1, position - start)))
    }

    private func failure(
        _ message: String, from start: Int, kind: ExpressionError.Kind = .syntax
    ) -> ExpressionError {
        place(from: start).error(kind, message)
    }

    private mutating func skipSpace() {
        while let scalar = current {
            switch scalar {
            case " ", "\t", "\r", "\u{C}": position += 1
            case "\n":
                position += 1
                line += 1
                lineStart = position
            case "/" where peek(1) == "/":
                while let scalar = current, scalar != "\n" { position += 1 }
            default: return
            }
        }
    }

    private mutating func next() throws(ExpressionError) -> Token {
        skipSpace()
        let start = position
        guard let first = current else { return Token(kind: .end, place: place(from: start)) }
        switch first {
        case "0"..."9": return try number()
        case "." where peek(1).map(isDigit) == true: return try number()
        case "\"", "'": return try string(.text, isRaw: false, from: start)
        case "`": return try quoted()
        case "a"..."z", "A"..."Z", "_": return try word()
        default:
            if let symbol = symbol(first, peek(1)) {
                position += symbol.rawValue.utf8.count
                return Token(kind: .symbol(symbol), place: place(from: start))
            }
            throw failure("unexpected character \(first.escaped(asASCII: false))", from: start)
        }
    }

    private func symbol(_ first: UnicodeScalar, _ second: UnicodeScalar?) -> Token.Symbol? {
        switch (first, second) {
        case ("&", "&"): .and
        case ("|", "|"): .or
        case ("=", "="): .equal
        case ("!", "="): .notEqual
        case ("<", "="): .lessOrEqual
        case (">", "="): .greaterOrEqual
        case ("<", _): .less
        case (">", _): .greater
        case ("!", _): .not
        case ("+", _): .plus
        case ("-", _): .minus
        case ("*", _): .times
        case ("/", _): .over
        case ("%", _): .modulo
        case ("?", _): .question
        case (":", _): .colon
        case (".", _): .dot
        case (",", _): .comma
        case ("(", _): .open
        case (")", _): .close
        case ("[", _): .openBracket
        case ("]", _): .closeBracket
        case ("{", _): .openBrace
        case ("}", _): .closeBrace
        default: nil
        }
    }

    private mutating func word() throws(ExpressionError) -> Token {
        let start = position
        while let scalar = current, isLetter(scalar) || isDigit(scalar) { position += 1 }
        let name = text(start..<position)
        if let quote = current, quote == "\"" || quote == "'" {
            switch name.lowercased() {
            case "r": return try string(.text, isRaw: true, from: start)
            case "b": return try string(.bytes, isRaw: false, from: start)
            case "rb", "br": return try string(.bytes, isRaw: true, from: start)
            default: break
            }
        }
        return Token(kind: .identifier(name), place: place(from: start))
    }

    private mutating func quoted() throws(ExpressionError) -> Token {
        let start = position
        position += 1
        while let scalar = current, isLetter(scalar) || isDigit(scalar) || "-./ ".unicodeScalars.contains(scalar) {
            position += 1
        }
        guard current == "`", position > start + 1 else {
            throw failure("a name in backticks has letters, digits, _, -, ., / and spaces", from: start)
        }
        position += 1
        return Token(kind: .quoted(text(start + 1..<position - 1)), place: place(from: start))
    }

    private mutating func number() throws(ExpressionError) -> Token {
        let start = position
        if current == "0", peek(1) == "x" || peek(1) == "X" {
            position += 2
            let digits = position
            while let scalar = current, scalar.properties.isASCIIHexDigit { position += 1 }
            guard let value = UInt64(text(digits..<position), radix: 16) else {
                throw failure("not a hexadecimal number of 64 bits", from: start)
            }
            return try finish(.integer(value), from: start)
        }
        skipDigits()
        var isDouble = false
        if current == ".", peek(1).map(isDigit) == true {
            isDouble = true
            position += 1
            skipDigits()
        }
        if current == "e" || current == "E" {
            let sign = peek(1) == "+" || peek(1) == "-" ? 1 : 0
            guard peek(1 + sign).map(isDigit) == true else { throw failure("a number lacks its exponent", from: start) }
            isDouble = true
            position += 1 + sign
            skipDigits()
        }
        let digits = text(start..<position)
        if isDouble {
            guard let value = Double(digits), value.isFinite else {
                throw failure("the number does not fit into a double", from: start)
            }
            return try finish(.double(value), from: start)
        }
        guard let value = UInt64(digits) else { throw failure("the number does not fit into 64 bits", from: start) }
        return try finish(.integer(value), from: start)
    }

    private mutating func finish(_ kind: Token.Kind, from start: Int) throws(ExpressionError) -> Token {
        var kind = kind
        if case .integer(let value) = kind, current == "u" || current == "U" {
            position += 1
            kind = .unsigned(value)
        }
        if let scalar = current, isLetter(scalar) || isDigit(scalar) {
            throw failure("a number runs into a name", from: start)
        }
        return Token(kind: kind, place: place(from: start))
    }

    private mutating func skipDigits() {
        while let scalar = current, isDigit(scalar) { position += 1 }
    }

    private enum Content {
        case text
        case bytes
    }

    private mutating func string(
        _ content: Content, isRaw: Bool, from start: Int
    ) throws(ExpressionError) -> Token {
        guard let quote = current else { throw failure("a string is not closed", from: start) }
        let place = self.place(from: start)
        let isLong = peek(1) == quote && peek(2) == quote
        position += isLong ? 3 : 1
        var value: [UInt8] = []
        while let scalar = current {
            if scalar == quote, !isLong || peek(1) == quote && peek(2) == quote {
                position += isLong ? 3 : 1
                var whole = place
                whole.length = line == place.line ? Int32(position - start) : 1
                return switch content {
                case .text: Token(kind: .string(String(decoding: value, as: UTF8.self)), place: whole)
                case .bytes: Token(kind: .bytes(value), place: whole)
                }
            }
            if scalar == "\\", !isRaw {
                try escape(into: &value, content)
                continue
            }
            position += 1
            if scalar == "\n" || scalar == "\r" {
                guard isLong else { throw place.error(.syntax, "a string is not closed in its line") }
                if scalar == "\n" {
                    line += 1
                    lineStart = position
                }
            }
            value.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        }
        throw place.error(.syntax, "a string is not closed")
    }

    private mutating func escape(into value: inout [UInt8], _ content: Content) throws(ExpressionError) {
        let start = position
        position += 1
        guard let scalar = current else { throw failure("a string is not closed", from: start) }
        position += 1
        switch scalar {
        case "n": value.append(10)
        case "t": value.append(9)
        case "r": value.append(13)
        case "a": value.append(7)
        case "b": value.append(8)
        case "f": value.append(12)
        case "v": value.append(11)
        case "\\", "'", "\"", "`", "?": value.append(UInt8(scalar.value))
        case "x", "X": try code(digits: 2, radix: 16, content, from: start, into: &value)
        case "u", "U":
            guard content == .text else {
                throw failure("bytes have no \\\(scalar); write \\x and two digits for each byte", from: start)
            }
            try code(digits: scalar == "u" ? 4 : 8, radix: 16, .text, from: start, into: &value)
        case "0"..."3":
            position -= 1
            try code(digits: 3, radix: 8, content, from: start, into: &value)
        default: throw failure("no such escape in a string", from: start)
        }
    }

    /// A code point of a text, or one byte.
    private mutating func code(
        digits: Int, radix: Int, _ content: Content, from start: Int, into value: inout [UInt8]
    ) throws(ExpressionError) {
        let end = min(position + digits, scalars.count)
        let number = text(position..<end)
        position = end
        guard number.unicodeScalars.count == digits, number.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit),
            let code = UInt32(number, radix: radix)
        else { throw failure("no such character in a string", from: start) }
        switch content {
        case .bytes: value.append(UInt8(truncatingIfNeeded: code))
        case .text:
            guard let scalar = UnicodeScalar(code), let encoded = UTF8.encode(scalar) else {
                throw failure("no such character in a string", from: start)
            }
            value.append(contentsOf: encoded)
        }
    }

    private func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

    private func isDigit(_ scalar: UnicodeScalar) -> Bool { ("0"..."9").contains(scalar) }

    private func isLetter(_ scalar: UnicodeScalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
}
