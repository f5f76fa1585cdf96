import Expressions
import Testing

@Suite("Literals")
struct LiteralTests {
    @Test(
        "numbers",
        arguments: [
            ("0", 0), ("42", 42), ("0x1F", 31), ("0XaB", 171), ("-0x10", -16), ("7u", .uint(7)), ("0xFFu", .uint(255)),
            ("7U", .uint(7)), ("18446744073709551615u", .uint(.max)), ("9223372036854775807", .int(.max)),
            ("-9223372036854775808", .int(.min)), ("-0x8000000000000000", .int(.min)), ("1.5", 1.5), (".5", 0.5),
            ("-.5e1", -5.0), ("1e3", 1000.0), ("1E+2", 100.0), ("2.5e-3", 0.0025), ("--1", 1), ("---1", -1),
            ("-(1)", -1), ("- 1", -1), ("-0.0", .double(-0.0)), ("1 -1", 0), ("1--1", 2),
        ] as [(String, Value)])
    func numbers(source: String, expected: Value) throws {
        #expect(try evaluate(source) == expected)
    }

    @Test(
        "strings",
        arguments: [
            ("'a'", "a"), ("\"a'b\"", "a'b"), ("'a\"b'", "a\"b"), ("''", ""), ("'''a'b''c'''", "a'b''c"),
            ("\"\"\"a\n\"b\"\"\"", "a\n\"b"), ("r'\\n'", "\\n"), ("R\"\\\"", "\\"), ("r'''a\\'b'''", "a\\'b"),
            ("'\\a\\b\\f\\n\\r\\t\\v'", "\u{7}\u{8}\u{C}\n\r\t\u{B}"), ("'\\\\\\?\\\"\\'\\`'", "\\?\"'`"),
            ("'\\x41\\X42'", "AB"), ("'\\xff'", "\u{FF}"), ("'\\377\\101'", "\u{FF}A"), ("'\\u00fc\\U0001F600'", "ü😀"),
            ("'\\u0000'", "\0"), ("'ü😀'", "ü😀"), ("'\\\\u00fc'", "\\u00fc"),
        ] as [(String, String)])
    func strings(source: String, expected: String) throws {
        let value = try evaluate(source)
        guard case .string(let text) = value else {
            Issue.record("\(value)")
            return
        }
        #expect(Array(text.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test(
        "bytes",
        arguments: [
            ("b'abc'", [97, 98, 99]), ("B\"\"", []), ("b'\\xff'", [255]), ("b'\\377'", [255]),
            ("b'ü'", [0xC3, 0xBC]), ("b'\\n'", [10]), ("br'\\n'", [92, 110]), ("Rb'\\x'", [92, 120]),
            ("b'''a\n'''", [97, 10]), ("b'\\000\\x00'", [0, 0]),
        ] as [(String, [UInt8])])
    func bytes(source: String, expected: [UInt8]) throws {
        #expect(try evaluate(source) == .bytes(expected))
    }

    @Test("lists, maps and other values")
    func others() throws {
        #expect(try evaluate("[1, 'a', null, [true],]") == [1, "a", nil, [true]])
        #expect(try evaluate("[]") == [])
        #expect(try evaluate("[,]") == [])
        #expect(try evaluate("{,}") == .map(MapValue()))
        #expect(try evaluate("{}") == .map(MapValue()))
        let map = try #require(MapValue([(1, "i"), (.uint(2), "u"), (true, "b"), ("s", 2.5)]))
        #expect(try evaluate("{1: 'i', 2u: 'u', true: 'b', 's': 2.5,}") == .map(map))
        #expect(try evaluate("null") == nil)
        #expect(try evaluate("// first\n true // last") == true)
        #expect(try evaluate("1 +\n\t\r\u{C} 1") == 2)
    }

    @Test("maps whose keys are wrong")
    func keys() {
        expectFailure(
            .invalidKey,
            [
                "{1.0: 'a'}", "{null: 1}", "{[1]: 1}", "{b'a': 1}", "{'a': 1, 'a': 2}", "{1: 1, 1u: 2}",
                "{true: 1, true: 2}", "{timestamp(0): 1}",
            ])
    }

    @Test("what is no literal, and where")
    func refused() {
        let table: [(String, Int, Int)] = [
            ("9223372036854775808", 1, 1), ("-9223372036854775809", 1, 1), ("18446744073709551616u", 1, 1),
            ("0x", 1, 1), ("1e", 1, 1), ("1e999", 1, 1), ("1.5u", 1, 1), ("1x", 1, 1), ("0xg", 1, 1), ("'a", 1, 1),
            ("'a\nb'", 1, 1), ("'''a", 1, 1), ("'\\q'", 1, 2), ("'\\ud800'", 1, 2), ("'\\ud83d\\ude03'", 1, 2),
            ("'\\U0000D83D'", 1, 2), ("'\\U00110000'", 1, 2),
            ("'\\u12'", 1, 2), ("'\\x4'", 1, 2), ("'\\400'", 1, 2), ("b'\\u0041'", 1, 3), ("1 +\n  '\\z'", 2, 4),
            ("'ü' + '\\z'", 1, 8), ("`a`", 1, 1), ("1.", 1, 3),
        ]
        for (source, line, column) in table {
            let error = #expect(throws: ExpressionError.self, "\(source)") { try Expression(source) }
            #expect(error?.kind == .syntax, "\(source)")
            #expect([error?.line, error?.column] == [line, column], "\(source): \(String(describing: error))")
        }
    }
}
