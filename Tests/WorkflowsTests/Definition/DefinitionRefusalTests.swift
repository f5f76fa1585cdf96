import Testing
import Workflows

@Suite("Refusing definitions")
struct DefinitionRefusalTests {
    /// `line:column message` of each problem.
    private func problems(_ source: [UInt8]) -> [String] {
        do {
            _ = try Workflow(parsing: source, file: "f")
            return []
        } catch {
            return error.diagnostics.map {
                "\($0.line):\($0.column)+\($0.length) \($0.message)\($0.hint.map { " (\($0))" } ?? "")"
            }
        }
    }

    private func problems(_ source: String) -> [String] { problems(Array(source.utf8)) }

    private func ofStep(_ more: String) -> [String] { problems("name: a\nsteps:\n- id: a\n  uses: noop\n\(more)") }

    private func ofWorkflow(_ more: String) -> [String] { problems("\(more)\nname: a\nsteps: [{id: a, uses: noop}]") }

    @Test(
        "of a step",
        arguments: [
            ("  need: [b]", "5:3+4 unknown key \"need\" in a step (did you mean \"needs\"?)"),
            (
                "  zzz: [b]",
                "5:3+3 unknown key \"zzz\" in a step (keys are id, uses, needs, join, if, for_each, max_parallel, with, retry, timeout, deadline, limits, resources, priority, concurrency, rate, breaker, cache, idempotency, background, reads, writes)"
            ),
            ("  compensate: true", "5:3+10 \"compensate\" is not supported yet"),
            ("  priority: 1001", "5:13+4 priority must be an integer from -1000 to 1000"),
            ("  priority: high", "5:13+4 priority must be an integer from -1000 to 1000"),
            ("  rate: {limit: 5}", "5:9+1 rate has no \"per\""),
            ("  rate: {limit: 5, per: 0s}", "5:25+2 per must be more than nothing"),
            ("  rate: {limit: 5, per: 32d}", "5:25+3 per must be from 1ms to 31 days"),
            ("  concurrency: {limit: 0}", "5:24+1 limit must be an integer from 1 to 1000000"),
            ("  concurrency: {key: a}", "5:16+1 concurrency has no \"limit\""),
            (
                "  concurrency: {limit: 1, on_conflict: reject}",
                "5:27+11 unknown key \"on_conflict\" in concurrency of a step (keys are key, limit, scope)"
            ),
            (
                "  concurrency: {limit: 1, key: \"${{ steps.b.output }}\"}",
                "5:43+1 there is no step \"b\" (did you mean \"a\"?)"
            ),
            ("  needs: b", "5:10+1 needs must be a list of step ids, not string (did you mean [b]?)"),
            ("  needs: [a]", "5:11+1 step \"a\" needs itself"),
            ("  timeout: 1h5", "5:12+3 \"1h5\" is no duration; write whole numbers with units, as 1h30m or 250ms"),
            ("  timeout: 0s", "5:12+2 timeout must be more than nothing"),
            ("  limits: {memory: 1GiB}", "5:12+6 \"memory\" is not supported yet"),
            ("  limits: {time: x}", "5:18+1 \"x\" is no duration; write whole numbers with units, as 1h30m or 250ms"),
            ("  resources: {pool: \"a b\"}", "5:21+5 the pool \"a b\" must be made of small letters, digits and - _ ."),
            ("  retry: {max_attempts: 0}", "5:25+1 max_attempts must be an integer from 1 to 1000"),
            ("  retry: {delay: 1s}", "5:10+1 retry has no \"max_attempts\""),
            (
                "  retry: {max_attempts: 2, strategy: expo}",
                "5:38+4 unknown retry strategy \"expo\" (strategies are exponential, linear, fixed)"
            ),
            (
                "  retry: {max_attempts: 2, strategy: liner}",
                "5:38+5 unknown retry strategy \"liner\" (did you mean \"linear\"?)"
            ),
            ("  retry: {max_attempts: 2, jitter: 2}", "5:36+1 jitter must be a number from 0 to 1"),
            ("  with: [1]", "5:9+1 with must be a mapping, not a list"),
            ("  if: [1]", "5:7+1 if must be an expression, not a list"),
            (
                "  if: ${{ true }} || ${{ false }}",
                "5:7+27 if takes one expression (write the whole of it in one ${{ }})"
            ),
            ("  if: 1 +", "5:10+1 in an expression: expected a value, found the end"),
            ("  if: '1 +'", "5:11+1 in an expression: expected a value, found the end"),
            (
                "  if: ${{ [1].any(x, true) }}",
                "5:15+3 in an expression: undeclared reference to 'any' (in container '')"
            ),
            ("  with: {x: \"${{ input.y }}\"}", "5:18+7 unknown name \"input\" (did you mean \"inputs\"?)"),
            ("  with: {x: \"${{ run.idd }}\"}", "5:22+3 run has no \"idd\" (did you mean \"id\"?)"),
            ("  with: {x: \"${{ steps.b.output }}\"}", "5:24+1 there is no step \"b\" (did you mean \"a\"?)"),
            ("  with: {x: \"${{ steps.a.output }}\"}", "5:24+1 step \"a\" reads its own output"),
            (
                "  with: {x: \"${{ steps[inputs.y] }}\"}",
                "5:18+5 steps must be followed by a step's id (as in steps.ID.output)"
            ),
            ("  with: {x: \"${{ 1 \"}", "5:14+3 in an expression: \"${{\" is not closed by \"}}\""),
            (
                "  with:\n    x: |\n      one ${{ 1 }}\n      two ${{ nope }}\n",
                "8:15+4 unknown name \"nope\" (names are inputs, steps, run)"
            ),
            ("  with:\n    <<: {a: 1}", "6:5+2 merge keys are not supported; write the values out"),
            ("  with: {x: !!int \"1\"}", "5:13+1 tags are not supported: tag:yaml.org,2002:int"),
            (
                "  with: {x: 99999999999999999999}",
                "5:13+20 the number does not fit into 64 bits (quote it to make it text)"
            ),
            ("  with: {x: .nan}", "5:13+4 JSON has no such number (quote it to make it text)"),
            ("  with: {x: \"\\0\"}", "5:13+1 the character U+0000 is not taken"),
            ("  with: {x: 1, x: 2}", "5:10+1 the key \"x\" stands twice in one mapping"),
            ("  with: {[1]: 2}", "5:10+1 a key must be text"),
        ])
    func step(source: String, problem: String) {
        #expect(ofStep(source) == [problem])
    }

