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

    @Test(
        "operators that may fit, or that nobody can judge",
        arguments: [
            "inputs.count + 1", "inputs.count * 1.5", "inputs.level + '!'", "inputs.free + 1", "inputs.either + [1]",
            "inputs.on == 'x'", "inputs.count < 3u", "inputs.list + inputs.free", "dyn(inputs.level) + 1",
            "inputs.customer.name + run.id", "size(inputs.list) % 2", "timestamp(inputs.level) - duration('1h')",
            "inputs.list.map(x, x + 1)", "inputs.customer.name in inputs.list", "-inputs.count + 2",
            "(inputs.on ? 1 : 'a') + 'b'", "string(inputs.count) + inputs.level",
        ])
    func operatorsThatFit(_ expression: String) { #expect(with(expression) == []) }

    @Test(
        "an operator that can take no two of the values that may meet it is a problem, at its place",
        arguments: [
            ("inputs.level + 1", "+ takes no string and int: convert one of them", 13),
            ("1 + inputs.customer.name", "+ takes no int and string: convert one of them", 2),
            ("inputs.list - inputs.list", "- takes no list and list: convert one of them", 12),
            ("inputs.on < 1", "< takes no bool and int: convert one of them", 10),
            ("'a' in inputs.level", "in takes no string and string: convert one of them", 4),
            ("size(inputs.list) + '!'", "+ takes no int and string: convert one of them", 18),
            ("inputs.list.exists(x, inputs.count + 'a' == x)", "", 0),
            ("-inputs.level", "- takes a number, and this is string", 0),
        ])
    func operatorsThatCannotFit(_ expression: String, _ message: String, _ offset: Int) throws {
        let found = with(expression)
        #expect(found.count == 1, "\(found)")
        guard !message.isEmpty, let first = found.first else { return }
        // The expression's own place, and the place of the operator within it.
        let column = "  - { id: a, uses: noop, with: { x: \"${{ ".count + 1 + offset
        #expect(first.contains("in an expression: \(message)"), "\(first)")
        #expect(first.contains(":\(column)+"), "\(first)")
    }
}
