import Glibc

/// Wall-clock time in µs since 1970-01-01T00:00:00Z, for records that people read; never for deadlines.
public struct WallTime: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Now, by the system's real-time clock.
    public static func now() -> Self {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Self(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// RFC 3339 in UTC with microseconds: `2026-01-31T08:09:10.123456Z`.
    public var rfc3339: String {
        var text = [UInt8]()
        text.reserveCapacity(27)
        appendRFC3339(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends ``rfc3339`` without making a string.
    public func appendRFC3339(to text: inout [UInt8]) {
        let (days, within) = microseconds.floored(dividingBy: 86_400_000_000)
        let date = Self.civil(fromDays: days)
        let seconds = within / 1_000_000
        appendDigits(date.year, 4, to: &text)
        text.append(UInt8(ascii: "-"))
        appendDigits(date.month, 2, to: &text)
        text.append(UInt8(ascii: "-"))
        appendDigits(date.day, 2, to: &text)
        text.append(UInt8(ascii: "T"))
        appendDigits(seconds / 3600, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        appendDigits(seconds / 60 % 60, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        appendDigits(seconds % 60, 2, to: &text)
        text.append(UInt8(ascii: "."))
        appendDigits(within % 1_000_000, 6, to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    /// The proleptic Gregorian date of a day number, counted in eras of 400 years that begin on 1 March, so that the
    /// leap day is an era's last.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).floored(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private func appendDigits(_ value: Int64, _ width: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}

extension Int64 {
    /// Quotient and remainder with the remainder never negative.
    fileprivate func floored(dividingBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
