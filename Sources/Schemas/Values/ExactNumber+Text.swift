extension ExactNumber {
    /// The number of a text in JSON's grammar (RFC 8259, section 6); a plus sign before the exponent's digits is taken.
    /// `nil` when the text is none, or has more digits or a larger exponent than are taken.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        var scanner = NumberScanner(bytes: bytes, offset: 0)
        guard let number = scanner.number(), scanner.offset == bytes.count else { return nil }
        self = number
    }
}

/// Reads one number and stands behind it.
struct NumberScanner {
    let bytes: [UInt8]
    var offset: Int

    /// `nil` where the grammar or a limit of `ExactNumber` is broken.
    mutating func number() -> ExactNumber? {
        let isNegative = take(UInt8(ascii: "-"))
        var digits: [UInt8] = []
        if take(UInt8(ascii: "0")) {
            if let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { return nil }
        } else {
            guard takeDigits(&digits) else { return nil }
        }
        var exponent = 0
        if take(UInt8(ascii: ".")) {
            let whole = digits.count
            guard takeDigits(&digits) else { return nil }
            exponent = whole - digits.count
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            let isSmall = take(UInt8(ascii: "-"))
            if !isSmall { _ = take(UInt8(ascii: "+")) }
            var written: [UInt8] = []
            guard takeDigits(&written) else { return nil }
            let significant = written.drop { $0 == 0 }
            if significant.count <= 10 {
                let value = significant.reduce(0) { $0 * 10 + Int($1) }
                exponent += isSmall ? -value : value
            } else {
                exponent = .max
            }
        }
        let number = ExactNumber(
            isNegative: isNegative, digits: digits[...], exponent: exponent == .max ? 0 : exponent)
        if number.isZero { return number }
        guard exponent.magnitude <= ExactNumber.maximumExponent, number.digitCount <= ExactNumber.maximumDigits else {
            return nil
        }
        return number
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        offset += 1
        return true
    }

    private mutating func takeDigits(_ digits: inout [UInt8]) -> Bool {
        let start = offset
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            digits.append(byte - UInt8(ascii: "0"))
            offset += 1
        }
        return offset > start
    }
}