    @Test(
        "of a workflow",
        arguments: [
            ("triggers: []", "1:1+8 \"triggers\" is not supported yet"),
            ("concurrency: {}", "1:14+1 concurrency has no \"limit\""),
            ("concurrency: 1", "1:14+1 concurrency must be a mapping, not integer"),
            (
                "concurrency: {limit: 1, on_conflict: cancel}",
                "1:38+6 unknown on_conflict \"cancel\" (values are queue, cancel_running, reject)"
            ),
            ("concurrency: {limit: 1, scope: all}", "1:32+3 unknown scope \"all\" (values are workflow, tenant)"),
            (
                "concurrency: {limit: 1, key: \"${{ steps.a.output }}\"}",
                "1:35+14 no step has run yet when labels and the key of a run are made (names are inputs, run)"
            ),
            ("priority: 1.5", "1:11+3 priority must be an integer from -1000 to 1000"),
            ("deadline: 0s", "1:11+2 deadline must be more than nothing"),
            ("output: ${{ steps.b.output }}", "1:19+1 there is no step \"b\" (did you mean \"a\"?)"),
            ("labels: [a]", "1:9+1 labels must be a mapping, not a list"),
            ("labels: {a: 1}", "1:13+1 the label \"a\" must be text, not integer (quote it to make it text)"),
            ("queue: A", "1:8+1 queue \"A\" must be made of small letters, digits and - _ . /"),
            ("inputs: {type: array}", "1:16+5 the type of inputs must be object"),
            ("inputs: {properties: {a: {type: strng}}}", "1:33+5 unknown type \"strng\" (did you mean \"string\"?)"),
            (
                "inputs: {properties: {a: {pattern: '('}}}",
                "1:36+3 the pattern (: a ( is not closed (at character 1)"
            ),
            (
                "inputs: {properties: {a: {items: {minimun: 1}}}}",
                "1:35+7 unknown keyword \"minimun\" (did you mean \"minimum\"?)"
            ),
            ("inputs: {requird: [a]}", "1:10+7 unknown keyword \"requird\" (did you mean \"required\"?)"),
            (
                "inputs: {properties: {a: {$ref: '#/$defs/x'}}}",
                "1:33+11 \"#/$defs/x\": nothing stands at /$defs/x"
            ),
            ("inputs: {properties: {a: {}, a: {}}}", "1:23+1 the key \"a\" stands twice in one mapping"),
            ("inputs: [a]", "1:9+1 inputs must be a mapping, not a list"),
            (
                "inputs: {properties: {a: {type: integer, default: x}}}",
                "1:51+1 the default of the input \"a\" must be integer, not string"
            ),
            (
                "inputs: {required: [b], properties: {bb: {}}}",
                "1:21+1 required names \"b\", which is no property (did you mean \"bb\"?)"
            ),
            ("inputs: {properties: {a: {enum: []}}}", "1:33+1 enum must be a list of values"),
            ("timeout: 1h 30m", "1:10+6 \"1h 30m\" is no duration; write whole numbers with units, as 1h30m or 250ms"),
        ])
    func workflow(source: String, problem: String) {
        #expect(ofWorkflow(source) == [problem])
    }

