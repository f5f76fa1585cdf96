/// A run's identity: a UUIDv7 (RFC 9562), so that ids sort by time and find their partition.
///
/// The text form is 26 characters of Crockford's base 32, as ULIDs are written; UUID text is understood too.
public struct RunID: Hashable, Sendable {
    /// Sixteen bytes in two words, the most significant first.
    public struct Bytes: Hashable, Comparable, Sendable {
        public var high: UInt64
        public var low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
    }

    public var bytes: Bytes

    public init(_ bytes: Bytes) { self.bytes = bytes }

    /// Makes a UUIDv7: 48 bits of milliseconds, then `random` but for the version and variant bits.
    public init(at time: Timestamp, random: Bytes) {
        let milliseconds = UInt64(clamping: time.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        bytes = Bytes(
            high: milliseconds << 16 | 0x7000 | random.high & 0x0FFF,
            low: 0x8000_0000_0000_0000 | random.low & 0x3FFF_FFFF_FFFF_FFFF)
    }

    public init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        self.init(at: time, random: Bytes(high: generator.next(), low: generator.next()))
    }

    /// The time of the id, to the millisecond.
    public var timestamp: Timestamp { Timestamp(microseconds: Int64(bytes.high >> 16) * 1000) }

    /// Bits that are evenly spread over runs, for choosing a lane or a partition.
    public var hashBits: UInt64 { bytes.low ^ bytes.low >> 32 }
}

extension RunID: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}

extension RunID.Bytes: CustomStringConvertible {
    /// 26 characters of Crockford's base 32, upper case.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 26) { buffer in
            for index in 0..<26 {
                unsafe buffer[index] = Self.alphabet[Int(digit(at: 25 - index))]
            }
            return 26
        }
    }

    /// Reads 26 characters of base 32 (either case; I and L as 1, O as 0) or UUID text.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        switch characters.count {
        case 26: self.init(base32: characters)
        case 36: self.init(uuid: characters)
        default: return nil
        }
    }

    /// Lower-case UUID text, as PostgreSQL prints it.
    public var uuidText: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        appendUUIDText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends lower-case UUID text.
    public func appendUUIDText(to text: inout [UInt8]) {
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append(UInt8(ascii: "-")) }
            let word = nibble < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - nibble % 16 * 4) & 0xF)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
    }

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The fifth-bit group counted from the least significant end.
    private func digit(at place: Int) -> UInt64 {
        let shift = place * 5
        if shift >= 64 { return high >> UInt64(shift - 64) & 31 }
        let lower = low >> UInt64(shift)
        return (shift > 59 ? lower | high << UInt64(64 - shift) : lower) & 31
    }

    private init?(base32 characters: [UInt8]) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, character) in characters.enumerated() {
            guard let value = Self.value(of: character), index > 0 || value < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | value
        }
        self.init(high: high, low: low)
    }

    private static func value(of character: UInt8) -> UInt64? {
        let value = values[Int(character)]
        return value < 32 ? UInt64(value) : nil
    }

    /// The value of each character of either case; 255 where it has none. I and L read as 1, O as 0.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        for (character, value) in zip("ILO".utf8, [UInt8(1), 1, 0]) { values[Int(character)] = value }
        for upper in UInt8(ascii: "A")...UInt8(ascii: "Z") { values[Int(upper | 0x20)] = values[Int(upper)] }
        return values
    }()

    private init?(uuid characters: [UInt8]) {
        var words: [UInt64] = [0, 0]
        var nibble = 0
        for (index, character) in characters.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            words[nibble / 16] = words[nibble / 16] << 4 | UInt64(value)
            nibble += 1
        }
        self.init(high: words[0], low: words[1])
    }
}

extension RunID: CustomStringConvertible {
    public var description: String { bytes.description }

    /// Lower-case UUID text, as PostgreSQL prints it.
    public var uuidText: String { bytes.uuidText }

    public init?(_ text: String) {
        guard let bytes = Bytes(text) else { return nil }
        self.init(bytes)
    }
}

extension RunID.Bytes {
    /// `nil` unless there are sixteen.
    public init?(_ bytes: some Sequence<UInt8>) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var count = 0
        for byte in bytes {
            if count < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
            count += 1
            guard count <= 16 else { return nil }
        }
        guard count == 16 else { return nil }
        self.init(high: high, low: low)
    }

    /// The sixteen bytes in the order in which they are sent and compared.
    public var array: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }
}
