import Expressions
import JSON
import Testing

@Suite("Limits")
struct LimitTests {
    private static let open = ExpressionEnvironment(maximumLength: 10_000_000)

    @Test(
        "hostile texts are refused and do not overflow the stack",
        arguments: [
            ("(", "1", ")"), ("[", "", "]"), ("{1:", "1", "}"), ("", "a", ".b"), ("", "a", "[0]"), ("", "a", "(0)"),
            ("true ? 1 : ", "1", ""), ("true ? (", "1", ") : 1"), ("size(", "a", ")"), ("", "'a'", ".size()"),
            ("[1].map(x, ", "x", ")"), ("cel.bind(x, 1, ", "x", ")"), ("a[", "0", "]"), ("1 + (", "1", ")"),
            ("1 || (", "1", ")"), ("!(", "true", ")"), ("-(", "1", ")"), ("has(", "a.b", ")"), ("A{b: ", "1", "}"),
        ])
    func nesting(open: String, inner: String, close: String) {
        let text = String(repeating: open, count: 100_000) + inner + String(repeating: close, count: 100_000)
        let error = #expect(throws: ExpressionError.self) { try Expression(text, environment: Self.open) }
        #expect(error?.kind == .syntax)
    }

    @Test(
        "long rows of operators are no nesting",
        arguments: [
            (" + 1", "1", Value.int(100_001)), (" && true", "true", true), (" || false", "true", true),
            (" - 1", "100000", 0), (" * 1", "1", 1), (" == true", "true", true),
        ])
    func rows(link: String, first: String, expected: Value) throws {
        let text = first + String(repeating: link, count: 100_000)
        #expect(try Expression(text, environment: Self.open).value(in: ValueScope()) == expected)
        let unary = String(repeating: "!", count: 100_000) + "true"
        #expect(try Expression(unary, environment: Self.open).value(in: ValueScope()) == true)
        let negative = String(repeating: "-", count: 100_001) + "1"
        #expect(try Expression(negative, environment: Self.open).value(in: ValueScope()) == -1)
    }

    @Test(
        "what people nest is taken",
        arguments: [
            ("(", "1", ")", 200), ("[", "1", "]", 200), ("{1: ", "1", "}", 200), ("true ? 1 : ", "1", "", 200),
            ("size(", "''", ")", 1), ("[1].map(x, ", "x", ")", 100), ("cel.bind(x, 1, ", "x", ")", 200),
            ("1 + (", "1", ")", 120),
            ("true && (", "true", ")", 120), ("dyn(", "1", ")", 200),
        ])
    func depth(open: String, inner: String, close: String, count: Int) throws {
        let text = String(repeating: open, count: count) + inner + String(repeating: close, count: count)
        #expect(throws: Never.self) { try Expression(text).value(in: ValueScope()) }
    }

    @Test("a text has a longest length")
    func length() {
        let spaces = String(repeating: " ", count: Expression.maximumLength - 1)
        #expect(throws: Never.self) { try Expression(spaces + "1") }
        let error = #expect(throws: ExpressionError.self) { try Expression(spaces + " 1") }
        #expect(error?.kind == .syntax)
    }

    @Test("values do not nest without end")
    func valueDepth() throws {
        func wrapped(_ times: Int) -> String {
            let wrap = String(repeating: "[", count: 20) + "a" + String(repeating: "]", count: 20)
            return String(repeating: "cel.bind(a, \(wrap), ", count: times) + "a == a"
                + String(repeating: ")", count: times)
        }
        let source = "cel.bind(a, [1], \(wrapped(20)))"
        #expect(try evaluate(source) == true)
        let deep = #expect(throws: ExpressionError.self) { try evaluate("cel.bind(a, [1], \(wrapped(30)))") }
        #expect(deep?.kind == .budgetExceeded)
    }

