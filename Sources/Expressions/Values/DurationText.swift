/// Durations as text: read as `1h30m`, `-1.5s`, `250ms`, written as seconds (`5400s`, `-1.5s`).
enum DurationText {
    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// `nil` when it is no duration, or beyond the language's range.
    static func parse(_ text: String) -> Duration? {
        var rest = text.unicodeScalars[...]
        var isNegative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            rest.removeFirst()
        }
        if rest.elementsEqual("0".unicodeScalars) { return .zero }
        guard !rest.isEmpty else { return nil }
        var total: Int128 = 0
        while !rest.isEmpty {
            guard let part = part(&rest) else { return nil }
            total += part
            guard total <= Duration.allowedNanoseconds.upperBound + 1 else { return nil }
        }
        let signed = isNegative ? -total : total
        return Duration.allowedNanoseconds.contains(signed) ? Duration(nanoseconds: signed) : nil
    }

    /// One number with its unit, in nanoseconds.
    private static func part(_ rest: inout Substring.UnicodeScalarView) -> Int128? {
        var whole: Int128 = 0
        var fraction: Int128 = 0
        var scale: Int128 = 1
        var digits = 0
        var isFraction = false
        while let scalar = rest.first {
            if scalar == ".", !isFraction {
                isFraction = true
            } else if let digit = scalar.decimalDigit {
                digits += 1
                if !isFraction {
                    whole = whole * 10 + Int128(digit)
                    guard whole < 1 << 80 else { return nil }
                } else if scale < 1_000_000_000_000_000_000 {
                    fraction = fraction * 10 + Int128(digit)
                    scale *= 10
                }
            } else {
                break
            }
            rest.removeFirst()
        }
        guard digits > 0 else { return nil }
        let name = rest.prefix { $0 != "." && $0.decimalDigit == nil }
        guard let unit = units.first(where: { $0.name.unicodeScalars.elementsEqual(name) }) else { return nil }
        rest.removeFirst(name.count)
        return whole * unit.nanoseconds + fraction * unit.nanoseconds / scale
    }

    /// - Parameter fraction: Nanoseconds as text; by default as many digits as it takes.
    static func text(
        _ duration: Duration, fraction: (Int32) -> String = { FractionText.trimmed($0) }
    ) -> String {
        let total = duration.nanoseconds
        let (seconds, rest) = total.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = total < 0 ? "-" : ""
        return "\(sign)\(seconds)\(fraction(Int32(rest)))s"
    }
}

extension UnicodeScalar {
    /// The value of an ASCII digit.
    var decimalDigit: Int? { ("0"..."9").contains(self) ? Int(value) - 48 : nil }
}
