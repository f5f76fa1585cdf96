import Expressions
import Testing
import Workflows

@Suite("What is known of inputs before a run")
struct InputTypeTests {
    private func problems(_ steps: String) -> [String] {
        let source = """
            name: w
            inputs:
              type: object
              properties:
                count: { type: integer }
                on: { type: boolean }
                list: { type: array }
                either: { type: [array, "null"] }
                level: { enum: [low, high] }
                free: {}
                customer:
                  type: object
                  additionalProperties: false
                  properties: { name: { type: string }, address: { type: object } }
            steps:
            \(steps)
            """
        do {
            _ = try Workflow(parsing: Array(source.utf8), file: "w.yaml")
            return []
        } catch { return error.diagnostics.map { "\($0.line):\($0.column)+\($0.length) \($0.message)" } }
    }

    private func with(_ expression: String) -> [String] {
        problems("  - { id: a, uses: noop, with: { x: \"${{ \(expression) }}\" } }")
    }

    @Test(
        "paths that lead somewhere, or that nobody can judge",
        arguments: [
            "inputs.customer.name", "inputs.customer.address.street.number", "inputs.free.anything", "inputs.list[0].x",
            "inputs.customer", "size(inputs.either)",
        ])
    func fine(expression: String) { #expect(with(expression) == []) }

    @Test("a name that a closed object does not have, and names of what has none, at their places")
    func paths() {
        #expect(with("inputs.customer.nmae") == [#"16:58+4 the input customer has no "nmae""#])
        #expect(with("1 + inputs.count.value") == [#"16:59+5 the input count is of type integer and has no "value""#])
        #expect(with("inputs.level.x") == [#"16:55+1 the input level is of type string and has no "x""#])
        #expect(
            with("inputs.customer.name.first") == [
                #"16:63+5 the input customer.name is of type string and has no "first""#
            ])
        #expect(with("inputs.cuont") == [#"16:49+5 there is no input "cuont""#])
    }

    @Test("an input that can never be what is taken")
    func types() {
        #expect(
            problems("  - { id: a, uses: noop, if: \"${{ inputs.count }}\" }")
                == ["16:35+12 if takes boolean, and the input count is of type integer"])
        #expect(
            problems("  - { id: a, uses: noop, for_each: \"${{ inputs.customer }}\" }")
                == ["16:41+15 for_each takes array, and the input customer is of type object"])
        for fine in [
            "if: \"${{ inputs.on }}\"", "for_each: \"${{ inputs.list }}\"", "for_each: \"${{ inputs.either }}\"",
            "if: \"${{ inputs.free }}\"", "if: \"${{ inputs.count > 1 }}\"",
        ] {
            #expect(problems("  - { id: a, uses: noop, \(fine) }") == [], "\(fine)")
        }
    }

    @Test("functions of timestamps know the zones that the plan was compiled with")
    func zones() throws {
        // A zone of one rule: two hours east of UTC, without transitions (RFC 8536).
        func integer(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
        }
        let counts = [0, 0, 0, 0, 1, 4].flatMap { integer($0) }
        let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts
        let kind = integer(7200) + [0, 0] + Array("TST\0".utf8)
        let file = header + kind + header + kind + Array("\nTST-2\n".utf8)
        let source =
            "name: w\nsteps: [{ id: a, uses: noop, with: { h: \"${{ timestamp('2030-01-01T10:00:00Z').getHours('Made/Up') }}\" } }]\n"
        let workflow = try Workflow(
            parsing: Array(source.utf8), file: "w.yaml", timeZones: TimeZones { $0 == "Made/Up" ? file : nil })
        var run = RunDriver(workflow.plan)
        try run.apply(.start)
        #expect(try run.input(0) == #"{"h":12}"#)
    }
}
