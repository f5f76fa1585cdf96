import Foundation
import TestSupport

/// Which seeds to run, from the environment: SIMULATE_FROM, SIMULATE_SEEDS, SIMULATE_JOBS (at once), SIMULATE_MINUTES
/// (none begins later), SIMULATE_TRACE (lines of the trace that a failure shows), SIMULATE_PLANTED (a `PlantedFault`, which
/// the seeds are to find).
package struct SeedPlan: Sendable {
    package let first: UInt64
    package let count: UInt64
    private let jobs: Int
    private let time: Duration?
    private let traceLines: Int?
    private let planted: PlantedFault?

    /// - Parameter count: of seeds, unless the environment says otherwise.
    package init(count: UInt64) {
        let environment = ProcessInfo.processInfo.environment
        first = environment["SIMULATE_FROM"].flatMap(UInt64.init) ?? 1
        self.count = environment["SIMULATE_SEEDS"].flatMap(UInt64.init) ?? count
        planted = environment["SIMULATE_PLANTED"].flatMap(PlantedFault.init)
        traceLines = environment["SIMULATE_TRACE"].flatMap(Int.init)
        time = environment["SIMULATE_MINUTES"].flatMap(Double.init).map { .seconds($0 * 60) }
        jobs = max(1, environment["SIMULATE_JOBS"].flatMap(Int.init) ?? 2)
    }

    /// Sets and dictionaries have the same order in each process and at each address: without it, a seed is a history of
    /// one process only.
    package static var isHashingDeterministic: Bool {
        ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] != nil
    }

    private func settings(_ seed: UInt64) -> SimulationSettings {
        var settings = SimulationSettings(seed: seed)
        settings.planted = planted
        if let traceLines { settings.traceLines = traceLines }
        return settings
    }

    /// Runs all seeds, or stops after a few failures.
    package func run(progress: @Sendable (SeedSummary) -> Void = { _ in }) async throws -> SeedSummary {
        var summary = SeedSummary()
        var next = first
        let end = time.map { ContinuousClock.now + $0 }
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            for _ in 0..<jobs where next < first + count {
                let settings = settings(next)
                group.addTask { try await Simulation.run(settings) }
                next += 1
            }
            while let report = try await group.next() {
                summary.add(report)
                progress(summary)
                // A few failures tell enough.
                guard next < first + count, summary.failures.count < 3, end.map({ .now < $0 }) ?? true else { continue }
                let settings = settings(next)
                group.addTask { try await Simulation.run(settings) }
                next += 1
            }
        }
        return summary
    }
}
