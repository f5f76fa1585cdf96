import Testing
import Workflows

@Suite("Definitions of the whole language")
struct LanguageTests {
    private func problems(_ body: String) -> [String] {
        do {
            _ = try Workflow(parsing: Array("name: a\n\(body)".utf8), file: "a.yaml")
            return []
        } catch {
            return error.diagnostics.map { "\($0.line): \($0.message)\($0.hint.map { " (\($0))" } ?? "")" }
        }
    }

    private static let everything = """
        name: all
        labels: {team: "${{ inputs.team }}"}
        setup: [{id: s, uses: noop}]
        steps:
          - {id: a, uses: noop, for_each: "${{ inputs.list }}", max_parallel: 5, deadline: 1h, with: {i: "${{ item }}"}, writes: [disk]}
          - {id: b, uses: wait, needs: [a], with: {signal: go, timeout: 1m, on_timeout: continue}}
          - {id: c, uses: approval, needs: [a], with: {roles: [x], quorum: 2, form: {properties: {t: {type: string}}}}}
          - {id: d, uses: workflow, needs: [b, c], join: any, with: {name: other, on_parent_cancel: abandon}}
          - {id: e, uses: switch, needs: [d], with: {cases: [{when: "true", then: [f]}]}}
          - {id: f, uses: emit, needs: [e], with: {name: done, payload: {x: 1}}, background: true}
        on_failure: [{match: {step: a, error: timeout}, steps: [{id: h, uses: noop}], recover: {x: 1}}]
        finally: [{id: z, uses: noop, with: {f: "${{ failure }}"}}]
        """.replacing("max_parallel: 5", with: "max_parallel: 1")

    @Test("the canonical form says the same")
    func canonical() throws {
        let workflow = try Workflow(parsing: Array(Self.everything.utf8), file: "all.yaml")
        let again = try Workflow(canonical: workflow.definition.canonical)
        #expect(again.definition == workflow.definition)
        #expect(again.definition.canonical == workflow.definition.canonical)
        #expect(workflow.plan.parts == Plan.Parts(main: 0..<6, setup: 6..<7, finally: 7..<8))
        #expect(workflow.plan.handlers[0].steps == 8..<9)
    }

