private import Spelling

/// Reads a filter and goes on after a problem, so that one look shows them all.
struct FilterParser {
    private let scalars: [Unicode.Scalar]
    private let keys: [FilterKey]
    private var offset = 0
    private var problems: [FilterError.Problem] = []
    private var valueCount = 0

    init(_ text: String, keys: [FilterKey]) {
        scalars = Array(text.unicodeScalars)
        self.keys = keys
    }

    mutating func filter() throws(FilterError) -> Filter {
        guard scalars.count <= Filter.longest else {
            report(0..<scalars.count, "the filter is longer than \(Filter.longest) characters")
            throw FilterError(problems: problems)
        }
        var clauses: [FilterClause] = []
        while skipSpace() {
            if let clause = clause() { clauses.append(clause) }
        }
        if valueCount > Filter.mostValues {
            report(0..<scalars.count, "the filter has more than \(Filter.mostValues) values")
        }
        guard problems.isEmpty else { throw FilterError(problems: problems) }
        return Filter(clauses: clauses)
    }

    private mutating func clause() -> FilterClause? {
        let start = offset
        let isNegated = take("-")
        guard let first = current, !first.properties.isWhitespace else {
            report(start..<offset, "- stands alone", hint: "write it right before a term")
            return nil
        }
        valueCount += 1
        if first == "\"" {
            guard let text = quoted() else { return nil }
            return FilterClause(isNegated: isNegated, subject: .search(text), range: start..<offset)
        }
        let keyStart = offset
        while let scalar = current, Self.isKey(scalar) { offset += 1 }
        let key = string(keyStart..<offset)
        guard !key.isEmpty, take(":") else {
            offset = keyStart
            let word = bareWord { $0.properties.isWhitespace }
            return FilterClause(isNegated: isNegated, subject: .search(word), range: start..<offset)
        }
        let found = self.key(key, at: keyStart)
        guard let values = values(found?.key, named: key), let (known, name) = found else { return nil }
        return FilterClause(isNegated: isNegated, subject: .key(known, name: name, values), range: start..<offset)
    }

    // MARK: - Keys

