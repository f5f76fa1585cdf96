import Expressions
import JSON
import Testing

@Suite("Evaluating expressions")
struct ExpressionEvaluationTests {
    static let scope = ValueScope([
        "inputs": [
            "name": "Ada", "count": 3, "ratio": 0.5, "flag": true, "none": nil, "list": [1, 2, 3],
            "map": ["a b": 1, "nested": ["deep": "x"]],
        ]
    ])

    @Test(
        "values",
        arguments: [
            ("1", 1), ("-1", -1), ("0x1F", 31), ("1.5", 1.5), ("2e3", 2000.0), ("true", true), ("null", nil),
            ("'a\\n\"b'", "a\n\"b"), ("r'\\n'", "\\n"), ("\"\"\"a\n\"b\"\"\"", "a\n\"b"),
            ("'\\u00fc\\x41\\101'", "üAA"),
            ("-9223372036854775808", .int(.min)), ("9223372036854775807", .int(.max)),
            ("inputs.name", "Ada"), ("inputs['name']", "Ada"), ("inputs.list[1]", 2),
            ("inputs.list[inputs.count - 1]", 3),
            ("inputs.map['a b']", 1), ("inputs.map.nested.deep", "x"), ("[1, 2,]", [1, 2]),
            ("{'a': {'b': 1}}", ["a": ["b": 1]]),
            ("[1,2][0]", 1), ("{'a': 1}.a", 1), ("inputs // comment\n.name", "Ada"),
        ] as [(String, JSONValue)])
    func values(source: String, expected: JSONValue) throws {
        #expect(try Expression(source).evaluate(in: Self.scope) == expected)
    }

    @Test(
        "operators",
        arguments: [
            ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 / 2", 3), ("-7 / 2", -3), ("-7 % 3", -1), ("7.0 / 2.0", 3.5),
            ("1 - 2 - 3", -4),
            ("'a' + 'b'", "ab"), ("[1] + [2]", [1, 2]), ("- inputs.count", -3), ("--1", 1), ("!!true", true),
            ("1 < 2", true), ("2 <= 1", false), ("'a' < 'b'", true), ("'Z' < 'a'", true), ("false < true", true),
            ("1 == 1.0", true), ("1 < 1.5", true), ("9007199254740993 == 9007199254740992.0", false),
            ("9007199254740993 > 9007199254740992.0", true), ("9223372036854775807 < 9223372036854775808.0", true),
            ("1 == '1'", false), ("null == null", true), ("[1, 2.0] == [1.0, 2]", true),
            ("{'a': 1} == {'a': 1.0}", true),
            ("'é' == 'e\\u0301'", false), ("1 != 2", true),
            ("2 in [1, 2]", true), ("2.0 in [1, 2]", true), ("'a' in {'a': 1}", true), ("1 in {'a': 1}", false),
            ("true ? 1 : 2", 1), ("false ? 1 : true ? 2 : 3", 2), ("1 < 2 == true", true),
            ("inputs.flag && inputs.count > 2 || false", true),
        ] as [(String, JSONValue)])
    func operators(source: String, expected: JSONValue) throws {
        #expect(try Expression(source).evaluate(in: Self.scope) == expected)
    }

    @Test(
        "an operand that decides hides the error of the other",
        arguments: [
            ("true || 1 / 0 == 1", true), ("1 / 0 == 1 || true", true), ("false && 1 / 0 == 1", false),
            ("1 / 0 == 1 && false", false), ("inputs.missing || true", true),
        ] as [(String, JSONValue)])
    func logic(source: String, expected: JSONValue) throws {
        #expect(try Expression(source).evaluate(in: Self.scope) == expected)
    }

    @Test(
        "functions",
        arguments: [
            ("size('äb')", 2), ("size([1,2])", 2), ("inputs.map.size()", 2), ("string(1)", "1"), ("string(2.0)", "2"),
            ("string(1.25)", "1.25"), ("string(true)", "true"), ("string('a')", "a"), ("int('-12')", -12),
            ("int(2.9)", 2),
            ("int(-2.9)", -2), ("double(2)", 2.0), ("double('1e3')", 1000.0), ("bool('true')", true),
            ("'abc'.contains('bc')", true),
            ("'abc'.startsWith('b')", false), ("'abc'.endsWith('bc')", true), ("'abc'.contains('')", true),
            ("has(inputs.name)", true), ("has(inputs.missing)", false), ("has(inputs.map.nested.deep)", true),
            ("has({'a': 1}.b)", false), ("has(nothing.at)", false),
        ] as [(String, JSONValue)])
    func functions(source: String, expected: JSONValue) throws {
        #expect(try Expression(source).evaluate(in: Self.scope) == expected)
    }

    @Test(
        "what fails, how and where",
        arguments: [
            ("inputs.missing", ExpressionError.Kind.noSuchKey, 8), ("other.name", .noSuchKey, 1),
            ("inputs.list[3]", .indexOutOfRange, 12),
            ("inputs.list[-1]", .indexOutOfRange, 12), ("inputs.name.first", .noOverload, 13),
            ("1 + 'a'", .noOverload, 3),
            ("1 + 1.0", .noOverload, 3), ("1 < 'a'", .noOverload, 3), ("1 / 0", .divisionByZero, 3),
            ("1 % 0", .divisionByZero, 3),
            ("9223372036854775807 + 1", .overflow, 21), ("-(-9223372036854775808)", .overflow, 1),
            ("-9223372036854775808 / -1", .overflow, 22), ("int('a')", .conversion, 1), ("int(1e30)", .overflow, 1),
            ("size(1)", .noOverload, 1), ("1 && true", .noOverload, 3), ("true && 1", .noOverload, 6),
            ("1 ? 2 : 3", .noOverload, 3),
            ("!1", .noOverload, 1), ("has(inputs.name.a.b)", .noOverload, 17), ("inputs.none.x", .noOverload, 13),
            ("1 in 2", .noOverload, 3), ("1 / 0 == 1 || false", .divisionByZero, 3),
        ])
    func failures(source: String, kind: ExpressionError.Kind, column: Int) throws {
        let expression = try Expression(source)
        let error = try #require(throws: ExpressionError.self) { try expression.evaluate(in: Self.scope) }
        #expect(error.kind == kind, "\(error)")
        #expect(error.column == column, "\(error)")
    }

    @Test("the budget ends an evaluation that costs too much")
    func budget() throws {
        let expression = try Expression(Array(repeating: "1", count: 100).joined(separator: " + "))
        var enough = EvaluationBudget(99)
        #expect(try expression.evaluate(in: Self.scope, budget: &enough) == 100)
        #expect(enough.left == 0)
        var short = EvaluationBudget(98)
        let error = try #require(throws: ExpressionError.self) {
            try expression.evaluate(in: Self.scope, budget: &short)
        }
        #expect(error.kind == .budgetExceeded)
    }
}
