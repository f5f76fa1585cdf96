import Expressions
import Testing

@Suite("Conversions")
struct ConversionTests {
    @Test(
        "what they give",
        arguments: [
            ("int('-12')", -12), ("int(2.9)", 2), ("int(-2.9)", -2), ("int(7u)", 7), ("int(5)", 5),
            ("int(timestamp('2009-02-13T23:31:30Z'))", 1_234_567_890), ("int('9223372036854775807')", .int(.max)),
            ("uint(1)", .uint(1)), ("uint('18446744073709551615')", .uint(.max)), ("uint(2.9)", .uint(2)),
            ("uint(3u)", .uint(3)), ("double(2)", 2.0), ("double(2u)", 2.0), ("double('1e3')", 1000.0),
            ("double('-inf')", .double(-.infinity)), ("double('NaN')", .double(.nan)), ("double(1.5)", 1.5),
            ("string(1)", "1"), ("string(1u)", "1"), ("string(2.0)", "2"), ("string(1.25)", "1.25"),
            ("string(1.5e300)", "1.5e+300"), ("string(-0.0045)", "-0.0045"), ("string(1e-7)", "1e-07"),
            ("string(1e20)", "100000000000000000000"), ("string(1e21)", "1e+21"), ("string(123456.789)", "123456.789"),
            ("string(true)", "true"), ("string('a')", "a"), ("string(b'\\xc3\\xbc')", "ü"),
            ("string(timestamp('2009-02-13T23:31:30.5Z'))", "2009-02-13T23:31:30.5Z"),
            ("string(duration('1h1m1.5s'))", "3661.5s"), ("string(duration('-1ms'))", "-0.001s"),
            ("bytes('ü')", .bytes([0xC3, 0xBC])), ("bytes('\\u00e9')", .bytes([0xC3, 0xA9])),
            ("bytes(b'a')", .bytes([97])),
            ("bool('true')", true), ("bool('t')", true), ("bool('1')", true), ("bool('TRUE')", true),
            ("bool('False')", false), ("bool('0')", false), ("bool(true)", true), ("dyn(1)", 1),
            ("dyn([1]) == [1]", true), ("timestamp(0) == timestamp('1970-01-01T00:00:00Z')", true),
        ] as [(String, Value)])
    func conversions(source: String, expected: Value) throws {
        let value = try evaluate(source)
        if case .double(let number) = expected, number.isNaN {
            guard case .double(let found) = value, found.isNaN else {
                Issue.record("\(value)")
                return
            }
        } else {
            #expect(value == expected)
        }
    }

    @Test("what they do not take")
    func refused() {
        expectFailure(
            .conversion,
            [
                "int('a')", "int('')", "int('1.5')", "int('0x1')", "int('9223372036854775808')", "uint('-1')",
                "uint('a')", "double('a')", "double('')", "double('1e999')", "bool('yes')", "bool('TrUe')", "bool('')",
                "string(b'\\xff')", "string(b'\\xc3')", "timestamp('a')", "duration('a')",
            ])
        expectFailure(
            .overflow,
            [
                "int(1e19)", "int(-1e19)", "int(9223372036854775808.0)", "int(0.0 / 0.0)", "int(18446744073709551615u)",
                "uint(-1)", "uint(-0.5)", "uint(18446744073709551616.0)", "uint(0.0 / 0.0)", "timestamp(253402300800)",
                "timestamp(-62135596801)",
            ])
        expectFailure(
            .noOverload,
            [
                "int(null)", "int([1])", "int(true)", "uint(true)", "double(true)", "string(null)", "string([1])",
                "string({})", "bytes(1)", "bool(1)", "timestamp(1.5)", "duration(1)", "int(b'1')",
                "int(duration('1s'))",
            ])
    }

    @Test("numbers as text read back as the same number")
    func numbers() throws {
        for number in [
            0.1, 1.0 / 3, 2.2250738585072014e-308, 1.7976931348623157e308, 123456789.125, 1e15, 1e16, 9.5e20, 0.0001,
            0.00012,
        ] {
            guard case .string(let text) = try evaluate("string(x)", values: ["x": .double(number)]) else {
                Issue.record("\(number)")
                continue
            }
            #expect(Double(text) == number, "\(text)")
        }
        for (number, text) in [(-0.0, "-0"), (Double.infinity, "Infinity"), (-.infinity, "-Infinity"), (100.0, "100")] {
            #expect(try evaluate("string(x)", values: ["x": .double(number)]) == .string(text))
        }
    }
}
