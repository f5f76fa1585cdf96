/// Appends JSON text to bytes. The caller keeps the grammar: the writer only knows how to write each piece.
public struct JSONWriter: Sendable {
    /// How integers beyond ±(2^53 − 1) are written: JavaScript reads them wrong as numbers.
    public enum LargeIntegers: Sendable {
        case number
        case string
    }

    public var bytes: [UInt8]
    private let largeIntegers: LargeIntegers

    public init(largeIntegers: LargeIntegers = .number, reserving capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
        self.largeIntegers = largeIntegers
    }

    /// Appends text as it stands: punctuation, literals, and JSON that was written before.
    @inlinable
    public mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { buffer in unsafe bytes.append(contentsOf: buffer) }
    }

    @inlinable
    public mutating func raw(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    /// Appends the key of a member with its colon.
    public mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
    }

    public mutating func null() { raw("null") }

    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    public mutating func integer(_ value: Int64) {
        let quoted = largeIntegers == .string && value.magnitude > 1 << 53 - 1
        if quoted { bytes.append(UInt8(ascii: "\"")) }
        digits(value)
        if quoted { bytes.append(UInt8(ascii: "\"")) }
    }

    /// The shortest text that reads back as the same double; `null` for values that JSON cannot say.
    public mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        bytes.append(contentsOf: value.description.utf8)
    }

    public mutating func string(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { buffer in
            var start = 0
            for index in 0..<buffer.count {
                let byte = unsafe buffer[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                unsafe bytes.append(contentsOf: buffer[start..<index])
                escape(byte)
                start = index + 1
            }
            unsafe bytes.append(contentsOf: buffer[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x08: raw("\\b")
        case 0x09: raw("\\t")
        case 0x0A: raw("\\n")
        case 0x0C: raw("\\f")
        case 0x0D: raw("\\r")
        default:
            raw("\\u00")
            bytes.append(hexDigit(byte >> 4))
            bytes.append(hexDigit(byte & 15))
        }
    }

    private func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private mutating func digits(_ value: Int64) {
        guard value != 0 else { return bytes.append(UInt8(ascii: "0")) }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }
}

extension JSONWriter {
    /// Appends a tree compactly.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .int(let number): integer(number)
        case .double(let number): double(number)
        case .string(let text): string(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                self.value(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                key(member.key)
                self.value(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a tree with one member or element a line, indented by two spaces.
    public mutating func pretty(_ value: JSONValue, indent: Int = 0) {
        switch value {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                newLine(indent + 1)
                pretty(element, indent: indent + 1)
            }
            newLine(indent)
            bytes.append(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                newLine(indent + 1)
                string(member.key)
                raw(": ")
                pretty(member.value, indent: indent + 1)
            }
            newLine(indent)
            bytes.append(UInt8(ascii: "}"))
        case .null, .bool, .int, .double, .string, .array, .object:
            self.value(value)
        }
    }

    private mutating func newLine(_ indent: Int) {
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }
}

extension JSONValue {
    /// The value as compact JSON text, or one member a line.
    public func bytes(pretty: Bool = false, largeIntegers: JSONWriter.LargeIntegers = .number) -> [UInt8] {
        var writer = JSONWriter(largeIntegers: largeIntegers)
        if pretty { writer.pretty(self) } else { writer.value(self) }
        return writer.bytes
    }

    public func text(pretty: Bool = false, largeIntegers: JSONWriter.LargeIntegers = .number) -> String {
        String(decoding: bytes(pretty: pretty, largeIntegers: largeIntegers), as: UTF8.self)
    }
}
