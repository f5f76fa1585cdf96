import Expressions
import JSON
import Testing

@Suite("Values of JSON")
struct JSONMappingTests {
    private let scope = ValueScope(["inputs": ["list": [1, 2.5, "x"], "map": ["a": ["b": nil]]]])

    @Test(
        "values that JSON has no type for",
        arguments: [
            ("1u", 1), ("b'\\xff'", "/w=="), ("timestamp('2009-02-13T23:31:30.5Z')", "2009-02-13T23:31:30.5Z"),
            ("duration('90m')", "5400s"),
            ("duration('1500ms')", "1.5s"), ("int", "int"),
            ("{1: 'a', true: 'b', 2u: 'c'}", ["1": "a", "true": "b", "2": "c"]),
            ("optional.of([1])", [1]), ("optional.none()", nil), ("inputs.list", [1, 2.5, "x"]),
            ("[inputs.map]", [["a": ["b": nil]]]),
            ("inputs.list.map(x, x)", [1, 2.5, "x"]), ("{'k': inputs.list[1]}", ["k": 2.5]),
        ] as [(String, JSONValue)])
    func mapping(source: String, expected: JSONValue) throws {
        #expect(try Expression(source).evaluate(in: scope) == expected)
    }

    @Test("values that have no JSON")
    func refused() {
        for (source, kind) in [
            ("18446744073709551615u", ExpressionError.Kind.overflow), ("{1: 'a', '1': 'b'}", .invalidKey),
            ("'\\u0000'", .conversion),
            ("{'\\u0000': 1}", .conversion),
        ] {
            let error = #expect(throws: ExpressionError.self, "\(source)") {
                try Expression(source).evaluate(in: scope)
            }
            #expect(error?.kind == kind)
        }
    }

    @Test("references do not see the variables of macros, and see what macros read")
    func references() throws {
        let expression = try Expression(
            "steps.a.output.filter(steps, steps.x > inputs.n).map(x, x + y) + cel.bind(run, run.id, [run])")
        #expect(
            expression.references.map { ([$0.root] + $0.path).joined(separator: ".") } == [
                "steps.a.output", "inputs.n", "y", "run.id",
            ])
    }
}
