import Expressions
import Testing

@Suite("Parsing expressions")
struct ExpressionParsingTests {
    @Test(
        "what is refused, and where",
        arguments: [
            ("", ExpressionError.Kind.syntax, 1, 1), ("1 +", .syntax, 1, 4), ("(1", .syntax, 1, 3),
            ("1 2", .syntax, 1, 3),
            ("a.", .syntax, 1, 3), ("1 +\n  @", .syntax, 2, 3), ("foo(1)", .undeclared, 1, 1),
            ("size()", .undeclared, 1, 1),
            ("size(1, 2)", .undeclared, 1, 1), ("'a'.string()", .undeclared, 1, 5),
            ("contains('a', 'b')", .undeclared, 1, 1),
            ("while", .syntax, 1, 1), ("has(1)", .syntax, 1, 1), ("has(inputs)", .syntax, 1, 1),
            ("1abc", .syntax, 1, 1),
            ("a = b", .syntax, 1, 3), ("true ? 1", .syntax, 1, 9), ("{'a' 1}", .syntax, 1, 6), ("[1 2]", .syntax, 1, 4),
            ("é", .syntax, 1, 1), ("a[1", .syntax, 1, 4), ("a.true", .syntax, 1, 3), ("a.in", .syntax, 1, 3),
            ("true.a.null", .syntax, 1, 8),
            ("in", .syntax, 1, 1), ("!-1", .syntax, 1, 2), ("-!a", .syntax, 1, 2),
            ("[,,]", .syntax, 1, 2), ("[1,,]", .syntax, 1, 4),
            ("f(1,)", .syntax, 1, 5), ("{,'a': 1}", .syntax, 1, 2), ("a ? b : ", .syntax, 1, 9),
            ("a && ", .syntax, 1, 6),
            ("&& a", .syntax, 1, 1),
            ("a.?b()", .syntax, 1, 5), ("1 ++ 2", .syntax, 1, 4),
        ])
    func refused(source: String, kind: ExpressionError.Kind, line: Int, column: Int) throws {
        let error = try #require(throws: ExpressionError.self) { try Expression(source) }
        #expect(error.kind == kind, "\(error)")
        #expect([error.line, error.column] == [line, column], "\(error)")
    }

    @Test(
        "reserved words are no names, but fields",
        arguments: [
            "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
            "namespace", "return",
            "var", "void", "while",
        ])
    func reserved(word: String) throws {
        #expect(throws: ExpressionError.self) { try Expression(word) }
        #expect(try Expression("a.\(word)").references.map(\.path) == [[word]])
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
