import JSON
import Workflows

/// A run, as the API answers it, for a terminal.
enum RunView {
    static func isEnded(_ state: String) -> Bool {
        switch state {
        case "succeeded", "failed", "cancelled", "timed_out": true
        default: false
        }
    }

    /// How long the run took, if it has ended.
    static func took(_ run: JSONValue) -> String? {
        guard let ended = time(run["ended_at"]), let created = time(run["created_at"]) else { return nil }
        return Span.text(microseconds: ended - created)
    }

    static func progress(_ run: JSONValue, now: Int64) -> RunProgress {
        RunProgress(
            (run["steps"]?.arrayValue ?? []).map { step in
                let attempts = step["attempts"]?.arrayValue ?? []
                let begun = attempts.compactMap { time($0["leased_at"]) }.min()
                let ended = attempts.compactMap { time($0["ended_at"]) }.max()
                return RunProgress.Step(
                    id: step["id"]?.stringValue ?? "", state: step["state"]?.stringValue ?? "pending",
                    elapsed: begun.map { (ended ?? now) - $0 })
            })
    }

    static func text(_ run: JSONValue) -> String {
        var lines = [
            "\(run["workflow"]?.stringValue ?? "") v\(run["version"]?.intValue ?? 0)  \(run["id"]?.stringValue ?? "")",
            "state    \(run["state"]?.stringValue ?? "")\(took(run).map { " in \($0)" } ?? "")",
            "created  \(run["created_at"]?.stringValue ?? "")",
        ]
        if let error = failure(run) { lines.append("error    \(error)") }
        lines.append("")
        var table = Table("step", "state", "attempt", "worker", "queued", "ran", "error")
        for step in run["steps"]?.arrayValue ?? [] {
            let attempts = step["attempts"]?.arrayValue ?? []
            let last = attempts.last
            table.add(
                step["id"]?.stringValue ?? "", step["state"]?.stringValue ?? "", "\(step["attempt"]?.intValue ?? 0)",
                last?["worker"]?.stringValue ?? "–", between(last?["enqueued_at"], last?["leased_at"]),
                between(last?["leased_at"], last?["ended_at"]), step["error"]?["message"]?.stringValue ?? "")
        }
        lines.append(table.text)
        lines.append("\ninput    \(run["input"].map { $0.text() } ?? "{}")")
        if let output = run["output"] { lines.append("output   \(output.text())") }
        return lines.joined(separator: "\n")
    }

    /// `step analyse-3: error: …`
    static func failure(_ run: JSONValue) -> String? {
        guard let error = run["error"] else { return nil }
        let step = error["step"]?.stringValue.map { "step \($0): " } ?? ""
        return "\(step)\(error["kind"]?.stringValue ?? "error"): \(error["message"]?.stringValue ?? "")"
    }

    /// Microseconds since the epoch.
    static func time(_ value: JSONValue?) -> Int64? {
        value?.stringValue.flatMap { Timestamp(rfc3339: $0) }?.microseconds
    }

    private static func between(_ from: JSONValue?, _ to: JSONValue?) -> String {
        guard let from = time(from), let to = time(to) else { return "–" }
        return Span.text(microseconds: to - from)
    }
}

extension RunView {
    /// `succeeded in 1.6s   packages 812 · broken 0   report: …/report.html`, or the failure and where to look.
    static func conclusion(_ run: JSONValue) -> String {
        let state = run["state"]?.stringValue ?? ""
        var line = state.replacing("_", with: " ")
        if let took = took(run) { line += " in \(took)" }
        if case .object(let members)? = run["output"] {
            let figures = members.compactMap { member in
                switch member.value {
                case .int, .double, .bool: "\(member.key) \(member.value.text())"
                case .string, .null, .array, .object: nil
                }
            }
            if !figures.isEmpty { line += "   " + figures.joined(separator: " · ") }
            for member in members {
                if case .string(let text) = member.value { line += "   \(member.key): \(text)" }
            }
        }
        if let failure = failure(run) {
            line += "\n\(failure)\n  ./beamline run logs \(run["id"]?.stringValue ?? "")"
        }
        return line
    }
}
