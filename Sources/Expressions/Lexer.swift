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
        case "\"", "'": return try string(isRaw: false, from: start)
        case "a"..."z", "A"..."Z", "_": return try word()
        default:
            for symbol in Token.Symbol.allCases {
                let characters = Array(symbol.rawValue.unicodeScalars)
                guard scalars[position...].starts(with: characters) else { continue }
                position += characters.count
                return Token(kind: .symbol(symbol), place: place(from: start))
            }
            throw failure("unexpected character \(first.escaped(asASCII: false))", from: start)
        }
    }

    private mutating func word() throws(ExpressionError) -> Token {
        let start = position
        while let scalar = current, isLetter(scalar) || isDigit(scalar) { position += 1 }
        let name = text(start..<position)
        if let quote = current, quote == "\"" || quote == "'" {
            switch name.lowercased() {
            case "r": return try string(isRaw: true, from: start)
            case "b", "rb", "br": throw failure("bytes are not supported yet", from: start, kind: .unsupported)
            default: break
            }
        }
        return Token(kind: .identifier(name), place: place(from: start))
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
        if current == "u" || current == "U" {
            position += 1
            throw failure("unsigned integers are not supported yet", from: start, kind: .unsupported)
        }
        if let scalar = current, isLetter(scalar) { throw failure("a number runs into a name", from: start) }
        return Token(kind: kind, place: place(from: start))
    }

    private mutating func skipDigits() {
        while let scalar = current, isDigit(scalar) { position += 1 }
    }

    private mutating func string(isRaw: Bool, from start: Int) throws(ExpressionError) -> Token {
        guard let quote = current else { throw failure("a string is not closed", from: start) }
        let place = self.place(from: start)
        let isLong = peek(1) == quote && peek(2) == quote
        position += isLong ? 3 : 1
        var value = String.UnicodeScalarView()
        while let scalar = current {
            if scalar == quote, !isLong || peek(1) == quote && peek(2) == quote {
                position += isLong ? 3 : 1
                var whole = place
                whole.length = line == place.line ? Int32(position - start) : 1
                return Token(kind: .string(String(value)), place: whole)
            }
            if scalar == "\\", !isRaw {
                value.append(try escape())
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
            value.append(scalar)
        }
        throw place.error(.syntax, "a string is not closed")
    }

    private mutating func escape() throws(ExpressionError) -> UnicodeScalar {
        let start = position
        position += 1
        guard let scalar = current else { throw failure("a string is not closed", from: start) }
        position += 1
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "a": return "\u{7}"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "\\", "'", "\"", "`", "?": return scalar
        case "x", "X": return try code(digits: 2, radix: 16, from: start)
        case "u": return try code(digits: 4, radix: 16, from: start)
        case "U": return try code(digits: 8, radix: 16, from: start)
        case "0"..."3":
            position -= 1
            return try code(digits: 3, radix: 8, from: start)
        default: throw failure("no such escape in a string", from: start)
        }
    }

    private mutating func code(digits: Int, radix: Int, from start: Int) throws(ExpressionError) -> UnicodeScalar {
        let end = min(position + digits, scalars.count)
        let number = text(position..<end)
        position = end
        guard number.unicodeScalars.count == digits, number.allSatisfy(\.isHexDigit),
            let value = UInt32(number, radix: radix), let scalar = UnicodeScalar(value)
        else { throw failure("no such character in a string", from: start) }
        guard value != 0 else { throw failure("the character U+0000 is not taken", from: start) }
        return scalar
    }

    private func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

    private func isDigit(_ scalar: UnicodeScalar) -> Bool { ("0"..."9").contains(scalar) }

    private func isLetter(_ scalar: UnicodeScalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
}
