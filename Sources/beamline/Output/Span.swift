/// Spans of time as people read them.
enum Span {
    /// `0.04s`, `1.2s`, `3m 05s`, `2h 10m`, from microseconds.
    static func text(microseconds: Int64) -> String {
        let µs = max(0, microseconds)
        if µs < 1_000_000 { return hundredths(µs / 10_000) }
        if µs < 60_000_000 {
            let tenths = µs / 100_000
            return "\(tenths / 10).\(tenths % 10)s"
        }
        let seconds = µs / 1_000_000
        if seconds < 3600 { return "\(seconds / 60)m \(two(seconds % 60))s" }
        return "\(seconds / 3600)h \(two(seconds % 3600 / 60))m"
    }

    private static func hundredths(_ value: Int64) -> String { "0.\(two(value))s" }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
