/// A strict check of JSON text (RFC 8259, UTF-8) that builds nothing. It is stricter than the RFC in one point: the
/// character U+0000 is refused, because PostgreSQL's text cannot hold it. Keys are not compared.
struct JSONScanner {
    private let limits: JSONLimits
    private var offset = 0
    private var depth = 0

    private init(limits: JSONLimits) { self.limits = limits }

    /// Throws at the first byte that breaks the grammar or a limit.
    static func check(_ bytes: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
        guard bytes.count <= limits.size else {
            throw JSONError(
                .tooLarge, line: 1, column: 1,
                message: "the text has \(bytes.count) bytes; at most \(limits.size) are taken")
        }
        var scanner = JSONScanner(limits: limits)
        scanner.skipSpace(bytes)
        try scanner.value(bytes)
        scanner.skipSpace(bytes)
        guard scanner.offset == bytes.count else {
            throw scanner.error(.invalidSyntax, "expected the end of the text", bytes)
        }
    }

    /// Throws where arrays and objects nest deeper than the limit. Only brackets outside strings are looked at.
    static func checkDepth(_ bytes: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
        var scanner = JSONScanner(limits: limits)
        var quoted = false
        while scanner.offset < bytes.count {
            let byte = bytes[scanner.offset]
            if quoted {
                if byte == UInt8(ascii: "\\") { scanner.offset += 1 }
                quoted = byte != UInt8(ascii: "\"")
            } else {
                switch byte {
                case UInt8(ascii: "\""): quoted = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    scanner.depth += 1
                    guard scanner.depth <= limits.depth else { throw scanner.tooDeep(bytes) }
                case UInt8(ascii: "]"), UInt8(ascii: "}"): scanner.depth -= 1
                default: break
                }
            }
            scanner.offset += 1
        }
    }

    private func tooDeep(_ bytes: Span<UInt8>) -> JSONError {
        error(.tooDeep, "nested deeper than \(limits.depth) levels", bytes)
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) {
        guard offset < bytes.count else { throw ended(bytes) }
        switch bytes[offset] {
        case UInt8(ascii: "{"): try object(bytes)
        case UInt8(ascii: "["): try array(bytes)
        case UInt8(ascii: "\""): try string(bytes)
        case UInt8(ascii: "t"): try word("true", bytes)
        case UInt8(ascii: "f"): try word("false", bytes)
        case UInt8(ascii: "n"): try word("null", bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(bytes)
        default: throw error(.invalidSyntax, "expected a value", bytes)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) {
        try descend(bytes)
        skipSpace(bytes)
        if take(UInt8(ascii: "}"), bytes) {
            depth -= 1
            return
        }
        while true {
            skipSpace(bytes)
            guard offset < bytes.count else { throw ended(bytes) }
            guard bytes[offset] == UInt8(ascii: "\"") else {
                throw error(.invalidSyntax, "expected a key in quotes", bytes)
            }
            try string(bytes)
            skipSpace(bytes)
            guard take(UInt8(ascii: ":"), bytes) else { throw missing("expected ':'", bytes) }
            skipSpace(bytes)
            try value(bytes)
            skipSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            guard take(UInt8(ascii: "}"), bytes) else { throw missing("expected ',' or '}'", bytes) }
            depth -= 1
            return
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) {
        try descend(bytes)
        skipSpace(bytes)
        if take(UInt8(ascii: "]"), bytes) {
            depth -= 1
            return
        }
        while true {
            skipSpace(bytes)
            try value(bytes)
            skipSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            guard take(UInt8(ascii: "]"), bytes) else { throw missing("expected ',' or ']'", bytes) }
            depth -= 1
            return
        }
    }

    private mutating func descend(_ bytes: Span<UInt8>) throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else { throw tooDeep(bytes) }
        offset += 1
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) {
        offset += 1
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return
            case UInt8(ascii: "\\"): try escape(bytes)
            case 0: throw error(.nullCharacter, "the character U+0000 is not taken", bytes)
            case 1..<0x20: throw error(.invalidSyntax, "a control character must be escaped", bytes)
            case 0x20..<0x80: offset += 1
            default: try multibyte(bytes)
            }
        }
        throw ended(bytes)
    }

    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) {
        guard offset + 1 < bytes.count else { throw ended(bytes) }
        switch bytes[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(bytes)
            switch unit {
            case 0: throw error(.nullCharacter, "the character U+0000 is not taken", bytes)
            case 0xD800..<0xDC00:
                offset += 6
                guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                    bytes[offset + 1] == UInt8(ascii: "u"),
                    case 0xDC00..<0xE000 = try codeUnit(bytes)
                else { throw error(.invalidUTF8, "a high surrogate without a low one", bytes) }
                offset += 6
            case 0xDC00..<0xE000: throw error(.invalidUTF8, "a low surrogate without a high one", bytes)
            default: offset += 6
            }
        default: throw error(.invalidSyntax, "no such escape", bytes)
        }
    }

    /// The four digits after `\u` at the offset.
    private func codeUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        guard offset + 5 < bytes.count else { throw ended(bytes) }
        var unit: UInt16 = 0
        for index in offset + 2..<offset + 6 {
            guard let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue else {
                throw error(.invalidSyntax, "expected four hexadecimal digits after \\u", bytes)
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// One character of two to four bytes, in its shortest form and no surrogate (RFC 3629).
    private mutating func multibyte(_ bytes: Span<UInt8>) throws(JSONError) {
        let first = bytes[offset]
        let length: Int
        let second: ClosedRange<UInt8>
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw error(.invalidUTF8, "invalid UTF-8", bytes)
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else {
            throw error(.invalidUTF8, "invalid UTF-8", bytes)
        }
        for index in offset + 2..<max(offset + 2, offset + length) where !(0x80...0xBF).contains(bytes[index]) {
            throw error(.invalidUTF8, "invalid UTF-8", bytes)
        }
        offset += length
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) {
        _ = take(UInt8(ascii: "-"), bytes)
        if !take(UInt8(ascii: "0"), bytes) { try digits(bytes) }
        if take(UInt8(ascii: "."), bytes) { try digits(bytes) }
        if take(UInt8(ascii: "e"), bytes) || take(UInt8(ascii: "E"), bytes) {
            if !take(UInt8(ascii: "+"), bytes) { _ = take(UInt8(ascii: "-"), bytes) }
            try digits(bytes)
        }
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > start else { throw missing("expected a digit", bytes) }
    }

    private mutating func word(_ word: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
        let text = word.description.utf8
        guard offset + text.count <= bytes.count else { throw ended(bytes) }
        for (index, byte) in text.enumerated() where bytes[offset + index] != byte {
            throw error(.invalidSyntax, "expected a value", bytes)
        }
        offset += text.count
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private func missing(_ message: String, _ bytes: Span<UInt8>) -> JSONError {
        offset < bytes.count ? error(.invalidSyntax, message, bytes) : ended(bytes)
    }

    private func ended(_ bytes: Span<UInt8>) -> JSONError {
        var end = self
        end.offset = bytes.count
        return end.error(.endedEarly, "the text ends too early", bytes)
    }

    private func error(_ reason: JSONError.Reason, _ message: String, _ bytes: Span<UInt8>) -> JSONError {
        var line = 1
        var column = 1
        for index in 0..<min(offset, bytes.count) {
            let byte = bytes[index]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONError(reason, line: line, column: column, message: message)
    }
}
