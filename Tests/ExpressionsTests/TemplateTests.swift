import Expressions
import JSON
import Testing

@Suite("Templates")
struct TemplateTests {
    private let scope = ValueScope(["inputs": ["name": "Ada", "n": 3, "list": [1, "x"], "none": nil, "half": 0.5]])

    private func evaluate(_ value: JSONValue) throws -> JSONValue {
        try JSONValue(parsing: Template(value).evaluate(in: scope))
    }

    @Test("without expressions it is bytes already")
    func constant() throws {
        let template = try Template(["b": [1, nil, "x"], "a": ["t": "plain $ {{ }} ${ x }"]])
        #expect(
            template.constant.map { String(decoding: $0, as: UTF8.self) }
                == #"{"b":[1,null,"x"],"a":{"t":"plain $ {{ }} ${ x }"}}"#)
        #expect(template.holes.isEmpty)
    }

    @Test("one expression keeps its type, more are text")
    func types() throws {
        #expect(try evaluate("${{ inputs.n }}") == 3)
        #expect(try evaluate("${{inputs.list}}") == [1, "x"])
        #expect(try evaluate("${{ inputs.none }}") == nil)
        #expect(try evaluate(" ${{ inputs.n }}") == " 3")
        #expect(
            try evaluate(
                "Hello ${{ inputs.name }}, ${{ inputs.n }} ${{ inputs.half }} ${{ inputs.none }} ${{ inputs.list }}!")
                == "Hello Ada, 3 0.5 null [1,\"x\"]!")
        #expect(try evaluate(["a": ["${{ inputs.n + 1 }}", 2], "b": 1]) == ["a": [4, 2], "b": 1])
    }

    @Test("braces in strings and maps do not end an expression")
    func braces() throws {
        #expect(try evaluate("${{ '}}' + \"{{\" }}") == "}}{{")
        #expect(try evaluate("${{ {'a': {'b': 1}}}}") == ["a": ["b": 1]])
        #expect(try evaluate("${{ {'a': {'b': 1}}.a.b }}x") == "1x")
    }

    @Test("raw and long strings and comments are read as the language reads them")
    func strings() throws {
        #expect(try evaluate(#"${{ r'\' }}x"#) == #"\x"#)
        #expect(try evaluate(#"${{ """a"}}b""" }}x"#) == #"a"}}bx"#)
        #expect(try evaluate("${{ 1 // }}\n + 1 }}x") == "2x")
        #expect(try evaluate(#"${{ 'a\'}}' }}x"#) == "a'}}x")
    }

    @Test("values that JSON has no type for are written as the mapping of Protocol Buffers has them")
    func values() throws {
        #expect(try evaluate("${{ duration('90m') }}") == "5400s")
        #expect(try evaluate("${{ b'a' }} ${{ 2.0 }} ${{ 5u }}") == "YQ== 2 5")
        #expect(try evaluate("${{ inputs.list.map(x, string(x)) }}") == ["1", "x"])
    }

    @Test("an escape for the opening")
    func escape() throws {
        #expect(try evaluate("$${{ inputs.n }}") == "${{ inputs.n }}")
        #expect(try evaluate("$${{ ${{ inputs.n }}") == "${{ 3")
    }

    @Test("every problem is reported with its place")
    func problems() {
        let (template, problems) = Template.compile([
            "a": ["${{ 1 + }}", "x ${{ 1 }} ${{ foo() }}"], "b": "${{ 1", "c": "${{ }}",
        ])
        #expect(template == nil)
        #expect(problems.map(\.path) == [[.key("a"), .index(0)], [.key("a"), .index(1)], [.key("b")], [.key("c")]])
        #expect(problems.map(\.index) == [0, 1, 0, 0])
    }

    @Test("holes tell what is read")
    func holes() throws {
        let template = try Template(["a": "x ${{ inputs.n }}", "b": ["${{ steps.s.output }}"]])
        #expect(template.holes.map(\.path) == [[.key("a")], [.key("b"), .index(0)]])
        #expect(template.holes.flatMap(\.expression.references).map(\.root) == ["inputs", "steps"])
    }

    @Test("what JSON cannot say is an error")
    func notFinite() throws {
        let template = try Template("${{ 1.0 / 0.0 }}")
        #expect(throws: ExpressionError.self) { try template.evaluate(in: scope) }
    }

    @Test("any value without expressions comes out as it went in")
    func identity() throws {
        let value: JSONValue = ["q\"uote": ["\n", "\u{1}", -0.5, 1e300, .int(.min)], "": [:], "e": []]
        #expect(try evaluate(value) == value)
    }
}
