/// A term of a filter, ready to be asked of records: in memory, or by a statement that takes the values as parameters
/// (arrays for `= ANY`, `LIKE ANY` and `unnest`), so that no text of a user becomes part of the statement.
public struct FilterPredicate: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        /// Any text of the record contains it, whatever its case.
        case search
        /// A property of the record; with the name after the point where the key takes one.
        case property(String, name: String?)
    }

    public var subject: Subject
    /// The record passes when nothing fits.
    public var isNegated: Bool
    /// Texts of which the property equals one; of a search, the text that is looked for.
    public var texts: [String]
    /// Patterns of SQL's LIKE with `\` as escape, of which one fits.
    public var patterns: [String]
    /// Ranges of which one contains the property.
    public var intervals: [FilterInterval]

    public init(
        subject: Subject, isNegated: Bool = false, texts: [String] = [], patterns: [String] = [],
        intervals: [FilterInterval] = []
    ) {
        self.subject = subject
        self.isNegated = isNegated
        self.texts = texts
        self.patterns = patterns
        self.intervals = intervals
    }
}

/// From, and up to but not including; an end that is missing is open.
public struct FilterInterval: Hashable, Sendable {
    public var from: Int64?
    public var to: Int64?

    public init(from: Int64?, to: Int64?) {
        self.from = from
        self.to = to
    }

    func contains(_ value: Int64) -> Bool { from.map { $0 <= value } ?? true && to.map { value < $0 } ?? true }
}

extension Filter {
    /// The terms, all of which a record must pass.
    ///
    /// - Parameter now: Microseconds since 1970; what `2h` counts back from.
    public func predicates(now: Int64) -> [FilterPredicate] { clauses.map { $0.predicate(now: now) } }
}

extension FilterClause {
    func predicate(now: Int64) -> FilterPredicate {
        switch subject {
        case .search(let text):
            return FilterPredicate(
                subject: .search, isNegated: isNegated, texts: [text], patterns: ["%\(Self.escaped(text))%"],
                intervals: [])
        case .key(let key, let name, let values):
            var predicate = FilterPredicate(
                subject: .property(key.property, name: name), isNegated: isNegated, texts: [], patterns: [],
                intervals: [])
            for value in values {
                switch value {
                case .equal(let text): predicate.texts.append(text)
                case .glob(let parts):
                    predicate.patterns.append(parts.map { Self.escaped($0) }.joined(separator: "%"))
                case .amount(let amount):
                    let range = amount.range(now: now)
                    predicate.intervals.append(
                        key.implied.map { Self.interval($0, range) }
                            ?? FilterInterval(from: range.lowerBound, to: range.upperBound))
                case .compared(let comparison, let amount):
                    predicate.intervals.append(Self.interval(comparison, amount.range(now: now)))
                case .between(let low, let high):
                    predicate.intervals.append(
                        FilterInterval(
                            from: low?.range(now: now).lowerBound, to: high?.range(now: now).upperBound))
                }
            }
            return predicate
        }
    }

    private static func interval(_ comparison: FilterComparison, _ range: Range<Int64>) -> FilterInterval {
        switch comparison {
        case .less: FilterInterval(from: nil, to: range.lowerBound)
        case .atMost: FilterInterval(from: nil, to: range.upperBound)
        case .more: FilterInterval(from: range.upperBound, to: nil)
        case .atLeast: FilterInterval(from: range.lowerBound, to: nil)
        }
    }

    /// A text for LIKE, where `%` and `_` stand for themselves.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "\\" { escaped.append("\\") }
            escaped.append(scalar)
        }
        return String(escaped)
    }
}
