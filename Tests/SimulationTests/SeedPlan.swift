import Foundation

/// Which seeds to run, from the environment.
struct SeedPlan: Sendable {
    let first: UInt64
    let count: UInt64
    let jobs: Int
    /// Lines of the trace that a failure shows.
    let traceLines: Int

    init() {
        let environment = ProcessInfo.processInfo.environment
        first = environment["SIMULATE_FROM"].flatMap(UInt64.init) ?? 1
        count = environment["SIMULATE_SEEDS"].flatMap(UInt64.init) ?? 20
        traceLines = environment["SIMULATE_TRACE"].flatMap(Int.init) ?? 150
        jobs = environment["SIMULATE_JOBS"].flatMap(Int.init) ?? 2
    }

    static var isHashingDeterministic: Bool {
        ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] != nil
    }

    /// What many seeds came to.
    struct Summary: Sendable {
        var reports = 0
        var turns = 0
        var runs = 0
        var steps = 0
        var attempts = 0
        var faults = 0
        var fewestSteps = Int.max
        var fewestFaults = Int.max
        var virtualTime: Duration = .zero
        var coverage = Coverage()
        var failures: [String] = []

        mutating func add(_ report: SimulationReport) {
            reports += 1
            turns += report.turns
            runs += report.runs
            steps += report.steps
            attempts += report.attempts
            faults += report.faultCount
            fewestSteps = min(fewestSteps, report.steps)
            fewestFaults = min(fewestFaults, report.faultCount)
            virtualTime += report.virtualTime
            coverage.add(report.coverage)
            if let failure = report.failure { failures.append(failure) }
        }

        var text: String {
            """
            \(reports) seeds, \(failures.count) failed: \(turns) turns, \(virtualTime.components.seconds) s of virtual \
            time, \(runs) runs, \(steps) steps (fewest \(fewestSteps)), \(attempts) attempts, \(faults) faults (fewest \
            \(fewestFaults))
            \(coverage.lines.joined(separator: "\n"))
            """
        }
    }

    private func settings(_ seed: UInt64) -> SimulationSettings {
        var settings = SimulationSettings(seed: seed)
        settings.traceLines = traceLines
        return settings
    }

    func run() async throws -> Summary {
        var summary = Summary()
        var next = first
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            for _ in 0..<jobs where next < first + count {
                let seed = next
                group.addTask { try await Simulation.run(settings(seed)) }
                next += 1
            }
            while let report = try await group.next() {
                summary.add(report)
                // A few failures tell enough.
                guard next < first + count, summary.failures.count < 3 else { continue }
                let seed = next
                group.addTask { try await Simulation.run(settings(seed)) }
                next += 1
            }
        }
        return summary
    }
}
