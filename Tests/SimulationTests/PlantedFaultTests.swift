import Simulation
import TestSupport
import Testing

@Suite("Planted faults")
struct PlantedFaultTests {
    /// What finds each, and how many seeds it may take.
    static let faults: [(fault: PlantedFault?, invariants: Set<Invariant>)] = [
        (.fenceUnchecked, [.finishHoldsItsLease]),
        // What is written over an end leaves tokens behind it.
        (.revisionUnchecked, [.revisionsWithoutGaps, .endedHasNoTokens]),
        (.answerBeforeCommit, [.recordedIsInHistory, .cancelledIsCancelled, .tokensConserved, .inputsAreCommitted]),
        (.dropWithoutSecondLook, [.endedHasNoTokens, .tokensConserved]),
        (.releaseWithoutFence, [.leaseEndsRightly]),
        (.timerFiredTwice, [.timerFiresOnce]),
        (.claimWithoutRemoval, [.tokensConserved]),
        // Wakes and the scans behind them.
        (nil, [.everyRunEnds]),
    ]

    @Test("fails a named invariant within 400 seeds", arguments: faults.indices)
    func isFound(index: Int) async throws {
        try requireDeterministicHashing()
        let (fault, invariants) = Self.faults[index]
        for seed: UInt64 in 1...400 {
            var settings = SimulationSettings(seed: seed)
            settings.planted = fault
            settings.losesWakes = fault == nil
            let report = try await Simulation.run(settings)
            guard let violation = report.violation else { continue }
            print("planted \(fault?.rawValue ?? "lostWake"): seed \(seed), \(violation.invariant)")
            #expect(invariants.contains(violation.invariant), "\(violation)")
            return
        }
        Issue.record("\(fault?.rawValue ?? "lostWake") was not found")
    }
}
