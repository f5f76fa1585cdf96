/// A filter as people write it: `state:failed,timed_out workflow:etl/* -queue:bulk since:2h duration:>5m "text"`.
///
/// A space is *and*, a comma is *or*, `-` before a term is *not*. What the keys mean comes from the caller's table.
public struct Filter: Hashable, Sendable {
    public var clauses: [FilterClause]

    public init(clauses: [FilterClause]) { self.clauses = clauses }

    /// Largest text that is taken, in Unicode scalars.
    public static let longest = 4096
    /// Terms and values together that are taken at most.
    public static let mostValues = 500

    /// Reads a filter.
    ///
    /// - Throws: Every problem, each with its position.
    public init(parsing text: String, keys: [FilterKey]) throws(FilterError) {
        var parser = FilterParser(text, keys: keys)
        self = try parser.filter()
    }

    /// The filter in its one form: what two people wrote differently and meant alike reads the same.
    public var text: String { clauses.map(\.text).joined(separator: " ") }
}

/// A term of a filter.
public struct FilterClause: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        /// Found anywhere in the record's texts, whatever its case.
        case search(String)
        /// One of the values fits. The name is what follows the key's point.
        case key(FilterKey, name: String?, [FilterValue])
    }

    public var isNegated: Bool
    public var subject: Subject
    /// Where it stands, in Unicode scalars of the text.
    public var range: Range<Int>

    public init(isNegated: Bool, subject: Subject, range: Range<Int>) {
        self.isNegated = isNegated
        self.subject = subject
        self.range = range
    }

    var text: String {
        let sign = isNegated ? "-" : ""
        switch subject {
        case .search(let text): return sign + FilterText.quoted(text, always: true)
        case .key(let key, let name, let values):
            let suffix = name.map { ".\($0)" } ?? ""
            return "\(sign)\(key.name)\(suffix):\(values.map(\.text).joined(separator: ","))"
        }
    }

    /// Positions are no part of the meaning.
    public static func == (left: Self, right: Self) -> Bool {
        left.isNegated == right.isNegated && left.subject == right.subject
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(isNegated)
        hasher.combine(subject)
    }
}

/// What a value of a term asks for.
public enum FilterValue: Hashable, Sendable {
    case equal(String)
    /// Parts with any characters between them: `etl/*` is `["etl/", ""]`.
    case glob([String])
    case amount(FilterAmount)
    case compared(FilterComparison, FilterAmount)
    /// From one amount to another, both included; one of them may be missing.
    case between(FilterAmount?, FilterAmount?)

    var text: String {
        switch self {
        case .equal(let text): FilterText.quoted(text)
        case .glob(let parts): parts.joined(separator: "*")
        case .amount(let amount): amount.text
        case .compared(let comparison, let amount): "\(comparison.rawValue)\(amount.text)"
        case .between(let low, let high): "\(low?.text ?? "")..\(high?.text ?? "")"
        }
    }
}

/// Texts as a filter writes them.
enum FilterText {
    /// In quotes where they are needed.
    static func quoted(_ text: String, always: Bool = false) -> String {
        let isPlain =
            !text.isEmpty
            && !text.unicodeScalars.contains {
                $0.properties.isWhitespace || "\",*\\".unicodeScalars.contains($0)
            }
            && !"<>-".unicodeScalars.contains(text.unicodeScalars[text.unicodeScalars.startIndex])
        if isPlain, !always { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return "\(quoted)\""
    }
}
