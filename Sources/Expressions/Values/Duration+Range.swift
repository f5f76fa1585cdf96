extension Duration {
    /// Nanoseconds that a duration of the language may have: 64 bits of them, about 292 years either way (language
    /// definition, "Overflow").
    static let allowedNanoseconds = Int128(Int64.min)...Int128(Int64.max)

    init(nanoseconds: Int128) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(secondsComponent: Int64(seconds), attosecondsComponent: Int64(rest) * 1_000_000_000)
    }

    /// Whole nanoseconds; what is finer is cut.
    var nanoseconds: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds / 1_000_000_000)
    }

    /// As a floating-point number, which has no more than some 16 digits.
    var doubleSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds / 1_000_000_000) / 1_000_000_000
    }

    /// Within the language's range.
    var isAllowed: Bool { Self.allowedNanoseconds.contains(nanoseconds) }
}
