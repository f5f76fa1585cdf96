extension FilterAmount {
    /// A date (a whole day in UTC), or a date and time with offset (RFC 3339).
    static func time(_ text: String) -> FilterAmount? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let day = day(bytes[..<10]) else { return nil }
        let start = day * 86_400_000_000
        if bytes.count == 10 { return .time(start..<start + 86_400_000_000, text) }
        guard bytes.count > 10, bytes[10] | 0x20 == UInt8(ascii: "t"), let clock = clock(bytes[11...]) else {
            return nil
        }
        return .time(start + clock..<start + clock + 1, text.uppercased())
    }

    /// Days since 1970 of `2026-03-01`.
    private static func day(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), let year = number(bytes[0..<4]),
            let month = number(bytes[5..<7]), let day = number(bytes[8..<10]), (1...12).contains(month)
        else { return nil }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...Int64(days[Int(month) - 1])).contains(day) else { return nil }
        // Days before the year, counted from 1 March of the year 0 in eras of 400 years.
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Microseconds since midnight UTC of `09:30:00.5+01:00`.
    private static func clock(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        guard bytes.count >= 9, bytes[2] == UInt8(ascii: ":"), bytes[5] == UInt8(ascii: ":"),
            let hour = number(bytes[0..<2]), let minute = number(bytes[3..<5]), let second = number(bytes[6..<8]),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var total = ((hour * 60 + minute) * 60 + second) * 1_000_000
        var rest = bytes[8...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, let micros = number((digits.prefix(6) + Array(repeating: 0x30, count: 6)).prefix(6))
            else { return nil }
            total += micros
            rest = rest.dropFirst(digits.count + 1)
        }
        if rest.elementsEqual("Z".utf8) || rest.elementsEqual("z".utf8) { return total }
        let offset = Array(rest)
        guard offset.count == 6, offset[3] == UInt8(ascii: ":"), let hours = number(offset[1..<3]),
            let minutes = number(offset[4..<6]), hours < 24, minutes < 60
        else { return nil }
        let length = (hours * 60 + minutes) * 60_000_000
        switch offset[0] {
        case UInt8(ascii: "+"): return total - length
        case UInt8(ascii: "-"): return total + length
        default: return nil
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
}
