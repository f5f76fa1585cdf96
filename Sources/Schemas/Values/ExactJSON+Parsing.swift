public import JSON

extension ExactJSON {
    /// What is taken at most of a schema or an instance: 16 MiB, 256 arrays and objects within one another.
    public static let limits = JSONLimits(size: 16 << 20, depth: 256)

    /// Parses JSON text (RFC 8259, UTF-8). Keys that stand twice, invalid UTF-8, lone surrogates, numbers beyond the
    /// limits of `ExactNumber` and text beyond the limits are refused.
    public init(parsing bytes: [UInt8], limits: JSONLimits = Self.limits) throws(JSONError) {
        var parser = try ExactParser(bytes, limits)
        self = try parser.document()
    }

    public init(parsing text: String, limits: JSONLimits = Self.limits) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// An object's members, each with the range of bytes where its value stands: to recognise a text seen before.
    public static func members(
        parsing bytes: [UInt8], limits: JSONLimits = Self.limits
    ) throws(JSONError) -> [(key: String, range: Range<Int>, value: ExactJSON)] {
        var parser = try ExactParser(bytes, limits)
        return try parser.members()
    }
}

private struct ExactParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8], _ limits: JSONLimits) throws(JSONError) {
        guard bytes.count <= limits.size else {
            throw JSONError(
                .tooLarge, line: 1, column: 1,
                message: "the text has \(bytes.count) bytes; at most \(limits.size) are taken")
        }
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> ExactJSON {
        skipSpace()
        let value = try value()
        try end()
        return value
    }

    mutating func members() throws(JSONError) -> [(key: String, range: Range<Int>, value: ExactJSON)] {
        var members: [(key: String, range: Range<Int>, value: ExactJSON)] = []
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "{") else { throw missing("expected an object") }
        _ = try object { key, range, value in members.append((key, range, value)) }
        try end()
        return members
    }

    private mutating func end() throws(JSONError) {
        skipSpace()
        guard offset == bytes.count else { throw error(.invalidSyntax, "expected the end of the text") }
    }

    private mutating func value() throws(JSONError) -> ExactJSON {
        guard offset < bytes.count else { throw ended() }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw error(.invalidSyntax, "expected a value")
        }
    }

    private mutating func number() throws(JSONError) -> ExactNumber {
        var scanner = NumberScanner(bytes: bytes, offset: offset)
        guard let number = scanner.number() else {
            let isWhole = scanner.offset > offset && (bytes[scanner.offset - 1] | 0x20) != UInt8(ascii: "e")
            throw isWhole && scanner.offset - offset > 10
                ? error(
                    .numberOutOfRange,
                    """
                    a number of more than \(ExactNumber.maximumDigits) digits or with an exponent beyond \
                    \(ExactNumber.maximumExponent) is not taken
                    """)
                : error(.invalidSyntax, "this is no number")
        }
        offset = scanner.offset
        return number
    }

    private mutating func object(
        each: ((String, Range<Int>, ExactJSON) -> Void)? = nil
    ) throws(JSONError) -> ExactObject {
        try descend()
        var members = ExactObject()
        skipSpace()
        if take(UInt8(ascii: "}")) {
            depth -= 1
            return members
        }
        while true {
            skipSpace()
            guard offset < bytes.count else { throw ended() }
            guard bytes[offset] == UInt8(ascii: "\"") else { throw error(.invalidSyntax, "expected a key in quotes") }
            let place = offset
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw missing("expected ':'") }
            skipSpace()
            let start = offset
            let value = try value()
            guard members.insert(key, value) else {
                offset = place
                throw error(.duplicateKey, "the key \"\(key)\" stands twice")
            }
            each?(key, start..<offset, value)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw missing("expected ',' or '}'") }
            depth -= 1
            return members
        }
    }

    private mutating func array() throws(JSONError) -> [ExactJSON] {
        try descend()
        var elements: [ExactJSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) {
            depth -= 1
            return elements
        }
        while true {
            skipSpace()
            elements.append(try value())
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw missing("expected ',' or ']'") }
            depth -= 1
            return elements
        }
    }

    private mutating func descend() throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else { throw error(.tooDeep, "nested deeper than \(limits.depth) levels") }
        offset += 1
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text = ""
        var start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                text += try plain(start..<offset)
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                text += try plain(start..<offset)
                text.unicodeScalars.append(try escape())
                start = offset
            case 0..<0x20: throw error(.invalidSyntax, "a control character must be escaped")
            default: offset += 1
            }
        }
        throw ended()
    }

    private func plain(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw error(.invalidUTF8, "invalid UTF-8")
        }
        return text
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard offset + 1 < bytes.count else { throw ended() }
        let byte = bytes[offset + 1]
        let scalar: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = Unicode.Scalar(byte)
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{C}"
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "u"): return try codePoint()
        default: throw error(.invalidSyntax, "no such escape")
        }
        offset += 2
        return scalar
    }

    private mutating func codePoint() throws(JSONError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) {
            offset += 6
            return scalar
        }
        guard (0xD800..<0xDC00).contains(unit) else {
            throw error(.invalidUTF8, "a low surrogate without a high one")
        }
        offset += 6
        guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u"),
            case let low = try codeUnit(), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw error(.invalidUTF8, "a high surrogate without a low one") }
        offset += 6
        return scalar
    }

    /// The four digits after `\u` at the offset.
    private func codeUnit() throws(JSONError) -> UInt32 {
        guard offset + 5 < bytes.count else { throw ended() }
        var unit: UInt32 = 0
        for index in offset + 2..<offset + 6 {
            guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw error(.invalidSyntax, "expected four hexadecimal digits after \\u")
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private mutating func word(_ word: StaticString, _ value: ExactJSON) throws(JSONError) -> ExactJSON {
        let text = word.description.utf8
        guard bytes[offset...].starts(with: text) else { throw error(.invalidSyntax, "expected a value") }
        offset += text.count
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private func missing(_ message: String) -> JSONError {
        offset < bytes.count ? error(.invalidSyntax, message) : ended()
    }

    private func ended() -> JSONError {
        var end = self
        end.offset = bytes.count
        return end.error(.endedEarly, "the text ends too early")
    }

    private func error(_ reason: JSONError.Reason, _ message: String) -> JSONError {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return JSONError(reason, line: line, column: column, message: message)
    }
}
