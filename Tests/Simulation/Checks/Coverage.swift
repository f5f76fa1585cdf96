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
            "step ready × deadline", "step running × deadline", "step scheduled × deadline",
            // Outcomes that count, and what they come to.
            "step running × success → succeeded", "step running × error → scheduled", "step running × error → failed",
            "step running × timeout → scheduled", "step running × timeout → failed",
            // Outcomes that come too late.
            "step ready × late success", "step ready × late failure", "step running × late success",
            "step running × late failure", "step scheduled × late success", "step scheduled × late failure",
            "step succeeded × late success", "step succeeded × late failure", "step cancelled × late success",
            "step cancelled × late failure", "step failed × late failure",
            // Steps that no attempt ends.
            "step skipped (condition_false)", "step skipped (upstream_failed)", "step failed (condition_failed)",
            "step cancelled (run_deadline)", "step cancelled (cancelled)",
        ]

    /// Within a thousand.
    private static let rare: [String] =
        ["closeSession", "leases", "now", "postInbox", "readInbox", "release", "rescue"]
        .flatMap { ["call \($0) refused", "call \($0) lost", "call \($0) stalled"] }
        + ["step failed × late success", "run failed × cancel", "run timed_out × deadline", "run cancelled × deadline"]
}