    private mutating func key(_ text: String, at start: Int) -> (key: FilterKey, name: String?)? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        let range = start..<start + text.unicodeScalars.count
        if let known = keys.first(where: { $0.name == text && !$0.takesName }) { return (known, nil) }
        if let known = keys.first(where: { $0.name == parts[0] && $0.takesName }) {
            guard parts.count == 2, !parts[1].isEmpty else {
                report(range, "\(known.name) needs a name", hint: "as in \(known.name).NAME:VALUE")
                return nil
            }
            return (known, parts[1])
        }
        let meant =
            Suggestion.closest(to: text, among: keys.map(\.name))
            ?? Suggestion.closest(to: parts[0], among: keys.filter(\.takesName).map(\.name))
            .map { parts.count == 2 ? "\($0).\(parts[1])" : $0 }
        let all = keys.map { $0.takesName ? "\($0.name).NAME" : $0.name }.joined(separator: ", ")
        report(range, "unknown key \"\(text)\"", hint: meant.map { "did you mean \"\($0)\"?" } ?? "keys are \(all)")
        return nil
    }

    private static func isKey(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            || scalar == "_" || scalar == "-" || scalar == "."
    }

    // MARK: - Values

    /// Of an unknown key the values are passed over.
    private mutating func values(_ key: FilterKey?, named name: String) -> [FilterValue]? {
        var values: [FilterValue] = []
        var isRight = true
        repeat {
            let start = offset
            valueCount += 1
            if current == "\"" {
                guard let text = quoted() else { return nil }
                if let key, let value = value(text, isQuoted: true, of: key, start..<offset) {
                    values.append(value)
                } else {
                    isRight = false
                }
            } else {
                let word = bareWord { $0.properties.isWhitespace || $0 == "," || $0 == "\"" }
                if word.isEmpty {
                    report(
                        start..<min(start + 1, scalars.count), "\(name) has an empty value", hint: "write \"\" for one")
                    isRight = false
                } else if let key, let value = value(word, isQuoted: false, of: key, start..<offset) {
                    values.append(value)
                } else {
                    isRight = false
                }
            }
            if let scalar = current, !scalar.properties.isWhitespace, scalar != "," {
                let begin = offset
                _ = bareWord { $0.properties.isWhitespace }
                report(begin..<offset, "a value ends before this", hint: "put a space or a comma between them")
                return nil
            }
        } while take(",")
        return isRight ? values : nil
    }

    private mutating func value(
        _ text: String, isQuoted: Bool, of key: FilterKey, _ range: Range<Int>
    ) -> FilterValue? {
        switch key.kind {
        case .word(let words):
            guard !words.contains(text) else { return .equal(text) }
            let meant = Suggestion.closest(to: text, among: words).map { "did you mean \"\($0)\"?" }
            report(
                range, "there is no \(key.name) \"\(text)\"",
                hint: meant ?? "it is one of \(words.joined(separator: ", "))")
            return nil
        case .text:
            guard !isQuoted, text.contains("*") else { return .equal(text) }
            return .glob(text.split(separator: "*", omittingEmptySubsequences: false).map { String($0) })
        case .number, .duration, .time: return amount(text, of: key, range)
        }
    }

    private mutating func amount(_ text: String, of key: FilterKey, _ range: Range<Int>) -> FilterValue? {
        if key.implied == nil, let dots = text.firstRange(of: "..") {
            let low = String(text[..<dots.lowerBound])
            let high = String(text[dots.upperBound...])
            guard !low.isEmpty || !high.isEmpty else {
                report(range, "a range needs at least one end", hint: "as in 1..5, 1.. or ..5")
                return nil
            }
            let least = low.isEmpty ? nil : plainAmount(low, of: key, range)
            let most = high.isEmpty ? nil : plainAmount(high, of: key, range)
            guard low.isEmpty || least != nil, high.isEmpty || most != nil else { return nil }
            return .between(least, most)
        }
        let written = [FilterComparison.atLeast, .atMost, .less, .more].first { text.hasPrefix($0.rawValue) }
        let rest = String(text.dropFirst(written?.rawValue.count ?? 0))
        guard let amount = plainAmount(rest, of: key, range) else { return nil }
        if key.implied != nil {
            guard written == nil else {
                report(range, "\(key.name) is a comparison itself", hint: "write \(key.name):\(rest)")
                return nil
            }
            return .amount(amount)
        }
        if let written { return .compared(written, amount) }
        if case .ago = amount {
            report(
                range, "\(key.name) needs a comparison before a length of time",
                hint: "\(key.name):>\(rest) is later than \(rest) ago, \(key.name):<\(rest) earlier")
            return nil
        }
        return .amount(amount)
    }

    private mutating func plainAmount(_ text: String, of key: FilterKey, _ range: Range<Int>) -> FilterAmount? {
        switch key.kind {
        case .word, .text: return nil
        case .number:
            if let value = Int64(text) { return .number(value) }
            report(range, "\(key.name) takes a whole number, not \"\(text)\"", hint: "as in \(key.name):>3")
        case .duration:
            if let length = FilterAmount.duration(text) { return .duration(length) }
            report(range, "\(key.name) takes a length of time, not \"\(text)\"", hint: "as in \(key.name):>1h30m")
        case .time:
            if let length = FilterAmount.duration(text) { return .ago(length) }
            if let time = FilterAmount.time(text) { return time }
            report(
                range, "\(key.name) takes a time, not \"\(text)\"", hint: "as in 2h, 2026-03-01 or 2026-03-01T09:30:00Z"
            )
        }
        return nil
    }

    // MARK: - Characters

    private var current: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        offset += 1
        return true
    }

    /// `false` at the end.
    private mutating func skipSpace() -> Bool {
        while let scalar = current, scalar.properties.isWhitespace { offset += 1 }
        return current != nil
    }

    private mutating func bareWord(until ends: (Unicode.Scalar) -> Bool) -> String {
        let start = offset
        while let scalar = current, !ends(scalar) { offset += 1 }
        return string(start..<offset)
    }

    /// A text in quotes, where `\"` and `\\` stand for `"` and `\`.
    private mutating func quoted() -> String? {
        let start = offset
        offset += 1
        var text = String.UnicodeScalarView()
        while let scalar = current {
            offset += 1
            if scalar == "\"" { return String(text) }
            if scalar == "\\", let next = current, next == "\"" || next == "\\" {
                text.append(next)
                offset += 1
            } else {
                text.append(scalar)
            }
        }
        report(start..<offset, "the quotes are not closed", hint: "end the text with \"")
        return nil
    }

    private func string(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

    private mutating func report(_ range: Range<Int>, _ message: String, hint: String? = nil) {
        guard problems.count < 20 else { return }
        problems.append(.init(offset: range.lowerBound, length: max(1, range.count), message: message, hint: hint))
    }
}
