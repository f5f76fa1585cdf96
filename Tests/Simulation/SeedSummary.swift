/// What many seeds came to.
package struct SeedSummary: Sendable {
    package private(set) var seeds = 0
    package private(set) var failures: [String] = []
    package private(set) var coverage = Coverage()
    package private(set) var fewestRuns = Int.max
    package private(set) var fewestSteps = Int.max
    package private(set) var fewestFaults = Int.max
    /// Of all traces, in any order.
    private var digest: UInt64 = 0
    private var turns = 0
    private var runs = 0
    private var steps = 0
    private var attempts = 0
    private var faults = 0
    private var virtualTime: Duration = .zero

    mutating func add(_ report: SimulationReport) {
        seeds += 1
        digest ^= report.digest
        turns += report.turns
        runs += report.runs
        steps += report.steps
        attempts += report.attempts
        faults += report.faultCount
        virtualTime += report.virtualTime
        coverage.add(report.coverage)
        if let failure = report.failure {
            // It stopped early: its counts say nothing.
            return failures.append(failure)
        }
        fewestRuns = min(fewestRuns, report.runs)
        fewestSteps = min(fewestSteps, report.steps)
        fewestFaults = min(fewestFaults, report.faultCount)
    }

    package var text: String {
        """
        \(seeds) seeds, \(failures.count) failed; \(turns) turns in \(virtualTime.components.seconds) s of virtual time; \
        \(runs) runs (\(fewestRuns) a seed at least), \(steps) steps that ran (\(fewestSteps)), \(attempts) attempts, \
        \(faults) faults (\(fewestFaults)); digest \(String(digest, radix: 16))
        """
    }
}
