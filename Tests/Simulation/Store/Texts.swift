import Engine
import Workflows

extension RunID {
    /// The random end, enough to tell the runs of a simulation apart.
    var shortText: String { String(description.suffix(5)) }
}

extension AttemptFence {
    var text: String { "\(key.run.shortText)/\(step)/\(attempt)" }
}

extension SessionID {
    var text: String { String(value.description.suffix(3)) }
}

extension TaskName {
    var text: String { "\(run.shortText)/\(step)/\(attempt)" }
}

extension CommitBatch {
    /// What a batch does, for the trace.
    var text: String {
        var parts: [String] = []
        for start in starts { parts.append("start \(start.key.run.shortText)") }
        for advance in advances {
            parts.append(
                "\(advance.key.run.shortText) \(advance.expectedRevision)→\(advance.revision) \(advance.state.text)")
        }
        for fence in finishes { parts.append("finish \(fence.text)") }
        for row in transitions {
            parts.append("\(row.key.run.shortText)/\(row.transition.step) \(row.transition.state.text)")
        }
        for row in ready {
            parts.append("\(row.lease == nil ? "ready" : "lease") \(row.key.run.shortText)/\(row.step)")
        }
        for drop in drops { parts.append("drop \(drop.expected) of \(drop.key.run.shortText)") }
        if !firedRunTimers.isEmpty { parts.append("\(firedRunTimers.count) deadlines") }
        if !appliedInbox.isEmpty { parts.append("\(appliedInbox.count) messages") }
        return parts.joined(separator: ", ")
    }
}

extension CommitOutcome {
    var text: String {
        let excluded = excluded.map { "\($0.key.run.shortText) \($0.value.name)" }.sorted().joined(separator: " ")
        return "leased \(leased.count), dropped \(dropped.count)" + (excluded.isEmpty ? "" : ", without \(excluded)")
    }
}

extension CommitOutcome.Exclusion {
    var name: String {
        switch self {
        case .lostRace: "lost race"
        case .staleFences: "stale"
        case .duplicate: "duplicate"
        case .refused: "refused"
        case .conflict: "conflict"
        case .throttled: "throttled"
        case .overQuota: "over quota"
        }
    }
}
