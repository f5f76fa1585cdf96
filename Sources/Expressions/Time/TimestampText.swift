/// Timestamps as text by RFC 3339.
enum TimestampText {
    /// `nil` when it is no timestamp, or outside the range of years. By the RFC's grammar `T` and `Z` may be small.
    static func parse(_ text: String) -> Timestamp? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t"), let hour = reader.number(2),
            reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            let nanoseconds = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= CivilDate.length(ofMonth: month, in: year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).days
        let local = days * 86_400 + hour * 3600 + minute * 60 + second
        return Timestamp(seconds: Int64(local - offset), nanoseconds: nanoseconds)
    }

    /// - Parameter fraction: Nanoseconds as text; by default as many digits as it takes.
    static func text(
        _ timestamp: Timestamp, fraction: (Int32) -> String = { FractionText.trimmed($0) }
    ) -> String {
        let time = CivilTime(timestamp)
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(padded(time.date.year, 4))-\(padded(time.date.month))-\(padded(time.date.day))"
        let clock = "\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))"
        return "\(date)T\(clock)\(fraction(timestamp.nanoseconds))Z"
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        mutating func take(_ character: UnicodeScalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func number(_ count: Int) -> Int? {
            guard position + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[position..<position + count] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte) - 48
            }
            position += count
            return value
        }

        /// Nanoseconds; what is finer is cut.
        mutating func fraction() -> Int32? {
            guard take(".") else { return 0 }
            var value: Int32 = 0
            var digits = 0
            while position < bytes.count, (48...57).contains(bytes[position]) {
                if digits < 9 { value = value * 10 + Int32(bytes[position]) - 48 }
                digits += 1
                position += 1
            }
            guard digits > 0 else { return nil }
            for _ in digits..<max(9, digits) { value *= 10 }
            return value
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int? {
            if take("Z") || take("z") { return 0 }
            let sign: Int
            if take("+") {
                sign = 1
            } else if take("-") {
                sign = -1
            } else {
                return nil
            }
            guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}
