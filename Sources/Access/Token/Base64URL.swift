/// base64url without padding (RFC 4648 §5), and nothing that merely decodes to the same: no padding, no other alphabet,
/// no white space, no bits left over. So a token has one spelling, and its digest names it.
enum Base64URL {
    /// `nil` for anything that the encoder does not write, and for nothing.
    static func decode(_ text: Substring) -> [UInt8]? {
        let octets = text.utf8
        guard !octets.isEmpty, octets.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(octets.count * 3 / 4)
        var rest: UInt32 = 0
        var bits: UInt32 = 0
        for octet in octets {
            guard let value = value(octet) else { return nil }
            rest = rest << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: rest >> bits))
            }
            rest &= 1 << bits - 1
        }
        return rest == 0 ? bytes : nil
    }

    /// The one spelling of the bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var rest: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            rest = rest << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(digits[Int(rest >> bits & 63)])
            }
            rest &= 1 << bits - 1
        }
        if bits > 0 { text.append(digits[Int(rest << (6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func value(_ octet: UInt8) -> UInt32? {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(octet - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(octet - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(octet - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
