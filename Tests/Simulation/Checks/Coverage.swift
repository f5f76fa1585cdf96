/// What simulations have met: events by the state that they met, store calls by how they went, and each fault.
package struct Coverage: Sendable {
    private var counts: [String: Int] = [:]

    mutating func note(_ what: String) { counts[what, default: 0] += 1 }

    mutating func add(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }

    /// One line for each, in order.
    package var lines: [String] { counts.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" } }

    /// What so many seeds should have met, and have not.
    package func missing(seeds: UInt64) -> [String] {
        let expected = Self.common + (seeds >= 1000 ? Self.rare : [])
        return expected.filter { counts[$0] == nil }
    }

    // MARK: What can be met

    private static let calls = [
        "admit", "approvals", "claim", "closeSession", "commit", "evidence", "finishReordering", "fireTimers", "leases",
        "loadRuns",
        "now", "openSession", "postInbox", "readEvents", "readInbox", "readyBuckets", "release", "renewSessions",
        "reorderedQueues", "rescue",
        "setRanks", "sweepLimits", "tokens",
    ]

    /// Within a hundred seeds.
    private static let common: [String] =
        calls.map { "call \($0)" }
        + Fault.allCases.map { "fault \($0)" }
        + ["claim", "commit", "fireTimers", "loadRuns", "openSession", "readEvents", "readyBuckets", "renewSessions"]
        .flatMap { ["call \($0) refused", "call \($0) lost", "call \($0) stalled"] }
        + [
            "answer alreadyRecorded", "answer recorded", "answer stale",
            "commit excludes a duplicate", "commit excludes a lost race", "commit excludes a stale fence",
            "commit excludes a refused run", "key × other body",
            "offer refused", "reader gets changes", "worker left",
            // The run: start, cancel, deadline, message.
            "run none × start", "run known × start", "run running × cancel", "run succeeded × cancel",
            "run cancelled × cancel", "run timed_out × cancel", "run running × deadline",
            "run running × message", "run ended × message", "run running → running", "run running → succeeded",
            "run running → failed", "run running → cancelled", "run running → timed_out",
            // The step's token: everything that moves it.
            "step pending × ready", "step ready × claim", "step ready × fast lease",
            "step ready × fast lease refused", "step running × release", "step running × rescue",
            "step running × new stream", "step running × kept by its worker", "step running × leave",
            "step scheduled × timer", "step ready × cancel", "step running × cancel", "step scheduled × cancel",
            "step ready × deadline", "step running × deadline",
            // Limits, and targets that a breaker guards.
            "step held × two slots at once", "step ready × line", "breaker × probe",
            // Outcomes that count, and what they come to.
            "step running × success → succeeded", "step running × error → scheduled", "step running × error → failed",
            "step running × timeout → scheduled",
            // Outcomes that come too late.
            "step ready × late success", "step ready × late failure", "step running × late success",
            "step running × late failure", "step scheduled × late success", "step scheduled × late failure",
            "step succeeded × late success", "step succeeded × late failure", "step cancelled × late success",
            "step cancelled × late failure", "step failed × late failure",
            // Steps that no attempt ends.
            "step skipped (condition_false)", "step skipped (upstream_failed)", "step failed (condition_failed)",
            "step cancelled (run_deadline)", "step cancelled (cancelled)",
            // People, and what they are answered.
            "approvals unavailable", "decide done", "decide conflict", "decide unavailable", "explain done",
            "pause done",
            "resume done", "resume conflict", "signal done", "signal unavailable", "start refused: concurrency_limit",
            "start refused: queue_draining", "start refused: throttled", "commit excludes a conflict",
            "commit excludes a throttled run",
            "queue × attempt under its limit", "queue × change", "queue × delete", "queue × drain", "queue × pause",
            "queue × strict claim",
            // Runs that wait, pause and stop.
            "run none × start that waits", "run none × start by a parent", "run queued × start",
            "run queued → cancelled",
            "run running × pause", "run running → paused", "run paused → running", "run paused × new token",
            "run running → cancelling", "run cancelling × deadline", "run cancelling → cancelled",
            "run cancelling → timed_out", "step entered ()", "step entered (cancelled)", "step entered (run_deadline)",
            // Waits, lines, pauses and what ends them.
            "step pending × wait for time", "step pending × wait for signal", "step pending × wait for approval",
            "step pending × wait for child", "step pending × rate", "step waiting × child succeeded",
            "step waiting × drop", "step waiting × cancel", "step signalled ()", "step decided ()",
            "step held × admission", "step held × let in", "step held × cancel", "step held × pause",
            "step held × deadline", "step scheduled × line", "step ready × pause", "step parked × let in",
            "step parked × line", "step ready × drop", "step running × drop",
            "step expanded ()", "step expanded (rejected)", "step expanded (step_deadline)",
            "step expanded (unknown_workflow)", "step failed (approval_timeout)", "step failed (rejected)",
            "step failed (step_deadline)", "step failed (unknown_workflow)", "step failed (wait_timeout)",
            "step succeeded (approval_timeout)", "step succeeded (wait_timeout)", "step skipped (not_chosen)",
            "step cancelled (background)", "step cancelled (step_deadline)",
        ]

    /// Within a thousand.
    private static let rare: [String] =
        ["closeSession", "leases", "now", "postInbox", "readInbox", "release", "rescue"]
        .flatMap { ["call \($0) refused", "call \($0) lost", "call \($0) stalled"] }
        + ["admit", "approvals", "evidence", "tokens"].flatMap { ["call \($0) refused", "call \($0) lost"] }
        + [
            "step failed × late success", "run failed × cancel", "run timed_out × deadline", "run cancelled × deadline",
            "step scheduled × deadline", "step running × timeout → failed", "step running × error → expanded",
            "run none × start that ends", "run paused → cancelled", "run paused → cancelling", "run paused → timed_out",
            "run paused × rescue", "run paused × new stream", "step held × drop", "step parked × cancel",
            "step parked × deadline", "step parked × drop", "step parked × resume before its time",
            "step scheduled × drop", "step scheduled × pause", "step waiting × deadline", "step open × late success",
        ]
}
