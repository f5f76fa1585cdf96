import Foundation
import Simulation

/// Many seeds of the simulation, outside of the test suite: `make simulate`.
@main
enum Simulate {
    static func main() async throws {
        if !SeedPlan.isHashingDeterministic { restartWithDeterministicHashing() }
        let plan = SeedPlan(count: 10_000)
        let began = ContinuousClock.now
        let summary = try await plan.run { summary in
            guard summary.seeds % 500 == 0 else { return }
            print("\(summary.seeds) seeds after \((ContinuousClock.now - began).components.seconds) s")
        }
        print(summary.coverage.lines.joined(separator: "\n"))
        let seeds = UInt64(summary.seeds)
        let missing = seeds >= 100 ? summary.coverage.missing(seeds: seeds) : []
        for what in missing { print("never met: \(what)") }
        for failure in summary.failures { print(failure) }
        let seconds = (ContinuousClock.now - began).components.seconds
        print("seeds \(plan.first)..<\(plan.first + seeds), \(seconds) s: \(summary.text)")
        guard summary.failures.isEmpty, missing.isEmpty else { exit(1) }
    }

    /// The order of sets and dictionaries is decided when the process starts.
    private static func restartWithDeterministicHashing() {
        unsafe setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
        fatalError("cannot start again with SWIFT_DETERMINISTIC_HASHING=1: set it")
    }
}
