import JSON
import Testing
import Workflows

@Suite("Reading definitions")
struct DefinitionParsingTests {
    static let full = """
        name: team/etl
        description: |
          Loads the day.
        labels: { owner: data, tier: "1" }
        inputs:
          type: object
          required: [path]
          properties:
            path: { type: string, description: Where it lies }
            mode: { type: string, enum: [fast, safe], default: safe }
            limit: { type: [integer, "null"] }
        queue: nightly
        timeout: 2h
        retry: { strategy: linear, max_attempts: 3, delay: 5s, max_delay: 1m, jitter: 0 }
        steps:
          - id: fetch
            uses: http
            with: { url: "https://example.org/${{ inputs.path }}", method: GET }
            timeout: 30s
          - id: check-it
            uses: shell
            needs: [fetch]
            if: ${{ steps.fetch.output.size > 0 && inputs.mode == 'safe' }}
            with:
              command: [test, -n, "${{ steps.fetch.output.body }}"]
            retry: { max_attempts: 5 }
            limits: { time: 10s }
            resources: { pool: io }
          - { id: last, uses: noop, needs: [check-it] }
        output: ${{ steps.last.output }}
        """

    @Test("every part of the language")
    func everyPart() throws {
        let workflow = try Workflow(parsing: Array(Self.full.utf8), file: "a.yaml")
        let definition = workflow.definition
        #expect(definition.name == "team/etl")
        #expect(definition.description == "Loads the day.\n")
        #expect(definition.labels.map { "\($0.name)=\($0.value)" } == ["owner=data", "tier=1"])
        #expect(definition.inputs?.document["required"] == ["path"])
        #expect(definition.inputs?.properties.map(\.name) == ["path", "mode", "limit"])
        #expect(definition.inputs?.document["properties"]?["limit"]?["type"] == ["integer", "null"])
        #expect(definition.timeout == .seconds(7200))
        let plan = workflow.plan
        #expect(plan.steps.map(\.id) == ["fetch", "check-it", "last"])
        #expect(plan.steps.map(\.pool) == ["io", "io", "io"])
        #expect(plan.steps.map(\.queue) == ["nightly", "nightly", "nightly"])
        #expect(plan.steps.map(\.timeout) == [.seconds(30), .seconds(10), nil])
        #expect(plan.steps.map(\.retry.maxAttempts) == [3, 5, 3])
        #expect(plan.steps[0].retry.strategy == .linear)
        #expect(plan.steps.map(\.needs) == [[], [0], [1]])
        #expect(plan.steps.map(\.dependents) == [[1], [2], []])
        #expect(plan.roots == [0] && plan.leaves == [2])
        #expect(plan.steps.map(\.isOutputRead) == [true, false, true])
        #expect(plan.timeout == .seconds(7200))
    }

    @Test("the canonical form reads back as the same, and is its own canonical form")
    func canonical() throws {
        let workflow = try Workflow(parsing: Array(Self.full.utf8), file: "a.yaml")
        let again = try Workflow(canonical: workflow.definition.canonical)
        #expect(again.definition == workflow.definition)
        #expect(again.definition.canonical == workflow.definition.canonical)
        #expect(try Plan.compile(canonical: workflow.definition.canonical).steps.count == 3)
    }

    @Test("what says the same has the same canonical form")
    func sameCanonical() throws {
        let yaml = """
            # a comment
            steps:
            - uses: "noop"
              id: a
              if: steps.b.state == 'succeeded'
              needs: [b]
            - {id: b, uses: noop}
            timeout: 90m
            labels: {b: x, a: "y"}
            name: hello
            queue: default
            """
        let json = #"""
            {"name": "hello", "labels": {"a": "y", "b": "x"}, "timeout": "1h30m", "steps": [
              {"id": "a", "uses": "noop", "needs": ["b"], "if": "${{steps.b.state == 'succeeded'}}"},
              {"id": "b", "uses": "n\u006fop"}]}
            """#
        let first = try Workflow(parsing: Array(yaml.utf8), file: "a.yaml").definition
        let second = try Workflow(parsing: Array(json.utf8), file: "a.json").definition
        #expect(first.canonical == second.canonical)
    }

    @Test("the smallest, with all defaults")
    func smallest() throws {
        let plan = try Workflow(parsing: Array("name: a\nsteps: [{id: x, uses: shell}]".utf8), file: "a").plan
        #expect(plan.steps[0].pool == "cpu")
        #expect(plan.steps[0].queue == "default")
        #expect(plan.steps[0].retry == .never)
        #expect(plan.timeout == nil && plan.inputs == nil && plan.output == nil)
    }

    @Test("plain scalars follow YAML 1.2")
    func scalars() throws {
        let yaml = """
            name: a
            steps:
              - id: x
                uses: noop
                with: {a: no, b: 0o17, c: 0x1F, d: .5, e: 5., f: 1e3, g: ~, h: , i: True, j: -3, k: 1.2.3, l: 2025-01-01, m: "1", n: +7, o: -, p: 5.e1}
            """
        let definition = try Workflow(parsing: Array(yaml.utf8), file: "a").definition
        #expect(
            definition.steps[0].with == [
                "a": "no", "b": 15, "c": 31, "d": 0.5, "e": 5.0, "f": 1000.0, "g": nil, "h": nil, "i": true, "j": -3,
                "k": "1.2.3", "l": "2025-01-01", "m": "1", "n": 7, "o": "-", "p": 50.0,
            ])
    }

    @Test("a byte order mark, carriage returns and anchors")
    func details() throws {
        let yaml =
            "\u{FEFF}name: a\r\nsteps:\r\n  - {id: x, uses: noop, with: &w {k: [1, 2]}}\r\n  - {id: y, uses: noop, with: *w}\r\n"
        let definition = try Workflow(parsing: Array(yaml.utf8), file: "a").definition
        #expect(definition.steps[1].with == ["k": [1, 2]])
    }

    @Test("10,000 steps in a row and abreast, quickly", .timeLimit(.minutes(1)))
    func tenThousand() throws {
        var yaml = "name: big\nsteps:\n"
        for index in 0..<10_000 {
            yaml += "  - { id: s\(index), uses: noop"
            if index >= 2 {
                yaml += ", needs: [s\(index - 1), s\(index - 2)], with: { x: \"${{ steps.s\(index / 2).output }}\" }"
            }
            yaml += " }\n"
        }
        let clock = ContinuousClock()
        var workflow: Workflow?
        let took = try clock.measure { workflow = try Workflow(parsing: Array(yaml.utf8), file: "big.yaml") }
        #expect(workflow?.plan.steps.count == 10_000)
        // Generous, for a debug build on a busy machine; a quadratic step would take minutes.
        #expect(took < .seconds(40), "\(took)")
    }
}
