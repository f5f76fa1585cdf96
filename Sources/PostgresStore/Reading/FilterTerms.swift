internal import Filters

/// The terms of a filter as the parameters of a statement. All that users write comes as parameters; the statement's text
/// is the same for every filter.
struct FilterTerms: Sendable {
    // One element a term.
    private(set) var subjects: [Int16] = []
    private(set) var names: [String?] = []
    private(set) var negations: [Bool] = []

    // One element an option, which is a text, a pattern or a range.
    private(set) var terms: [Int64] = []
    private(set) var texts: [String?] = []
    private(set) var patterns: [String?] = []
    private(set) var least: [Int64?] = []
    private(set) var below: [Int64?] = []

    /// - Parameter subject: What the term is about, as the statement knows it.
    mutating func append(_ predicate: FilterPredicate, as subject: Int16, name: String? = nil) {
        subjects.append(subject)
        names.append(name)
        negations.append(predicate.isNegated)
        let isSearch = predicate.subject == .search
        if !isSearch { for text in predicate.texts { addOption(text: text) } }
        // The statement looks into texts in lower case.
        for pattern in predicate.patterns { addOption(pattern: isSearch ? pattern.lowercased() : pattern) }
        for interval in predicate.intervals { addOption(interval: interval) }
    }

    private mutating func addOption(text: String? = nil, pattern: String? = nil, interval: FilterInterval? = nil) {
        terms.append(Int64(subjects.count))
        texts.append(text)
        patterns.append(pattern)
        least.append(interval.map { $0.from ?? .min })
        below.append(interval.map { $0.to ?? .max })
    }

    /// The condition that no term about the subjects fails. A term fits when one of its options does.
    ///
    /// - Parameters:
    ///   - texts: Expressions of texts by subject; `t.name` is the name that the term gives.
    ///   - amounts: Expressions of integers by subject.
    ///   - first: The number of the statement's first parameter for terms. There are eight, in this order: subjects,
    ///     names and negations of the terms; term, text, pattern, least and bound of their options.
    static func pass(texts: [(Int16, String)], amounts: [(Int16, String)], parameter first: Int) -> String {
        func choice(_ values: [(Int16, String)], else none: String) -> String {
            guard !values.isEmpty else { return none }
            return "CASE t.subject \(values.map { "WHEN \($0) THEN \($1)" }.joined(separator: " ")) END"
        }
        let subjects = (texts + amounts).map { String($0.0) }.joined(separator: ", ")
        return """
            NOT EXISTS (
                SELECT FROM unnest($\(first)::int2[], $\(first + 1)::text[], $\(first + 2)::bool[])
                    WITH ORDINALITY AS t(subject, name, is_negated, term)
                CROSS JOIN LATERAL (
                    SELECT \(choice(texts, else: "NULL::text")) AS text,
                        \(choice(amounts, else: "NULL::int8")) AS amount OFFSET 0) v
                WHERE t.subject IN (\(subjects)) AND t.is_negated = EXISTS (
                    SELECT FROM unnest($\(first + 3)::int8[], $\(first + 4)::text[], $\(first + 5)::text[],
                            $\(first + 6)::int8[], $\(first + 7)::int8[])
                        AS o(term, text, pattern, least, below)
                    WHERE o.term = t.term
                        AND (v.text = o.text OR v.text LIKE o.pattern OR v.amount >= o.least AND v.amount < o.below)))
            """
    }
}
