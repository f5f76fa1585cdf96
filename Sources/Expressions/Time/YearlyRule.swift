/// The rule that a zone follows each year, as the POSIX variable TZ writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct YearlyRule: Hashable, Sendable {
    /// Seconds east of UTC.
    private var standard: Int
    private var saving: Saving?

    private struct Saving: Hashable, Sendable {
        var offset: Int
        var begin: Day
        var end: Day
    }

    private struct Day: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// 1 to 365; the leap day is never counted.
            case julian(Int)
            /// 0 to 365; the leap day is counted.
            case ordinal(Int)
            /// Week 5 is the last; day 0 is Sunday.
            case weekday(month: Int, week: Int, day: Int)
        }

        var kind: Kind
        /// Seconds after midnight, local time; may be negative or more than a day.
        var time: Int

        /// Seconds since 1970 by the local clock that still holds.
        func local(in year: Int) -> Int {
            let start = CivilDate(year: year, month: 1, day: 1).days
            switch kind {
            case .julian(let day):
                return (start + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)) * 86_400 + time
            case .ordinal(let day): return (start + day) * 86_400 + time
            case .weekday(let month, let week, let day):
                let first = CivilDate(year: year, month: month, day: 1)
                var date = 1 + (day - first.dayOfWeek + 7) % 7 + (week - 1) * 7
                while date > CivilDate.length(ofMonth: month, in: year) { date -= 7 }
                return (first.days + date - 1) * 86_400 + time
            }
        }
    }

    func offset(at seconds: Int64) -> Int {
        guard let saving else { return standard }
        let year = CivilDate(days: CivilDate.floorDivide(Int(seconds) + standard, 86_400)).year
        let begin = saving.begin.local(in: year) - standard
        let end = saving.end.local(in: year) - saving.offset
        let isSaving =
            begin < end
            ? (begin..<end).contains(Int(seconds)) : !(end..<begin).contains(Int(seconds))
        return isSaving ? saving.offset : standard
    }

    /// `nil` when it is no rule.
    init?(parsing text: String) {
        var rest = Array(text.utf8)[...]
        guard Self.skipName(&rest), let west = Self.time(&rest) else { return nil }
        standard = -west
        guard !rest.isEmpty else { return }
        guard Self.skipName(&rest) else { return nil }
        var offset = standard + 3600
        if let next = rest.first, next != UInt8(ascii: ",") {
            guard let west = Self.time(&rest) else { return nil }
            offset = -west
        }
        guard let begin = Self.day(&rest), let end = Self.day(&rest), rest.isEmpty else { return nil }
        saving = Saving(offset: offset, begin: begin, end: end)
    }

    private static func take(_ character: UnicodeScalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private static func skipName(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if take("<", &rest) {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let name = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
        rest.removeFirst(name.count)
        return name.count >= 3
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        rest.removeFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// Hours, minutes and seconds, with a sign.
    private static func time(_ rest: inout ArraySlice<UInt8>) -> Int? {
        let sign = take("-", &rest) ? -1 : 1
        if sign == 1 { _ = take("+", &rest) }
        guard let hours = number(&rest) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where take(":", &rest) {
            guard let value = number(&rest) else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }

    private static func day(_ rest: inout ArraySlice<UInt8>) -> Day? {
        guard take(",", &rest) else { return nil }
        let kind: Day.Kind
        if take("M", &rest) {
            guard let month = number(&rest), take(".", &rest), let week = number(&rest), take(".", &rest),
                let day = number(&rest), (1...12).contains(month), (1...5).contains(week), (0...6).contains(day)
            else { return nil }
            kind = .weekday(month: month, week: week, day: day)
        } else if take("J", &rest) {
            guard let day = number(&rest), (1...365).contains(day) else { return nil }
            kind = .julian(day)
        } else {
            guard let day = number(&rest), (0...365).contains(day) else { return nil }
            kind = .ordinal(day)
        }
        guard take("/", &rest) else { return Day(kind: kind, time: 7200) }
        return time(&rest).map { Day(kind: kind, time: $0) }
    }
}
