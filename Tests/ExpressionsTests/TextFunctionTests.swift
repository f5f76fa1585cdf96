import Expressions
import Testing

@Suite("Functions of texts")
struct TextFunctionTests {
    @Test("of the language")
    func core() {
        expectTrue([
            "size('') == 0", "size('é') == 1", "size('e\\u0301') == 2", "size('😀ü') == 2", "'abc'.size() == 3",
            "size(b'\\xff\\x00') == 2", "size([1, 2]) == 2", "size({'a': 1}) == 1", "{}.size() == 0",
            "'abc'.contains('bc')", "'abc'.contains('')", "!''.contains('a')", "!'abc'.contains('ac')",
            "'aaab'.contains('aab')", "'abc'.startsWith('ab')", "!'abc'.startsWith('b')", "'abc'.endsWith('bc')",
            "'abc'.endsWith('')", "!'bc'.endsWith('abc')", "'é'.endsWith('é')", "!'e\\u0301'.contains('é')",
            "'abc'.matches('b')", "!'abc'.matches('^b')", "'abc'.matches('^a.c$')", "matches('ab12', '[0-9]+')",
            "'äb'.matches('^.b$')", "['a+', 'b+'].all(p, 'ab'.matches(p))", "'\\n'.matches('\\\\s')",
        ])
        expectFailure(
            .noOverload, ["size(1)", "size(null)", "'a'.contains(1)", "(1).startsWith('1')", "matches(1, '1')"])
        expectFailure(.conversion, ["'a'.matches('(')", "'a'.matches('(?=a)')"])
        expectTrue(["true || 'a'.matches('(')"])
    }

    @Test("positions")
    func positions() {
        expectTrue([
            "'tacocat'.charAt(3) == 'o'", "'tacocat'.charAt(7) == ''", "'©αT'.charAt(1) == 'α'",
            "'tacocat'.indexOf('') == 0", "'tacocat'.indexOf('ac') == 1", "'tacocat'.indexOf('none') == -1",
            "'tacocat'.indexOf('', 3) == 3", "'tacocat'.indexOf('a', 3) == 5", "'tacocat'.indexOf('at', 3) == 5",
            "'ta©o©αT'.indexOf('©') == 2", "'ta©o©αT'.indexOf('©', 3) == 4", "'tacocat'.indexOf('tacocats') == -1",
            "'tacocat'.lastIndexOf('at') == 5", "'tacocat'.lastIndexOf('none') == -1", "'tacocat'.lastIndexOf('') == 7",
            "'tacocat'.lastIndexOf('a', 3) == 1", "'tacocat'.lastIndexOf('', 3) == 3",
            "'tacocat'.lastIndexOf('t', 0) == 0",
            "'ta©o©αT'.lastIndexOf('©') == 4", "'ta©o©αT'.lastIndexOf('©', 3) == 2", "'aaa'.lastIndexOf('aa', 2) == 1",
            "'tacocat'.substring(4) == 'cat'", "'tacocat'.substring(7) == ''", "'tacocat'.substring(0, 4) == 'taco'",
            "'tacocat'.substring(4, 4) == ''", "'ta©o©αT'.substring(2, 6) == '©o©α'", "'abc'.reverse() == 'cba'",
            "'©α'.reverse() == 'α©'", "''.reverse() == ''", "'tacocat'.indexOf('a', 30) == -1",
            "'tacocat'.indexOf('', 30) == -1", "'tacocat'.indexOf('', 7) == 7", "'tacocat'.indexOf('t', 7) == -1",
            "'tacocat'.lastIndexOf('a', 30) == -1", "'tacocat'.lastIndexOf('', 8) == -1",
            "'tacocat'.lastIndexOf('', 7) == 7",
        ])
        expectFailure(
            .indexOutOfRange,
            [
                "'tacocat'.charAt(30)", "'tacocat'.charAt(-1)", "'tacocat'.indexOf('', -1)",
                "'tacocat'.indexOf('a', -1)", "'tacocat'.lastIndexOf('', -1)",
                "'tacocat'.lastIndexOf('a', -1)", "'tacocat'.substring(40)",
                "'tacocat'.substring(-1)", "'tacocat'.substring(1, 50)", "'tacocat'.substring(4, 3)",
            ])
        expectFailure(.noOverload, ["'a'.charAt('a')", "(1).charAt(1)", "'a'.indexOf(1)", "'a'.substring(1u)"])
    }

