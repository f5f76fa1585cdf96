/// A point in time: microseconds since 1970-01-01T00:00:00Z, PostgreSQL's resolution.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Negative when `earlier` is later.
    public func duration(since earlier: Timestamp) -> Duration {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        return .microseconds(overflow ? (microseconds < 0 ? .min : .max) : difference)
    }

    /// The last moment that fits stands for any beyond it.
    public func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = microseconds.addingReportingOverflow(duration.wholeMicroseconds)
        guard overflow else { return Timestamp(microseconds: sum) }
        return Timestamp(microseconds: duration < .zero ? .min : .max)
    }

    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
    public static func + (left: Self, right: Duration) -> Self { left.advanced(by: right) }
    public static func - (left: Self, right: Self) -> Duration { left.duration(since: right) }
}

extension Duration {
    /// Rounded towards zero, within what 64 bits hold.
    public var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, beyond) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return beyond ? (seconds < 0 ? .min : .max) : sum
    }
}
