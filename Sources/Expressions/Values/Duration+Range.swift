extension Duration {
    /// Seconds that a duration of the language may have, either way: 10,000 years (google.protobuf.Duration).
    static let greatestSeconds: Int64 = 315_576_000_000

    init(nanoseconds: Int128) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(secondsComponent: Int64(seconds), attosecondsComponent: Int64(rest) * 1_000_000_000)
    }

    /// Whole nanoseconds; what is finer is cut.
    var nanoseconds: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds / 1_000_000_000)
    }

    /// Within the language's range.
    var isAllowed: Bool { nanoseconds.magnitude <= UInt128(Self.greatestSeconds) * 1_000_000_000 }
}
