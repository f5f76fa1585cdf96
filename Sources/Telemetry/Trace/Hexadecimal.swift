/// Lower-case hexadecimal text, as the trace headers require it.
enum Hexadecimal {
    static func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value, to text: inout [UInt8]) {
        var shift = Value.bitWidth - 4
        while shift >= 0 {
            text.append(digits[Int(truncatingIfNeeded: value >> Value(truncatingIfNeeded: shift)) & 0xf])
            shift -= 4
        }
    }

    /// `nil` for anything but lower-case digits; at most sixteen of them.
    static func value(_ text: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
