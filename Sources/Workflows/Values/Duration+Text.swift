extension Duration {
    /// Why text is no duration.
    public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
        public var description: String
    }

    private static let units: [(name: String, microseconds: Int64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1),
    ]

    /// Reads whole numbers with units from large to small, each unit at most once: `1h30m`, `250ms`, `2d`.
    ///
    /// Units are `d`, `h`, `m`, `s`, `ms` and `us`. A number without a unit, a fraction, a sign, a space, and a duration
    /// over 100 years are refused, so nothing is ever read as something else.
    public init(parsing text: String) throws(TextError) {
        guard !text.isEmpty else { throw TextError(description: "a duration is empty; write it as 1h30m or 250ms") }
        var rest = Substring(text)
        var total: Int64 = 0
        var next = 0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(name.count)
            guard !digits.isEmpty, !name.isEmpty else { throw Self.malformed(text) }
            guard let unit = Self.units.firstIndex(where: { $0.name == name }) else {
                throw TextError(
                    description:
                        "the duration \"\(text)\" has the unknown unit \"\(name)\"; units are d, h, m, s, ms, us")
            }
            guard unit >= next else {
                throw TextError(
                    description: "the duration \"\(text)\" does not name its units from large to small, each once")
            }
            next = unit + 1
            guard let count = Int64(digits) else { throw Self.beyond(text) }
            let (product, overflow) = count.multipliedReportingOverflow(by: Self.units[unit].microseconds)
            let (sum, beyond) = total.addingReportingOverflow(product)
            guard !overflow, !beyond, sum <= 3_153_600_000_000_000 else { throw Self.beyond(text) }
            total = sum
        }
        self = .microseconds(total)
    }

    private static func malformed(_ text: String) -> TextError {
        TextError(description: "\"\(text)\" is no duration; write whole numbers with units, as 1h30m or 250ms")
    }

    private static func beyond(_ text: String) -> TextError {
        TextError(description: "the duration \"\(text)\" is over 100 years")
    }

    /// The text that `init(parsing:)` reads back, to the microsecond; `0s` for none.
    public var shortText: String {
        var rest = max(0, wholeMicroseconds)
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in Self.units where rest >= unit.microseconds {
            text += "\(rest / unit.microseconds)\(unit.name)"
            rest %= unit.microseconds
        }
        return text
    }
}
