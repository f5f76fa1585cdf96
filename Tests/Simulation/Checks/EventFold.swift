import Engine
import JSON
import TestSupport
import Workflows

/// The event log, folded by somebody who knows nothing else, against what became of the runs.
struct EventFold {
    private struct Run {
        var revision: Int64 = -1
        var state = ""
        var steps: [Int32: (state: String, attempt: Int32)] = [:]
    }

    private var runs: [RunID: Run] = [:]
    private(set) var problems: [String] = []

    mutating func add(_ row: EventRow) {
        do {
            for fragment in try JSONValue(parsing: row.payload).arrayValue ?? [] { add(fragment, row.position) }
        } catch {
            problems.append("\(row.position) is no JSON: \(error)")
        }
    }

    private mutating func add(_ fragment: JSONValue, _ position: EventPosition) {
        guard let text = fragment["r"]?.stringValue, let bytes = RunID.Bytes(text) else {
            return problems.append("\(position) names no run")
        }
        let id = RunID(bytes)
        var run = runs[id] ?? Run()
        if let revision = fragment["v"]?.intValue {
            if revision <= run.revision { problems.append("\(id) goes from \(run.revision) to \(revision)") }
            run.revision = revision
        }
        if let state = fragment["s"]?.stringValue { run.state = state }
        for change in fragment["t"]?.arrayValue ?? [] {
            guard let step = change[0]?.intValue, let state = change[1]?.stringValue, let attempt = change[2]?.intValue
            else { continue }
            run.steps[Int32(step)] = (state, Int32(attempt))
        }
        runs[id] = run
    }

    /// What the events say otherwise than the ledger.
    func disagreements(with ledger: Ledger) -> [String] {
        var found = problems
        let known = ledger.withState { $0.runs }
        if known.count != runs.count { found.append("\(runs.count) runs in the events, \(known.count) in the store") }
        for (key, run) in known {
            guard let told = runs[key.run] else { continue }
            if told.state != run.lifecycle.text || told.revision != run.revision {
                found.append(
                    "\(key.run) is \(run.lifecycle.text) at \(run.revision), the events say \(told.state) at \(told.revision)"
                )
            }
            for step in run.fold.statuses.indices {
                let place = run.place(of: Int32(step))
                let said = told.steps[Int32(step)]?.state ?? "pending"
                if place != said { found.append("\(key.run)/\(step) is \(place), the events say \(said)") }
            }
        }
        return found.sorted()
    }
}
