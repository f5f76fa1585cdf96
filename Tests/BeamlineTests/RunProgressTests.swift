import Testing

@testable import beamline

@Suite("Run progress")
struct RunProgressTests {
    private func step(_ id: String, _ state: String, _ elapsed: Int64? = nil) -> RunProgress.Step {
        RunProgress.Step(id: id, state: state, elapsed: elapsed)
    }

    @Test func stepsOfOneStemStandTogether() {
        let progress = RunProgress([
            step("read", "succeeded", 40_000), step("analyse-1", "succeeded", 900_000),
            step("analyse-2", "running", 1_200_000), step("join", "pending"),
        ])
        #expect(progress.line == "✓ read 0.04s  ● analyse 1/2 1.2s  · join")
    }

    @Test func aLoneNumberedStepKeepsItsName() {
        #expect(RunProgress([step("part-1", "succeeded", 0)]).line == "✓ part-1 0.00s")
    }

    @Test func oneFailureMarksTheGroup() {
        let progress = RunProgress([step("a-1", "succeeded", 1), step("a-2", "failed", 1), step("b", "skipped")])
        #expect(progress.line == "✗ a 1/2 0.00s  – b")
    }

    @Test(arguments: [
        (0, "0.00s"), (40_000, "0.04s"), (999_999, "0.99s"), (1_250_000, "1.2s"), (185_000_000, "3m 05s"),
        (7_800_000_000, "2h 10m"), (-5, "0.00s"),
    ]) func spansReadAsPeopleSayThem(microseconds: Int, text: String) {
        #expect(Span.text(microseconds: Int64(microseconds)) == text)
    }
}
