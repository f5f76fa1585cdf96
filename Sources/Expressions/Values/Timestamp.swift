/// A point in time by UTC, from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z
/// (google.protobuf.Timestamp).
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Since 1970-01-01T00:00:00Z, rounded down.
    public let seconds: Int64
    /// 0 to 999,999,999, counted forwards.
    public let nanoseconds: Int32

    public static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// `nil` outside the range of years.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    private init?(total: Int128) {
        let (seconds, rest) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        let floor = rest < 0 ? seconds - 1 : seconds
        guard let whole = Int64(exactly: floor) else { return nil }
        self.init(seconds: whole, nanoseconds: Int32(rest < 0 ? rest + 1_000_000_000 : rest))
    }

    private var total: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// `nil` outside the range of years.
    public func adding(_ duration: Duration) -> Timestamp? { Timestamp(total: total + duration.nanoseconds) }

    /// `nil` outside the range of years.
    public func subtracting(_ duration: Duration) -> Timestamp? { Timestamp(total: total - duration.nanoseconds) }

    public func since(_ other: Timestamp) -> Duration { Duration(nanoseconds: total - other.total) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
