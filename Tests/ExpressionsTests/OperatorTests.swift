import Expressions
import Testing

@Suite("Operators")
struct OperatorTests {
    @Test(
        "arithmetic",
        arguments: [
            ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("1 - 2 - 3", -4), ("2 * 3 % 4", 2), ("7 / 2", 3), ("-7 / 2", -3),
            ("7 % -2", 1), ("-7 % 3", -1), ("7u / 2u", .uint(3)), ("7u % 4u", .uint(3)), ("3u - 2u", .uint(1)),
            ("7.0 / 2.0", 3.5), ("1.0 / 0.0", .double(.infinity)), ("-1.0 / 0.0", .double(-.infinity)),
            ("0.1 + 0.2", 0.30000000000000004), ("'a' + 'b'", "ab"), ("b'a' + b'\\xff'", .bytes([97, 255])),
            ("[1] + ['b']", [1, "b"]), ("-(2.5)", -2.5), ("8 / 2 / 2", 2), ("10 - 2 * 3 + 1", 5),
            ("true ? 1 : 2", 1), ("false ? 1 : true ? 2 : 3", 2), ("(false ? 1 : 2) + 1", 3),
        ] as [(String, Value)])
    func arithmetic(source: String, expected: Value) throws {
        #expect(try evaluate(source) == expected)
    }

    @Test("comparisons and equality that hold")
    func comparisons() {
        expectTrue([
            "1 == 1.0", "1u == 1", "1 == 1u", "1.0 == 1u", "[1, 1u, 1.0] == [1.0, 1, 1u]", "{1: 'a'} == {1u: 'a'}",
            "{'a': 1} == {'a': 1.0}", "1 != 'a'", "!(1 == 'a')", "null == null", "null != 0", "[] == []",
            "[1] != [1, 2]",
            "{} == {}", "{'a': 1} != {'b': 1}", "0.0 / 0.0 != 0.0 / 0.0", "!([0.0 / 0.0] == [0.0 / 0.0])",
            "b'a' == b'a'", "b'a' != 'a'", "int == int", "type(1) == int", "type(1) != uint", "true != false",
            "'é' != 'e\\u0301'", "duration('60s') == duration('1m')",
            "timestamp('2009-02-13T23:31:30Z') == timestamp(1234567890)",
            "1 < 2", "1 < 1.5", "2u > 1", "1 < 2u", "-1 < 0u", "1u < 1.5", "2.5 > 2u", "1 <= 1.0", "1.0 >= 1u",
            "9007199254740993 == 9007199254740992.0", "!(9007199254740993 > 9007199254740992.0)",
            "9223372036854775807 == 9223372036854775808.0", "!(18446744073709551615u < 18446744073709551616.0)",
            "9007199254740995 > 9007199254740992.0", "9223372036854775807 < 9223372036854777856.0",
            "18446744073709551615u in [18446744073709551616.0]", "!(9007199254740992.0 in {9007199254740993: 1})",
            "18446744073709551615u > 9223372036854775807", "-9223372036854775808 == -9223372036854775808.0",
            "!(0.0 / 0.0 < 1.0)", "!(1 >= 0.0 / 0.0)", "-1.0 / 0.0 < -9223372036854775808", "1.0 / 0.0 > 1u",
            "'a' < 'b'", "'Z' < 'a'", "'' < 'a'", "'a' < 'aa'", "'\\uFFFF' < '\\U00010000'", "false < true",
            "b'a' < b'b'", "b'' < b'\\x00'", "b'\\x80' > b'\\x7f'", "'b' >= 'a'",
            "duration('1s') < duration('2s')", "timestamp(1) > timestamp(0)", "1 < 2 == true",
        ])
    }

    @Test("membership")
    func membership() {
        expectTrue([
            "1 in [1, 2]", "1.0 in [1]", "1u in [2, 1]", "!('a' in [1])", "'a' in {'a': 1}", "!('b' in {'a': 1})",
            "1u in {1: 'x'}", "1.0 in {1: 'x'}", "!(1.5 in {1: 'x'})", "true in {true: 1}", "!(null in {'a': 1})",
            "[1] in [[1.0]]", "!(1 in [])", "null in [null]", "18446744073709551615u in {18446744073709551615u: 1}",
        ])
        expectFailure(.noOverload, ["1 in 1", "'a' in 'abc'", "1 in null"])
    }

    @Test("no operator for these types")
    func overloads() {
        expectFailure(
            .noOverload,
            [
                "1 + 1.0", "1 + 1u", "1 + 'a'", "'a' - 'a'", "1.5 % 1.0", "-1u", "-'a'", "!1", "[1] - [1]",
                "null + null",
                "1 < 'a'", "[1] < [2]", "null < null", "{} + {}", "1 && true", "true && 1", "1 || false", "1 ? 2 : 3",
                "'a' * 2", "int < uint", "timestamp(0) + timestamp(0)", "duration('1s') - timestamp(0)", "true + true",
                "{'a': 1} < {'a': 2}", "duration('1s') * 2",
            ])
    }

    @Test("integers that overflow")
    func overflow() {
        expectFailure(
            .overflow,
            [
                "9223372036854775807 + 1", "-9223372036854775808 - 1", "9223372036854775807 * 2",
                "-9223372036854775808 / -1", "-9223372036854775808 % -1", "-(-9223372036854775808)",
                "--9223372036854775808",
                "18446744073709551615u + 1u", "0u - 1u", "18446744073709551615u * 2u",
            ])
        expectFailure(.divisionByZero, ["1 / 0", "1 % 0", "1u / 0u", "1u % 0u"])
    }

    @Test("an operand that decides hides the errors of the others")
    func absorption() {
        expectTrue([
            "true || 1 / 0 == 1", "1 / 0 == 1 || true", "!(false && 1 / 0 == 1)", "!(1 / 0 == 1 && false)",
            "1 / 0 == 1 || 2 / 0 == 1 || true", "!(1 / 0 == 1 && true && false)", "'a' || true", "!(1 && false)",
            "true || {}.a", "[1, 0].exists(x, 1 / x == 1)", "[0, 1].exists(x, 1 / x == 1)",
            "![0, 2].all(x, 1 / x == 1)", "cel.bind(x, 1 / 0, true || x == 1)", "cel.bind(x, 1 / 0, true)",
        ])
        expectFailure(
            .divisionByZero,
            [
                "1 / 0 == 1 || false", "true && 1 / 0 == 1", "1 / 0 == 1 && true", "1 / 0 == 1 ? 1 : 2",
                "true ? 1 / 0 : 1", "[0, 2].exists(x, 1 / x == 1)", "[0, 1].all(x, 1 / x == 1)", "[1 / 0]",
                "[1 / 0].size() == 1", "cel.bind(x, 1 / 0, x)",
            ])
    }

    @Test("errors tell where the operator stands")
    func places() {
        for (source, line, column) in [
            ("1 + 'a'", 1, 3), ("1 +\n 2 / 0", 2, 4), ("true && 1", 1, 6), ("1 ? 2 : 3", 1, 3), ("'ü' - 1", 1, 5),
            ("[1][3]", 1, 4), ("{'a': 1}.b", 1, 10), ("size(1)", 1, 1), ("'a'.size(), 1", 1, 11),
        ] {
            let error = #expect(throws: ExpressionError.self) { try evaluate(source) }
            #expect([error?.line, error?.column] == [line, column], "\(source): \(String(describing: error))")
        }
    }
}
