/// Nanoseconds as the fraction of a second, with the point; nothing when there are none.
enum FractionText {
    /// As many digits as it takes.
    static func trimmed(_ nanoseconds: Int32) -> String {
        var text = digits(nanoseconds)
        while text.last == "0" { text.removeLast() }
        return text.isEmpty ? "" : "." + text
    }

    /// 3, 6 or 9 digits, as the JSON mapping of Protocol Buffers writes.
    static func grouped(_ nanoseconds: Int32) -> String {
        var text = digits(nanoseconds)
        while text.hasSuffix("000") { text.removeLast(3) }
        return text.isEmpty ? "" : "." + text
    }

    private static func digits(_ nanoseconds: Int32) -> String {
        let text = String(nanoseconds)
        return String(repeating: "0", count: 9 - text.count) + text
    }
}