    @Test("pieces")
    func pieces() {
        expectTrue([
            "['a', 'b'].join() == 'ab'", "['a', 'b'].join(', ') == 'a, b'", "[].join('-') == ''",
            "['x'].join('-') == 'x'",
            "'a b c'.split(' ') == ['a', 'b', 'c']", "'a b c'.split(' ', 0) == []",
            "'a b c'.split(' ', 1) == ['a b c']",
            "'a b c'.split(' ', 2) == ['a', 'b c']", "'a b c'.split(' ', -1) == ['a', 'b', 'c']",
            "'abc'.split('') == ['a', 'b', 'c']",
            "'abc'.split('', 2) == ['a', 'bc']", "''.split(',') == ['']", "','.split(',') == ['', '']",
            "'a'.split('aa') == ['a']",
            "'12 days'.replace('{0}', '2') == '12 days'", "'hello hello'.replace('he', 'we') == 'wello wello'",
            "'hello hello'.replace('he', 'we', 1) == 'wello hello'", "'hello'.replace('l', 'L', 0) == 'hello'",
            "'hello'.replace('l', '', -1) == 'heo'", "'ab'.replace('', '_') == '_a_b_'",
            "'ab'.replace('', '_', 1) == '_ab'",
            "'aaa'.replace('aa', 'b') == 'ba'", "'üä'.replace('', '-') == '-ü-ä-'", "'üä'.split('') == ['ü', 'ä']",
            "''.replace('', 'x') == 'x'", "''.split('') == []", "'TacoCÆt Xii'.lowerAscii() == 'tacocÆt xii'",
            "'TacoCæt Xii'.upperAscii() == 'TACOCæT XII'", "' \\f\\n\\r\\t\\vtext  '.trim() == 'text'",
            "'\\u0085\\u00a0\\u1680\\u2000\\u200a\\u2028\\u202f\\u205f\\u3000text'.trim() == 'text'",
            "'\\u180e\\u200b\\u2060\\ufefftext\\u200b'.trim() == '\\u180e\\u200b\\u2060\\ufefftext\\u200b'",
            "'  '.trim() == ''",
            "strings.quote('a\\n\"b\\\\') == '\"a\\\\n\\\\\"b\\\\\\\\\"'", "strings.quote('ü') == '\"ü\"'",
        ])
        expectFailure(
            .noOverload, ["[1].join()", "['a'].join(1)", "'a'.split(1)", "'a'.replace('a', 1)", "'a'.split('a', 'b')"])
    }

    @Test(
        "format",
        arguments: [
            ("'no'.format([])", "no"), ("'%%'.format([])", "%"), ("'%s and %s'.format(['a', 1])", "a and 1"),
            ("'%s'.format([2.71])", "2.71"), ("'%s'.format([1.0])", "1"), ("'%s'.format([true])", "true"),
            ("'%s'.format([null])", "null"), ("'%s'.format([b'xyz'])", "xyz"), ("'%s'.format([int])", "int"),
            ("'%s'.format([0.0 / 0.0])", "NaN"), ("'%s'.format([-1.0 / 0.0])", "-Infinity"),
            ("'%s'.format([timestamp('2023-02-03T23:31:20Z')])", "2023-02-03T23:31:20Z"),
            ("'%s'.format([duration('1h45m47s')])", "6347s"),
            ("'%s'.format([['abc', 3.14, null, [9, 8]]])", "[abc, 3.14, null, [9, 8]]"),
            ("'%s'.format([{'b': 1, 'a': [2], 4: true}])", "{4: true, a: [2], b: 1}"), ("'%d'.format([-42])", "-42"),
            ("'%d'.format([42u])", "42"), ("'%.3f'.format([1.2345])", "1.234"),
            ("'%f'.format([10000.1234])", "10000.123400"),
            ("'%.0f'.format([2.5])", "2"), ("'%f'.format([1.0 / 0.0])", "Infinity"),
            ("'%.6e'.format([1052.032911275])", "1.052033e+03"),
            ("'%e'.format([0.0])", "0.000000e+00"), ("'%b'.format([-5])", "-101"), ("'%b'.format([true])", "1"),
            ("'%b'.format([5u])", "101"), ("'%o'.format([11])", "13"), ("'%x'.format([30])", "1e"),
            ("'%X'.format([30u])", "1E"),
            ("'%x'.format([-30])", "-1e"), ("'%x'.format(['Hello'])", "48656c6c6f"),
            ("'%X'.format([b'byte \\xff'])", "6279746520FF"),
            ("'%s'.format([1e21])", "1000000000000000000000"), ("'%d'.format([1.5e22])", "15000000000000000000000"),
            ("'%s'.format([0.00001])", "0.00001"), ("'%d'.format([-2.5e-7])", "-0.00000025"),
            ("'%s'.format([duration('1.5s')])", "1.5s"), ("'%s'.format([duration('-90m')])", "-5400s"),
            ("'%s'.format([duration('1000000000.123456789s')])", "1000000000.1234568s"),
            ("'%s'.format([duration('1ns')])", "0.000000001s"),
            ("'%s'.format([b'a\\xff\\xfe\\xc3b\\xf0\\x9f\\x98c'])", "a\u{FFFD}b\u{FFFD}c"),
            ("'%s'.format([b'\\xef\\xbf\\xbd\\xef\\xbf\\xbd'])", "\u{FFFD}\u{FFFD}"),
            ("'%s %d%%'.format(['ü', 5])", "ü 5%"), ("'%.10f'.format([1])", "1.0000000000"),
        ])
    func format(source: String, expected: String) throws {
        #expect(try evaluate(source) == .string(expected))
    }

