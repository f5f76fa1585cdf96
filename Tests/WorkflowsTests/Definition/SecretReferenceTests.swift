import JSON
import Testing

@testable import Workflows

@Suite("Secrets in definitions")
struct SecretReferenceTests {
    private static func plan(_ step: String, rest: String = "") throws -> Plan {
        let source = #"{"name":"f","steps":[{"id":"a",\#(step)}]\#(rest)}"#
        return try Plan.compile(
            canonical: try Workflow(parsing: Array(source.utf8), file: "f.json").definition.canonical)
    }

    private static func problems(_ step: String, rest: String = "") -> [String] {
        do {
            _ = try plan(step, rest: rest)
            return []
        } catch let error as DefinitionError {
            return error.diagnostics.map(\.message)
        } catch { return ["\(error)"] }
    }

    @Test("the with of a task may name secrets, alone or within text")
    func named() throws {
        let plan = try Self.plan(
            #""uses":"shell","with":{"command":["x"],"env":{"A":"${{ secrets.a }}","B":"Bearer ${{ secrets[\"ci/b-1\"] }}!","C":"${{ run.id }}"}}"#
        )
        #expect(plan.steps[0].usesSecrets && plan.steps[0].secrets == ["a", "ci/b-1"])
        #expect(try !Self.plan(#""uses":"noop","with":{"x":"secrets"}"#).steps[0].usesSecrets)
    }

    @Test("nothing may compute with a secret, and nothing else may name one")
    func refused() {
        let alone = [
            #"${{ secrets.a + \"x\" }}"#, #"${{ size(secrets.a) }}"#, #"${{ secrets.a.b }}"#, "${{ secrets }}",
            #"${{ secrets[run.id] }}"#, #"${{ [secrets.a] }}"#, #"${{ secrets.a == \"x\" ? 1 : 2 }}"#,
        ]
        for text in alone {
            #expect(
                Self.problems(#""uses":"noop","with":{"x":"\#(text)"}"#).contains { $0.contains("stands alone") },
                "\(text)")
        }
        #expect(
            Self.problems(#""uses":"noop","with":{"x":"${{ secrets[\"a b\"] }}"}"#).contains {
                $0.contains("name of a secret")
            })
        let elsewhere = [
            Self.problems(#""uses":"noop","if":"secrets.a == 'x'""#),
            Self.problems(#""uses":"noop","for_each":"secrets.a""#),
            Self.problems(#""uses":"noop","concurrency":{"key":"${{ secrets.a }}","limit":1}"#),
            Self.problems(#""uses":"workflow","with":{"name":"g","inputs":{"x":"${{ secrets.a }}"}}"#),
            Self.problems(#""uses":"approval","with":{"message":"${{ secrets.a }}"}"#),
            Self.problems(#""uses":"noop""#, rest: #","output":"${{ secrets.a }}""#),
            Self.problems(#""uses":"noop""#, rest: #","labels":{"x":"${{ secrets.a }}"}"#),
        ]
        for (index, problems) in elsewhere.enumerated() {
            #expect(problems.contains { $0.contains("only in the with of a task") }, "\(index): \(problems)")
        }
    }

    @Test("marks are filled with values as JSON writes them, and nothing else passes for a mark")
    func marks() throws {
        let plan = try Self.plan(
            #""uses":"noop","with":{"x":"${{ inputs.x }}","a":"<${{ secrets.a }}>","b":"${{ secrets.a }}"}"#)
        let run = RunState(
            plan: plan, context: RunContext(run: nil, input: Array(#"{"x":"{{secret a}} {{secret 0.0 a}}"}"#.utf8)))
        let mark = SecretMark(random: RunID.Bytes(high: 7, low: 9))
        let input = try run.makeInput(of: 0, mark: mark)
        let filled = try JSONValue(parsing: mark.fill(input, with: ["a": "q\"\n\\"]))
        #expect(filled["a"] == "<q\"\n\\>" && filled["b"] == "q\"\n\\")
        #expect(filled["x"] == "{{secret a}} {{secret 0.0 a}}")
        // Without a mark nothing can be filled in, and the text says only which secret it is.
        let plain = try run.makeInput(of: 0)
        #expect(mark.fill(plain, with: ["a": "value"]) == plain)
        #expect(SecretMark(random: RunID.Bytes(high: 7, low: 8)).fill(input, with: ["a": "value"]) == input)
    }
}
