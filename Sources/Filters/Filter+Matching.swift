/// What a filter can ask of a record that lies in memory.
public protocol FilterRecord {
    /// The values of a property: none where the record has none, several where it has several.
    func values(of property: String, name: String?) -> [FilterRecordValue]
    /// The texts that a search looks into.
    var searchedTexts: [String] { get }
}

/// A value of a record: a text, or an amount in the key's unit.
public enum FilterRecordValue: Hashable, Sendable {
    case text(String)
    case amount(Int64)
}

extension Filter {
    /// Whether a record passes every term.
    ///
    /// - Parameter now: Microseconds since 1970.
    public func accepts(_ record: some FilterRecord, now: Int64) -> Bool {
        predicates(now: now).allSatisfy { $0.accepts(record) }
    }
}

extension FilterPredicate {
    /// Whether a record passes the term.
    public func accepts(_ record: some FilterRecord) -> Bool { fits(record) != isNegated }

    private func fits(_ record: some FilterRecord) -> Bool {
        switch subject {
        case .search:
            let wanted = texts.map { $0.lowercased() }
            return record.searchedTexts.contains { text in
                let text = text.lowercased()
                return wanted.contains { $0.isEmpty || text.contains($0) }
            }
        case .property(let property, let name):
            return record.values(of: property, name: name).contains { value in
                switch value {
                case .text(let text): texts.contains(text) || patterns.contains { Self.isLike(text, $0) }
                case .amount(let amount): intervals.contains { $0.contains(amount) }
                }
            }
        }
    }

    /// SQL's LIKE, in time of at most text times pattern: on a mismatch only the last `%` is tried again.
    static func isLike(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.unicodeScalars)
        let pattern = tokens(pattern)
        var (t, p) = (0, 0)
        var retry: (t: Int, p: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == nil {
                retry = (t, p)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                t += 1
                p += 1
            } else if let last = retry {
                retry = (last.t + 1, last.p)
                t = last.t + 1
                p = last.p + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == nil }
    }

    /// The characters of a pattern; `nil` is `%`.
    private static func tokens(_ pattern: String) -> [Unicode.Scalar?] {
        var tokens: [Unicode.Scalar?] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped {
                tokens.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                tokens.append(scalar == "%" ? nil : scalar)
            }
        }
        return tokens
    }
}
