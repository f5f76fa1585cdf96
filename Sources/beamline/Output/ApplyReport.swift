import JSON

/// What an apply has done, or would do, for people.
struct ApplyReport {
    let text: String

    init(_ result: JSONValue, showsDifferences: Bool, isColored: Bool) {
        let isDryRun = result["dry_run"]?.boolValue == true
        let changes = result["changes"]?.arrayValue ?? []
        var lines: [String] = []
        var counts: [String: Int] = [:]
        for change in changes {
            let action = change["action"]?.stringValue ?? ""
            counts[action, default: 0] += 1
            if action == "unchanged" { continue }
            let mark = Self.marks[action] ?? "?"
            let kind = (change["kind"]?.stringValue ?? "").replacing("_", with: " ")
            var line = "\(mark) \(kind) \(change["name"]?.stringValue ?? "")"
            if action == "keep" { line += "  (no longer declared; --prune removes it)" }
            lines.append(Self.colored(line, mark, isColored))
            guard showsDifferences else { continue }
            for difference in change["differences"]?.arrayValue ?? [] { lines += Self.lines(of: difference, isColored) }
        }
        for bundle in result["bundles"]?.arrayValue ?? [] {
            let name = bundle["name"]?.stringValue ?? ""
            let version = bundle["version"]?.intValue
            let isChanged = bundle["changed"]?.boolValue == true
            switch (isChanged, isDryRun) {
            case (false, _): lines.append("bundle \(name) v\(version ?? 0) (unchanged)")
            case (true, false): lines.append("bundle \(name) v\(version ?? 0)")
            case (true, true): lines.append("bundle \(name) would get v\((version ?? 0) + 1)")
            }
        }
        let parts = [
            ("create", "created"), ("change", "changed"), ("remove", "removed"), ("keep", "kept"),
            ("unchanged", "unchanged"),
        ].compactMap { action, word in counts[action].map { "\($0) \(word)" } }
        let summary = parts.isEmpty ? "nothing declared" : parts.joined(separator: ", ")
        lines.append(isDryRun ? "dry run: \(summary); nothing was applied" : summary)
        text = lines.joined(separator: "\n")
    }

    private static let marks = ["create": "+", "change": "~", "remove": "-", "keep": "!"]

    private static func lines(of difference: JSONValue, _ isColored: Bool) -> [String] {
        let path = difference["path"]?.stringValue ?? ""
        let before = difference["before"].map { value($0) }
        let after = difference["after"].map { value($0) }
        switch (before, after) {
        case (let before?, let after?) where before.count + after.count <= 80:
            return [colored("    ~ \(path): \(before) → \(after)", "~", isColored)]
        case (let before?, let after?):
            return [
                "    ~ \(path):", colored("      - \(before)", "-", isColored),
                colored("      + \(after)", "+", isColored),
            ]
        case (nil, let after?): return [colored("    + \(path): \(after)", "+", isColored)]
        case (let before?, nil): return [colored("    - \(path): \(before)", "-", isColored)]
        case (nil, nil): return []
        }
    }

    /// Compact JSON, cut where it is long.
    private static func value(_ value: JSONValue) -> String {
        let text = value.text()
        return text.count > 200 ? "\(text.prefix(199))…" : text
    }

    private static func colored(_ line: String, _ mark: String, _ isColored: Bool) -> String {
        guard isColored, let color = ["+": 32, "-": 31, "~": 33, "!": 36][mark] else { return line }
        return "\u{1B}[\(color)m\(line)\u{1B}[0m"
    }
}
