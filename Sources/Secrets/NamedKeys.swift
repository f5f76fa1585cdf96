/// Keys of 256 bits that are kept outside the database: the first one is used for what is new, all of them for what is
/// there. The master keys of secrets are such, and the keys of the audit log.
///
/// As text, one a line, `NAME:64 HEXADECIMAL DIGITS`; empty lines and lines that begin with `#` are passed over. To
/// rotate, put a new line first; take the old line away when nothing needs it any more (for secrets:
/// `beamline secret rotate`).
public struct NamedKeys: Sendable {
    package struct Key: Sendable {
        package var id: String
        package var bytes: [UInt8]
    }

    package let current: Key
    private let all: [String: Key]

    /// Reads the text; a comma ends a line as well, for the environment.
    ///
    /// - Parameter noun: what to call such a key in messages.
    public init(text: String, noun: String = "master key") throws(SecretError) {
        var keys: [Key] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == "," }) {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]) else {
                throw SecretError(
                    .invalid,
                    "line \(keys.count + 1) of the \(noun)s is not NAME:KEY, NAME of a-z, A-Z, 0-9, _ and -")
            }
            guard let bytes = Self.hexadecimal(parts[1]), bytes.count == AES256GCM.keyLength else {
                throw SecretError(.invalid, "the \(noun) \(parts[0]) has not 64 hexadecimal digits")
            }
            guard !keys.contains(where: { $0.id == parts[0] }) else {
                throw SecretError(.invalid, "two \(noun)s have the name \(parts[0])")
            }
            keys.append(Key(id: String(parts[0]), bytes: bytes))
        }
        guard let first = keys.first else { throw SecretError(.invalid, "there is no \(noun) in the text") }
        current = first
        all = Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0) })
    }

    /// The name of the key that is used for what is new.
    public var currentID: String { current.id }

    package subscript(id: String) -> Key? { all[id] }

    /// A line with a new key.
    public static func line(name: String, using generator: inout some RandomNumberGenerator) -> String {
        let digits = Array("0123456789abcdef")
        return "\(name):" + String((0..<64).map { _ in digits[Int(truncatingIfNeeded: generator.next() & 15)] })
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func hexadecimal(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { octet -> UInt8? in
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
