import Expressions
import Testing

@Suite("Parsing expressions")
struct ExpressionParsingTests {
    @Test(
        "what is refused, and where",
        arguments: [
            ("", ExpressionError.Kind.syntax, 1, 1), ("1 +", .syntax, 1, 4), ("(1", .syntax, 1, 3),
            ("1 2", .syntax, 1, 3),
            ("a.", .syntax, 1, 3), ("'a", .syntax, 1, 1), ("'a\nb'", .syntax, 1, 1), ("1 +\n  @", .syntax, 2, 3),
            ("9223372036854775808", .syntax, 1, 1), ("1e999", .syntax, 1, 1), ("'\\q'", .syntax, 1, 2),
            ("'\\u0000'", .syntax, 1, 2),
            ("'\\ud800'", .syntax, 1, 2), ("foo(1)", .syntax, 1, 1), ("size()", .syntax, 1, 1),
            ("size(1, 2)", .syntax, 1, 1),
            ("'a'.string()", .syntax, 1, 5), ("contains('a', 'b')", .syntax, 1, 1), ("while", .syntax, 1, 1),
            ("has(1)", .syntax, 1, 1),
            ("has(inputs)", .syntax, 1, 1), ("1abc", .syntax, 1, 1), ("a = b", .syntax, 1, 3),
            ("true ? 1", .syntax, 1, 9),
            ("{'a' 1}", .syntax, 1, 6), ("[1 2]", .syntax, 1, 4), ("é", .syntax, 1, 1), ("a[1", .syntax, 1, 4),
        ])
    func refused(source: String, kind: ExpressionError.Kind, line: Int, column: Int) throws {
        let error = try #require(throws: ExpressionError.self) { try Expression(source) }
        #expect(error.kind == kind, "\(error)")
        #expect([error.line, error.column] == [line, column], "\(error)")
    }

    @Test(
        "parts of CEL that come later say so when they are parsed",
        arguments: [
            "1u", "b'a'", "[1].all(x, x > 0)", "[1].exists(x, x > 0)", "[1].map(x, x)", "[1].filter(x, x > 0)",
            "'a'.matches('b')",
            "timestamp('2025-01-01T00:00:00Z')", "duration('1s')", "type(1)", "uint(1)", "bytes('a')",
        ])
    func later(source: String) throws {
        let error = try #require(throws: ExpressionError.self) { try Expression(source) }
        #expect(error.kind == .unsupported)
        #expect(error.message.hasSuffix("not supported yet"))
    }

    @Test("nesting has a limit")
    func depth() throws {
        for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("- ", ""), ("true ? 1 : ", "")] {
            let deep = String(repeating: open, count: 5000) + "1" + String(repeating: close, count: 5000)
            let error = try #require(throws: ExpressionError.self) { try Expression(String(deep.prefix(16_000))) }
            #expect(error.message.hasPrefix("nested deeper"), "\(error)")
        }
        #expect(throws: ExpressionError.self) { try Expression(String(repeating: " ", count: 20_000) + "1") }
    }

    @Test("references with their constant paths and places")
    func references() throws {
        let expression = try Expression("steps.fetch.output['a b'][inputs.n].x + run.id\n + steps[inputs.which].y")
        let found = expression.references
        #expect(
            found.map {
                "\($0.root) \($0.path) \($0.line):\($0.column)+\($0.length)\($0.isComputed ? " computed" : "")"
            } == [
                "steps [\"fetch\", \"output\", \"a b\"] 1:1+25 computed", "inputs [\"n\"] 1:27+8",
                "run [\"id\"] 1:41+6",
                "steps [] 2:4+5 computed", "inputs [\"which\"] 2:10+12",
            ])
        #expect(found[0].segments.map(\.column) == [7, 13, 19])
    }
}
