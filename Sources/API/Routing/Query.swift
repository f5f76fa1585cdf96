import Workflows

/// The parameters behind `?`, checked against the names that a route knows: a misspelt filter must not be ignored.
struct Query: Sendable {
    private let values: [String: String]

    init(parsing query: String?, allowed: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        for pair in (query ?? "").split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            let after = equals == pair.endIndex ? equals : pair.index(after: equals)
            guard let name = PercentEncoding.decode(pair[..<equals], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[after...], plusIsSpace: true)
            else { throw Problem(400, "malformed_query", "The query has a broken percent-encoding in \"\(pair)\".") }
            guard allowed.contains(name) else {
                let known = allowed.isEmpty ? "none" : allowed.sorted().joined(separator: ", ")
                throw Problem(400, "unknown_parameter", "There is no parameter \"\(name)\" here; known: \(known).")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(400, "invalid_parameter", "The parameter \(name) stands twice.")
            }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// A text of 1 to `limit` bytes.
    func text(_ name: String, limit: Int = 200) throws(Problem) -> String? {
        guard let text = values[name] else { return nil }
        guard !text.isEmpty, text.utf8.count <= limit else {
            throw Problem(400, "invalid_parameter", "The parameter \(name) must have 1 to \(limit) bytes.")
        }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        guard let value = Int(text), range.contains(value), text.first != "+" else {
            throw Problem(
                400, "invalid_parameter",
                "The parameter \(name) must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// A duration such as `30s`, up to a limit.
    func duration(_ name: String, limit: Duration, limitText: String) throws(Problem) -> Duration? {
        guard let text = values[name] else { return nil }
        guard let duration = try? Duration(parsing: text), duration <= limit else {
            throw Problem(
                400, "invalid_parameter",
                "The parameter \(name) must be a duration such as 30s, at most \(limitText); it is \"\(text)\".")
        }
        return duration
    }
}