    @Test("names")
    func names() {
        for name in ["A", "a//b", "/a", "a/", "a b", "", "a/../b", "é", String(repeating: "a", count: 201)] {
            #expect(problems("name: \"\(name)\"\nsteps: [{id: a, uses: noop}]").count == 1, "\(name)")
        }
        for name in ["a", "team/etl", "a-b_c.d/2"] {
            #expect(problems("name: \(name)\nsteps: [{id: a, uses: noop}]") == [])
        }
        #expect(
            problems("name: a\nsteps: [{id: a, uses: wait}]") == ["2:9+1 \"uses: wait\" has no \"with\""])
        #expect(
            problems("name: a\nsteps: [{id: a, uses: noop}, {id: a, uses: noop}]") == [
                "2:35+1 the id \"a\" stands twice (first in line 2)"
            ])
        #expect(
            problems("name: a\nsteps: [{id: a-1, uses: noop}, {id: b, uses: noop, needs: [a-1], if: steps.a-1.output}]")
                == ["2:76+1 there is no step \"a\" (an id with \"-\" is written as steps[\"a-1\"])"])
    }

    @Test("a cycle is shown as a path")
    func cycle() {
        let found = problems(
            """
            name: a
            steps:
            - {id: a, uses: noop, needs: [c]}
            - {id: b, uses: noop, needs: [a]}
            - {id: c, uses: noop, needs: [b, d]}
            - {id: d, uses: noop}
            - {id: e, uses: noop, needs: [e]}
            """)
        #expect(found.count == 2)
        #expect(found.contains { $0.hasSuffix("the steps need one another in a cycle: a → c → b → a") }, "\(found)")
        #expect(found.contains("7:31+1 step \"e\" needs itself"))
    }

    @Test("a long cycle is cut, and 10,000 steps in a row do not overflow the stack")
    func longCycle() {
        let steps = (0..<10_000).map { "- {id: s\($0), uses: noop, needs: [s\(($0 + 9_999) % 10_000)]}" }
        let found = problems("name: a\nsteps:\n" + steps.joined(separator: "\n"))
        #expect(found.count == 1)
        #expect(found.first?.contains("…") == true)
    }

    @Test("an output may be read only where it must be there")
    func upstream() {
        let found = problems(
            """
            name: a
            steps:
            - {id: a, uses: noop}
            - {id: b, uses: noop, needs: [a]}
            - {id: c, uses: noop, needs: [b], with: {x: "${{ steps.a.output }}"}}
            - {id: d, uses: noop, needs: [a], with: {x: "${{ steps.b.output }}"}}
            """)
        #expect(
            found == [
                "6:56+1 step \"d\" reads step \"b\", which need not have ended before it (add \"b\" to its needs)"
            ])
    }

    @Test("undeclared inputs, unless any are taken")
    func inputs() {
        func source(_ more: String) -> String {
            "name: a\ninputs: {properties: {name: {type: string}}\(more)}\nsteps: [{id: a, uses: noop, if: inputs.nam == ''}]"
        }
        #expect(problems(source("")) == ["3:40+3 there is no input \"nam\" (did you mean \"name\"?)"])
        #expect(problems(source(", additionalProperties: true")) == [])
        #expect(problems("name: a\nsteps: [{id: a, uses: noop, if: inputs.nam == ''}]") == [])
    }

    @Test(
        "text that is no definition",
        arguments: [
            ("", "1:1+1 the definition is empty"), ("# nothing", "1:1+1 the definition is empty"),
            ("[]", "1:1+1 a workflow must be a mapping, not a list"),
            ("hello", "1:1+5 a workflow must be a mapping, not string"),
            (
                "name: a\n---\nname: b",
                "2:1+1 invalid YAML: but found another document (expected a single document in the stream in line 1)"
            ),
            (
                "name: [a",
                "2:1+1 invalid YAML: did not find expected ',' or ']' (while parsing a flow sequence in line 1)"
            ),
            ("name: *x", "1:7+1 invalid YAML: found undefined alias"),
            ("{\"name\": \"a\", \"name\": \"b\"}", "1:20+1 invalid JSON: duplicate object key near '\"name\"'"),
            ("{\"name\": \"a\",\n \"steps\": [}", "2:12+1 invalid JSON: unexpected token near '}'"),
        ])
    func text(source: String, problem: String) {
        #expect(problems(source) == [problem])
    }

    @Test("bytes that are no text")
    func bytes() {
        #expect(problems([0x61, 0x3A, 0x0A, 0x20, 0xFF]) == ["2:2+1 the byte 0xff is no UTF-8"])
        #expect(problems([0x61, 0x0A, 0x62, 0]) == ["2:2+1 a NUL byte; a definition is text in UTF-8"])
        #expect(problems([0xE2, 0x82]) == ["1:1+1 the byte 0xe2 is no UTF-8"])
        #expect(
            problems(Array(repeating: 0x20, count: 5 << 20)).first?.hasPrefix("1:1+1 the definition has 5242880 bytes")
                == true)
    }

    @Test("depth, and aliases that multiply", .timeLimit(.minutes(1)))
    func bombs() {
        let deep = ofStep("  with: {x: \(String(repeating: "[", count: 200))\(String(repeating: "]", count: 200))}")
        #expect(deep.contains { $0.contains("nested deeper than 64 levels") }, "\(deep)")
        let veryDeep = problems(String(repeating: "[", count: 100_000))
        #expect(veryDeep.count == 1)
        let deepJSON = problems("{\"a\":" + String(repeating: "[", count: 100_000))
        #expect(deepJSON.count == 1)
        var laughs = "a0: &a0 [x, x]\n"
        for level in 1..<9 {
            let before = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            laughs += "a\(level): &a\(level) [\(before)]\n"
        }
        #expect(problems(laughs) == ["1:1+1 the definition has more than 32 aliases"])
        var few = "a0: &a0 [\(Array(repeating: "x", count: 9000).joined(separator: ","))]\n"
        for level in 1..<5 {
            let before = Array(repeating: "*a\(level - 1)", count: 5).joined(separator: ",")
            few += "a\(level): &a\(level) [\(before)]\n"
        }
        #expect(problems(few).contains { $0.contains("the definition has over 500000 values") })
    }

    @Test("damaged text is refused or read, and never traps", .timeLimit(.minutes(2)))
    func fuzz() {
        var dice = Dice(seed: 7)
        let whole = Array(DefinitionParsingTests.full.utf8)
        for _ in 0..<1500 {
            var bytes = whole
            for _ in 0..<1 + dice.below(4) {
                let at = dice.below(bytes.count)
                switch dice.below(4) {
                case 0: bytes[at] = UInt8(dice.below(256))
                case 1: bytes.remove(at: at)
                case 2:
                    bytes.insert(
                        contentsOf: Array(":-[]{}\"'&*!|>%@`#,?\t\n ".utf8.shuffled(using: &dice).prefix(3)), at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + dice.below(40)))
                }
            }
            for problem in problems(bytes) { #expect(!problem.isEmpty) }
        }
    }
}

extension Dice: RandomNumberGenerator {}