    @Test("the budget ends an evaluation that costs too much")
    func budget() throws {
        let expression = try Expression(Array(repeating: "1", count: 100).joined(separator: " + "))
        var enough = EvaluationBudget(99)
        #expect(try expression.value(in: ValueScope(), budget: &enough) == 100)
        #expect(enough.left == 0)
        var short = EvaluationBudget(98)
        let error = #expect(throws: ExpressionError.self) { try expression.value(in: ValueScope(), budget: &short) }
        #expect(error?.kind == .budgetExceeded)
        #expect(error?.kind.code == "budget_exceeded")
    }

    @Test("texts, bytes and lists that double at each step do not fill the memory")
    func memory() {
        func doubling(_ first: String, _ step: String) -> String {
            "cel.bind(a, \(first), " + String(repeating: "cel.bind(a, \(step), ", count: 60) + "size(a)"
                + String(repeating: ")", count: 61)
        }
        for source in [
            doubling("'0123456789abcdef'", "a + a"), doubling("b'0123456789abcdef'", "a + a"),
            doubling("[1, 2]", "a + a"),
            doubling("'aaaa'", "a.replace('a', 'aa')"), doubling("'aaaa'", "[a, a].join(a)"),
            doubling("'a'", "'%s%s'.format([a, a])"),
            doubling("'aaaa'", "regex.replace(a, 'a', 'aa')"), doubling("[1]", "[a, a].flatten()"),
            doubling("'a'", "string(bytes(a)) + a"), doubling("'a'", "base64.encode(bytes(a)) + a"),
            doubling("[1]", "'%s'.format([[a, a]]).split('')"),
        ] {
            let error = #expect(throws: ExpressionError.self, "\(source.prefix(60))") {
                try evaluate(source, budget: 20_000)
            }
            #expect(error?.kind == .budgetExceeded, "\(source.prefix(60)): \(String(describing: error))")
        }
    }

    @Test("a value that is shared many times costs what it would be when it is written")
    func sharing() throws {
        let source =
            "cel.bind(a, [1, 2], " + String(repeating: "cel.bind(a, [a, a], ", count: 60) + "a"
            + String(repeating: ")", count: 61)
        var budget = EvaluationBudget()
        let value = try Expression(source).value(in: ValueScope(), budget: &budget)
        #expect(throws: ExpressionError.self) {
            var budget = EvaluationBudget()
            return try value.json(budget: &budget)
        }
        #expect(throws: ExpressionError.self) {
            var budget = EvaluationBudget()
            return try TypedValue.json(value, budget: &budget)
        }
        let shared = ValueScope(["big": .array(Array(repeating: 1, count: 1000))])
        let many = try Expression("lists.range(2000).map(x, big)")
        #expect(throws: ExpressionError.self) { try many.evaluate(in: shared) }
    }

    @Test("patterns cost by subject and pattern")
    func patterns() throws {
        let text = JSONValue.string(String(repeating: "a", count: 100_000))
        let source = "lists.range(300).all(x, !t.matches('(a|b|c|d|e|f|g|h)*x$'))"
        #expect(throws: Never.self) { try evaluate("!t.matches('(a|b|c|d|e|f|g|h)*x$')", ["t": text]) }
        let error = #expect(throws: ExpressionError.self) { try evaluate(source, ["t": text]) }
        #expect(error?.kind == .budgetExceeded)
    }

    @Test(
        "patterns that are made anew, and searches that read the rest of a text again, cost too",
        arguments: [
            "lists.range(10000).all(x, !'a'.matches('b{1,900}' + string(x)))",
            "lists.range(10000).exists(x, 'a'.matches('(((b{1,99}){1,99}){1,99}' + string(x)))",
            "regex.extractAll(t, 'a(.*b)?').size() > 0", "regex.replace(t, 'a(.*b)?', 'c') == ''",
        ])
    func searches(source: String) throws {
        let text = JSONValue.string(String(repeating: "a", count: 20_000))
        let error = #expect(throws: ExpressionError.self) { try evaluate(source, ["t": text], budget: 200_000) }
        #expect(error?.kind == .budgetExceeded)
    }
}
