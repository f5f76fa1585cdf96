import Testing

@Suite("Simulation")
struct SimulationTests {
    @Test("every invariant holds for every seed")
    func seeds() async throws {
        let plan = SeedPlan()
        let summary = try await plan.run()
        print(summary.text)
        for failure in summary.failures { Issue.record(Comment(rawValue: failure)) }
    }

    @Test("the same seed gives the same trace, turn by turn")
    func deterministic() async throws {
        try #require(
            SeedPlan.isHashingDeterministic,
            "the order of dictionaries must not change: run this with SWIFT_DETERMINISTIC_HASHING=1, as make test does")
        for seed: UInt64 in 1...3 {
            let first = try await Simulation.run(SimulationSettings(seed: seed))
            let second = try await Simulation.run(SimulationSettings(seed: seed))
            #expect(first.digest == second.digest, "seed \(seed)")
            #expect(first.turns == second.turns, "seed \(seed)")
        }
    }
}