    @Test("formats that are wrong")
    func wrongFormats() {
        expectFailure(
            .conversion,
            [
                "'%'.format([1])", "'%a'.format([1])", "'%s %s'.format([1])", "'%d'.format(['a'])",
                "'%f'.format(['a'])",
                "'%x'.format([1.5])", "'%b'.format(['a'])", "'%o'.format([true])", "'%.f'.format([1.5])",
                "'%.1001f'.format([1.5])", "'%.5'.format([1.5])",
            ])
        expectFailure(.noOverload, ["'%s'.format('a')", "(1).format([])"])
    }

    @Test("encoders and patterns")
    func coding() {
        expectTrue([
            "base64.encode(b'hello') == 'aGVsbG8='", "base64.encode(b'') == ''",
            "base64.encode(b'\\xff\\xfe') == '//4='",
            "base64.encode(b'abc') == 'YWJj'", "base64.decode('aGVsbG8=') == b'hello'",
            "base64.decode('aGVsbG8') == b'hello'",
            "base64.decode('') == b''", "base64.decode('//4=') == b'\\xff\\xfe'",
            "json.encode(['a', 1, 2u, 2.5, true, null]) == '[\"a\",1,2,2.5,true,null]'",
            "json.encode({'b': {}, 'a': [], '\\n': b'\\xff'}) == '{\"\\\\n\":\"/w==\",\"a\":[],\"b\":{}}'",
            "json.encode([9007199254740991, 9007199254740992, -9007199254740992, 9007199254740992u])"
                + " == '[9007199254740991,\"9007199254740992\",\"-9007199254740992\",\"9007199254740992\"]'",
            "json.encode([0.0 / 0.0, -1.0 / 0.0, 1e21]) == '[\"NaN\",\"-Infinity\",1e+21]'",
            "json.encode([timestamp(0), duration('1.5s')]) == '[\"1970-01-01T00:00:00Z\",\"1.500s\"]'",
            "regex.replace('banana', 'a', 'x') == 'bxnxnx'", "regex.replace('banana', 'a', 'x', 1) == 'bxnana'",
            "regex.replace('ab cd', '(\\\\w)(\\\\w)', '\\\\2\\\\1') == 'ba dc'",
            "regex.replace('a', 'a', '\\\\\\\\') == '\\\\'",
            "regex.replace('ü1', '[0-9]', '') == 'ü'", "regex.extract('a12b3', '[0-9]+').value() == '12'",
            "regex.extract('k=v', '=(\\\\w)').value() == 'v'", "!regex.extract('x', '[0-9]').hasValue()",
            "regex.extractAll('a1b22', '[0-9]+') == ['1', '22']", "regex.extractAll('x', 'y') == []",
        ])
        expectFailure(
            .conversion,
            [
                "json.encode({1: 2})", "json.encode([int])", "json.encode(optional.of(1))", "base64.decode('a')",
                "base64.decode('a*==')", "base64.decode('YQ=a')", "regex.replace('a', '(', '')",
                "regex.replace('a', 'a', '\\\\1')", "regex.replace('a', 'a', '\\\\')", "regex.extract('a', '(a)(b)')",
            ])
        expectFailure(.noOverload, ["base64.encode('a')", "base64.decode(b'a')", "regex.extract(1, '1')"])
    }
}
