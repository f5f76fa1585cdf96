/// The `grpc-timeout` field: at most eight digits and a unit.
enum GRPCTimeout {
    /// The span that a field value says, or `nil` for a malformed value.
    static func parse(_ value: String) -> Duration? {
        let digits = value.utf8.dropLast()
        guard (1...8).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let amount = Int64(value.dropLast())
        else { return nil }
        return switch value.utf8.last {
        case UInt8(ascii: "H"): .seconds(3600 * amount)
        case UInt8(ascii: "M"): .seconds(60 * amount)
        case UInt8(ascii: "S"): .seconds(amount)
        case UInt8(ascii: "m"): .milliseconds(amount)
        case UInt8(ascii: "u"): .microseconds(amount)
        case UInt8(ascii: "n"): .nanoseconds(amount)
        case nil, .some: nil
        }
    }

    /// The field value of a span, in the finest unit that eight digits hold, rounded up; a negative span is 0.
    static func format(_ span: Duration) -> String {
        let (seconds, attoseconds) = span.components
        if seconds < 0 || attoseconds < 0 { return "0n" }
        let limit: Int64 = 99_999_999
        if seconds == 0, attoseconds / 1_000_000_000 <= limit { return "\(attoseconds / 1_000_000_000)n" }
        if seconds < 99 { return "\(seconds * 1_000_000 + roundedUp(attoseconds, 1_000_000_000_000))u" }
        if seconds < 99_999 { return "\(seconds * 1_000 + roundedUp(attoseconds, 1_000_000_000_000_000))m" }
        if seconds <= limit { return "\(seconds)S" }
        if seconds / 60 <= limit { return "\(seconds / 60)M" }
        return "\(min(seconds / 3600, limit))H"
    }

    private static func roundedUp(_ value: Int64, _ unit: Int64) -> Int64 { (value + unit - 1) / unit }
}
