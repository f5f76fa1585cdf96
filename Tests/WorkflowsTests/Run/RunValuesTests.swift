import Expressions
import Testing
import Workflows

@Suite("Inputs of steps and outputs of runs")
struct RunValuesTests {
    private let now = Timestamp(microseconds: 1)

    private func run(_ text: String, input: String = "{}", outputs: [String] = []) throws -> RunState {
        let plan = try Workflow(parsing: Array("name: team/a\n\(text)".utf8), file: "a").plan
        let id = RunID(RunID.Bytes(high: 0, low: 1))
        var run = RunState(plan: plan, context: RunContext(run: id, input: Array(input.utf8)))
        _ = try run.apply(.start, at: now, random: 0)
        for (step, output) in outputs.enumerated() {
            let event = RunEvent.attemptSucceeded(step: Int32(step), attempt: 1, output: Array(output.utf8))
            _ = try run.apply(event, at: now, random: 0)
        }
        return run
    }

    private func input(of step: Int32, _ run: RunState) throws -> String {
        String(decoding: try run.makeInput(of: step), as: UTF8.self)
    }

    private func output(_ run: RunState) throws -> String { String(decoding: try run.makeOutput(), as: UTF8.self) }

    @Test("a step's input reads the run's input, earlier outputs and the run itself")
    func inputs() throws {
        let run = try run(
            """
            steps:
            - {id: a-1, uses: noop}
            - id: b
              uses: noop
              needs: [a-1]
              with:
                text: "${{ inputs.name }}: ${{ steps['a-1'].output.list[0] }}"
                list: ${{ steps['a-1'].output.list }}
                all: ${{ steps["a-1"] }}
                run: ${{ run.id }} of ${{ run.workflow }}
                self: ${{ run }}
            """, input: #"{"name": "Ada"}"#, outputs: [#"{"list": [1, 2]}"#])
        #expect(try input(of: 0, run) == "{}")
        #expect(
            try input(of: 1, run)
                == #"{"text":"Ada: 1","list":[1,2],"all":{"output":{"list":[1,2]},"state":"succeeded"},"#
                + #""run":"00000000000000000000000001 of team/a","#
                + #""self":{"id":"00000000000000000000000001","workflow":"team/a"}}"#)
    }

    @Test("what is only passed on stays the text it was")
    func passedOn() throws {
        let run = try run(
            "steps:\n- {id: a, uses: noop, with: \"${{ inputs }}\"}\n"
                + "- {id: b, uses: noop, needs: [a], with: {x: \"${{ steps.a.output }}\"}}",
            input: #"{ "n" : 1.50 }"#, outputs: [#"{ "m" : 1e2 }"#])
        #expect(try input(of: 0, run) == #"{ "n" : 1.50 }"#)
        #expect(try input(of: 1, run) == #"{"x":{ "m" : 1e2 }}"#)
    }

    @Test("the output of a run: of its only leaf, of all leaves, or as the definition says")
    func outputs() throws {
        #expect(try output(run("steps: [{id: a, uses: noop}]", outputs: ["7"])) == "7")
        #expect(
            try output(run("steps: [{id: a, uses: noop}, {id: \"b-c\", uses: noop}]", outputs: ["7", "[8]"]))
                == #"{"a":7,"b-c":[8]}"#)
        #expect(
            try output(
                run("output: {sum: \"${{ steps.a.output + 1 }}\"}\nsteps: [{id: a, uses: noop}]", outputs: ["7"]))
                == #"{"sum":8}"#)
        #expect(try output(run("steps: [{id: a, uses: noop, if: false}]")) == "null")
    }

    @Test("only outputs that something reads are kept")
    func kept() throws {
        let run = try run(
            "steps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]", outputs: [#"{"big": 1}"#, "2"])
        #expect(Array(run.outputs.keys) == [1])
    }

    @Test("an input that cannot be made says why")
    func failure() throws {
        let run = try run("steps: [{id: a, uses: noop, with: {x: \"${{ inputs.name }}\"}}]")
        let error = try #require(throws: ExpressionError.self) { try run.makeInput(of: 0) }
        #expect(error.message == "no such key: \"name\"")
    }
}
