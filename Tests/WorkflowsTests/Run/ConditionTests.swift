import Testing
import Workflows

@Suite("Conditions of steps")
struct ConditionTests {
    private let now = Timestamp(microseconds: 1)

    private func started(_ steps: String, input: String = "{}") throws -> (RunState, [RunEffect]) {
        let plan = try Workflow(parsing: Array("name: a\nsteps:\n\(steps)".utf8), file: "a").plan
        var run = RunState(plan: plan, context: RunContext(input: Array(input.utf8)))
        let effects = try run.apply(.start, at: now, random: 0)
        return (run, effects)
    }

    private func succeed(_ run: inout RunState, _ step: Int32, _ output: String = "{}") throws -> [RunEffect] {
        try run.apply(.attemptSucceeded(step: step, attempt: 1, output: Array(output.utf8)), at: now, random: 0)
    }

    private func short(_ effects: [RunEffect]) -> [String] { effects.map(\.brief) }

    @Test("false skips the step, and what needs it runs on")
    func skips() throws {
        var (run, effects) = try started(
            """
            - {id: a, uses: noop}
            - {id: b, uses: noop, needs: [a], if: steps.a.output.n > 1}
            - {id: c, uses: noop, needs: [b]}
            """)
        #expect(short(effects) == ["ready 0"])
        effects = try succeed(&run, 0, #"{"n": 1}"#)
        #expect(short(effects) == ["succeeded 0", "skipped 1 condition_false", "ready 2"])
        #expect(short(try succeed(&run, 2)) == ["succeeded 2", "ended succeeded"])
    }

    @Test("true runs the step")
    func runs() throws {
        var (run, _) = try started("- {id: a, uses: noop}\n- {id: b, uses: noop, needs: [a], if: steps.a.output.n > 1}")
        #expect(short(try succeed(&run, 0, #"{"n": 2}"#)) == ["succeeded 0", "ready 1"])
    }

    @Test("a chain of skips ends the run at its start")
    func chain() throws {
        let (run, effects) = try started(
            """
            - {id: a, uses: noop, if: false}
            - {id: b, uses: noop, needs: [a], if: steps.a.state != 'skipped'}
            - {id: c, uses: noop, needs: [b], if: "${{ steps.b.output != null }}"}
            """)
        #expect(
            short(effects) == [
                "skipped 0 condition_false", "skipped 1 condition_false", "skipped 2 condition_false",
                "ended succeeded",
            ])
        #expect(run.lifecycle == .succeeded)
    }

    @Test(
        "a condition that fails, or is no boolean, fails its step",
        arguments: ["inputs.missing == 1", "inputs.n", "1 / 0 == 1"])
    func fails(condition: String) throws {
        let (run, effects) = try started(
            "- {id: a, uses: noop, if: \(condition)}\n- {id: b, uses: noop, needs: [a]}\n- {id: c, uses: noop}",
            input: #"{"n": 1}"#)
        #expect(short(effects) == ["failed 0 condition_failed", "skipped 1 upstream_failed", "ready 2"])
        #expect(run.failure?.kind == .expression)
        #expect(run.failure?.step == "a")
    }

    @Test("a failed need skips the step without asking its condition")
    func failedNeed() throws {
        var (run, _) = try started("- {id: a, uses: noop}\n- {id: b, uses: noop, needs: [a], if: 1 / 0 == 1}")
        let failure = StepFailure(kind: .error, message: "boom", retryable: true)
        let effects = try run.apply(.attemptFailed(step: 0, attempt: 1, failure: failure), at: now, random: 0)
        #expect(short(effects) == ["failed 0 ", "skipped 1 upstream_failed", "ended failed"])
    }

    @Test("a join waits for every need, skipped or not")
    func join() throws {
        var (run, effects) = try started(
            """
            - {id: a, uses: noop, if: false}
            - {id: b, uses: noop}
            - {id: c, uses: noop, needs: [a, b], if: steps.a.state == 'skipped' && steps.b.state == 'succeeded'}
            """)
        #expect(short(effects) == ["skipped 0 condition_false", "ready 1"])
        effects = try succeed(&run, 1)
        #expect(short(effects) == ["succeeded 1", "ready 2"])
    }
}
