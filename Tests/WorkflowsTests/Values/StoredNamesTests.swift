import JSON
import Testing
import Workflows

@Suite("Names and numbers that are stored")
struct StoredNamesTests {
    @Test("states of runs")
    func lifecycles() {
        #expect(
            RunLifecycle.allCases.map { "\($0.rawValue) \($0.text)" } == [
                "1 queued", "2 running", "3 paused", "4 cancelling", "5 succeeded", "6 failed", "7 cancelled",
                "8 timed_out",
            ])
        for state in RunLifecycle.allCases { #expect(RunLifecycle(text: state.text) == state) }
        #expect(RunLifecycle(text: "Queued") == nil)
    }

    @Test("states of steps")
    func steps() {
        #expect(
            StepState.allCases.map { "\($0.rawValue) \($0.text)" } == [
                "1 pending", "2 ready", "3 running", "4 scheduled", "5 waiting", "6 held", "7 succeeded", "8 failed",
                "9 skipped", "10 cancelled", "11 lost", "12 expanded", "13 signalled", "14 decided", "15 entered",
                "16 reopened", "17 carried",
            ])
        for state in StepState.allCases {
            #expect(StepState(text: state.text) == state)
        }
    }

    @Test("failures read back", arguments: StepFailure.Kind.allCases)
    func failures(kind: StepFailure.Kind) {
        let failure = StepFailure(
            kind: kind, code: "exit_3", message: "broke \"here\"", retryable: true, step: "a")
        #expect(StepFailure(failure.json) == failure)
        let plain = StepFailure(kind: kind, message: "", retryable: false)
        #expect(StepFailure(plain.json) == plain)
        #expect(StepFailure([:]) == nil)
    }
}
