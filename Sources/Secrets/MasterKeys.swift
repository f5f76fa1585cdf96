/// The keys that secrets are sealed under: the first one seals, all of them open.
///
/// As text, one a line, `NAME:64 HEXADECIMAL DIGITS`; empty lines and lines that begin with `#` are passed over. To
/// rotate, put a new line first, re-seal (`beamline secret rotate`), then take the old line away.
public struct MasterKeys: Sendable {
    struct Key: Sendable {
        var id: String
        var bytes: [UInt8]
    }

    let current: Key
    private let all: [String: Key]

    /// Reads the text; a comma ends a line as well, for the environment.
    public init(text: String) throws(SecretError) {
        var keys: [Key] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == "," }) {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]) else {
                throw SecretError(
                    .invalid,
                    "line \(keys.count + 1) of the master keys is not NAME:KEY, NAME of a-z, A-Z, 0-9, _ and -")
            }
            guard let bytes = Self.hexadecimal(parts[1]), bytes.count == AES256GCM.keyLength else {
                throw SecretError(.invalid, "the master key \(parts[0]) has not 64 hexadecimal digits")
            }
            guard !keys.contains(where: { $0.id == parts[0] }) else {
                throw SecretError(.invalid, "two master keys have the name \(parts[0])")
            }
            keys.append(Key(id: String(parts[0]), bytes: bytes))
        }
        guard let first = keys.first else { throw SecretError(.invalid, "there is no master key in the text") }
        current = first
        all = Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0) })
    }

    /// The name of the key that seals.
    public var currentID: String { current.id }

    subscript(id: String) -> Key? { all[id] }

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
