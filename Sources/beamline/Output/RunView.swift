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