    @Test("labels are made of the inputs")
    func labels() throws {
        let workflow = try Workflow(parsing: Array(Self.everything.utf8), file: "all.yaml")
        let run = RunState(plan: workflow.plan, context: RunContext(input: Array(#"{"team": "x"}"#.utf8)))
        #expect(try run.makeLabels().map { String(decoding: $0, as: UTF8.self) } == #"{"team":"x"}"#)
    }

    @Test(
        "what is refused, and where",
        arguments: [
            ("{id: a, uses: noop, join: 2}", "join asks for 2 of 0 needs (the step could never run)"),
            ("{id: a, uses: noop, join: some}", "join must be all, any or a number of needs"),
            ("{id: a, uses: noop, max_parallel: 2}", "max_parallel is for steps with for_each"),
            ("{id: a, uses: noop, for_each: 3}", "for_each must be a list or an expression, not integer"),
            (
                "{id: a, uses: noop, for_each: [1], if: item > 1}",
                "there is no \"item\" here, only in the with of a for_each (names are inputs, steps, run)"
            ),
            (
                "{id: a, uses: noop, with: {x: \"${{ failure }}\"}}",
                "there is no \"failure\" here, only in on_failure and finally (names are inputs, steps, run)"
            ),
            ("{id: a, uses: wait, with: {for: 1m, signal: x}}", "a wait has exactly one of for, until and signal"),
            (
                "{id: a, uses: wait, with: {for: 42m30}}",
                "\"42m30\" is no duration; write whole numbers with units, as 1h30m or 250ms"
            ),
            ("{id: a, uses: wait, with: {for: 1m, timeout: 1m}}", "\"timeout\" is for waits for a signal"),
            (
                "{id: a, uses: wait, with: {until: tomorrow}}",
                "\"tomorrow\" is no point in time (write it as 2030-01-31T12:00:00Z)"
            ),
            ("{id: a, uses: approval, with: {quorum: 0}}", "quorum must be an integer from 1 to 100"),
            ("{id: a, uses: approval, with: {on_timeout: reject}}", "on_timeout needs a timeout"),
            (
                "{id: a, uses: approval, with: {timeout: 1h, on_timeout: shrug}}",
                "on_timeout is one of fail, reject, approve, continue, not \"shrug\""
            ),
            (
                "{id: a, uses: approval, retry: {max_attempts: 2}}",
                "\"uses: approval\" takes no \"retry\" (no worker runs it)"
            ),
            ("{id: a, uses: workflow, with: {inputs: {}}}", "\"uses: workflow\" has no \"name\""),
            (
                "{id: a, uses: switch, with: {cases: [{when: \"true\", then: [b]}]}}",
                "the switch names unknown step \"b\" (did you mean \"a\"?)"
            ),
            ("{id: a, uses: switch, with: {cases: [{then: [a]}]}}", "a case has exactly one of equals and when"),
            (
                "{id: a, uses: noop, for_each: [1, 2], writes: [x]}",
                "the items of step \"a\" write \"x\" side by side (set max_parallel: 1)"
            ),
            ("{id: a, uses: emit, with: {name: 3}}", "name must be text, not integer (quote it to make it text)"),
        ])
    func refused(step: String, problem: String) {
        #expect(problems("steps: [\(step)]").contains("2: \(problem)"), "\(problems("steps: [\(step)]"))")
    }

    @Test(
        "the parts of a run",
        arguments: [
            (
                "setup: [{id: s, uses: noop, needs: [a]}]",
                "3: step \"s\" needs \"a\", which belongs to steps (it belongs to setup itself; the parts run one after the other)"
            ),
            ("finally: [{id: a, uses: noop}]", "3: the id \"a\" stands twice (first in line 2)"),
            ("on_failure: [{match: {step: b}, recover: 1}]", "3: match names unknown step \"b\" (did you mean \"a\"?)"),
            ("on_failure: [{match: {}}]", "3: the handler has neither steps nor recover (it would do nothing)"),
            (
                "on_failure: [{recover: 1}, {match: {step: a}, recover: 2}]",
                "3: the handler can never run: handler 1 takes all that it does (the first match wins; put it before that one)"
            ),
            (
                "on_failure: [{match: {step: a}, recover: \"${{ steps.a.output }}\"}]",
                "3: recover reads step \"a\", which belongs to steps"
            ),
            (
                "output: ${{ steps.f.output }}\nfinally: [{id: f, uses: noop}]",
                "3: the output reads step \"f\", which belongs to finally"
            ),
            (
                "labels: {x: \"${{ steps.a.output }}\"}",
                "3: no step has run yet when labels and the key of a run are made (names are inputs, run)"
            ),
        ])
    func parts(more: String, problem: String) {
        let found = problems("steps: [{id: a, uses: noop}]\n\(more)")
        #expect(found == [problem])
    }

    @Test("two steps that write the same, and neither waits for the other")
    func races() {
        let body = """
            steps:
              - {id: a, uses: noop, writes: [table]}
              - {id: b, uses: noop, needs: [a], writes: [table]}
              - {id: c, uses: noop, needs: [a], writes: [table]}
              - {id: d, uses: noop, needs: [b, c], reads: [table]}
              - {id: e, uses: noop, reads: [table]}
              - {id: f, uses: noop, reads: [table], needs: [b, c], join: any}
            """
        let found = problems(body)
        #expect(
            found.contains(
                "5: step \"c\" writes \"table\", which step \"b\" writes in line 4, and neither waits for the other "
                    + "(add \"b\" to the needs of \"c\")"))
        // d waits for all writers; f, which runs with the first of b and c, does not; e waits for nobody.
        #expect(!found.contains { $0.hasPrefix("6:") })
        #expect(found.contains { $0.hasPrefix("7: step \"e\" reads \"table\"") })
        #expect(found.contains { $0.hasPrefix("8: step \"f\" reads \"table\"") })
    }

    @Test("fifty mistakes are reported as fifty")
    func fifty() {
        let steps = (0..<50).map { "  - {id: s\($0), uses: noop, needs: [none\($0)]}" }
        #expect(problems("steps:\n" + steps.joined(separator: "\n")).count == 50)
    }
}
