/// A number, a length of time or a point in time, as a filter names it.
public enum FilterAmount: Hashable, Sendable {
    case number(Int64)
    /// Microseconds.
    case duration(Int64)
    /// So many microseconds before now.
    case ago(Int64)
    /// From an instant to another, the second not included (microseconds since 1970): a whole day where only a date was
    /// written. The text is as it was written.
    case time(Range<Int64>, String)

    /// The amounts that are meant: from, and up to but not including. An amount at the very end of the range of numbers
    /// is cut off there.
    func range(now: Int64) -> Range<Int64> {
        switch self {
        case .number(let value), .duration(let value): value..<Self.after(value)
        case .ago(let length):
            {
                let instant = now.subtractingReportingOverflow(length)
                let value = instant.overflow ? Int64.min : instant.partialValue
                return value..<Self.after(value)
            }()
        case .time(let range, _): range
        }
    }

    private static func after(_ value: Int64) -> Int64 { value == .max ? value : value + 1 }

    var text: String {
        switch self {
        case .number(let value): "\(value)"
        case .duration(let length), .ago(let length): Self.durationText(length)
        case .time(_, let text): text
        }
    }

    private static let units: [(name: String, microseconds: Int64)] = [
        ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
        ("ms", 1000),
    ]

    private static func durationText(_ length: Int64) -> String {
        var text = ""
        var rest = length
        // Weeks are read, and written as days: 10d says more than 1w3d.
        for unit in units.dropFirst() where rest >= unit.microseconds {
            text += "\(rest / unit.microseconds)\(unit.name)"
            rest %= unit.microseconds
        }
        return text.isEmpty ? "0s" : text
    }

    /// Microseconds of `1h30m`: whole numbers with units, the larger ones first.
    static func duration(_ text: String) -> Int64? {
        var rest = text.unicodeScalars[...]
        var total: Int64 = 0
        var next = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(letters.count)
            guard let count = Int64(String(digits)),
                let index = units[next...].firstIndex(where: { $0.name == String(letters) })
            else { return nil }
            let (part, tooMany) = count.multipliedReportingOverflow(by: units[index].microseconds)
            let (sum, tooLong) = total.addingReportingOverflow(part)
            guard !tooMany, !tooLong else { return nil }
            total = sum
            next = index + 1
        }
        return total
    }
}
