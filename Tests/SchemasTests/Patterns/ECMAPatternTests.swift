import Testing

@testable import Schemas

@Suite("Regular expressions of ECMA-262")
struct ECMAPatternTests {
    @Test(
        "what they match",
        arguments: [
            ("^abc$", ["abc"], ["abc\n", "xabc"]), (#"^\d$"#, ["0"], ["߀", "a"]), (#"^\D$"#, ["߀", "a"], ["0"]),
            (#"^\w$"#, ["a", "_", "9"], ["é", "-"]), (#"^\W$"#, ["é", "-", "{", "^"], ["a", "_"]),
            (
                #"^\s$"#, [" ", "\t", "\u{B}", "\u{C}", "\u{A0}", "\u{FEFF}", "\n", "\u{2028}", "\u{2003}"],
                ["\u{1}", "\u{2013}", "\u{200B}"]
            ),
            (#"^\S$"#, ["\u{1}", "\u{2013}", "a", "😀"], [" ", "\u{A0}", "\u{FEFF}", "\u{2029}"]),
            (#"^[\s\S]$"#, ["a", " ", "\n"], ["", "ab"]), (#"^[^\S]$"#, [" ", "\u{A0}"], ["a"]),
            (#"^[^\W\d]$"#, ["a", "_"], ["1", "-"]),
            (#"^\cC$"#, ["\u{3}"], ["c"]), (#"^\cc$"#, ["\u{3}"], ["\\cc"]),
            (#"^\t\v\f\n\r\0$"#, ["\t\u{B}\u{C}\n\r\0"], ["t"]),
            (#"^\x41\u0042\u{43}\ud83d\udc32$"#, ["ABC🐲"], ["abc"]), ("^🐲*$", ["", "🐲🐲"], ["🐉"]),
            (".", ["a", "😀"], ["\n", "\r", "\u{2028}", ""]), ("^[^]$", ["\n", "a"], [""]), ("[]", [], ["", "a"]),
            (#"\p{Letter}tang"#, ["étang"], ["9tang"]), (#"\wtang"#, ["etang"], ["étang"]),
            (#"^\p{digit}+$"#, ["42", "৪২"], ["x"]),
            (#"^\p{Script=Greek}+$"#, ["λόγος"], ["logos"]), (#"^\P{Lu}$"#, ["a"], ["A"]),
            (#"^[\p{L}\p{gc=Nd}]+$"#, ["é5"], ["-"]),
            (#"^\p{ASCII}$"#, ["a"], ["é"]), (#"^\P{ASCII}$"#, ["é"], ["a"]),
            (#"^(?<year>\d{4})-(?:\d{2})$"#, ["2026-01"], ["26-01"]),
            (#"^a{2,3}?b{1,}c{2}$"#, ["aabcc"], ["abcc"]), (#"^a{,2}$"#, ["a{,2}"], ["aa"]), (#"^x{$"#, ["x{"], ["x"]),
            (#"\bfoo\b"#, ["a foo b"], ["afoob"]), (#"^[\b]$"#, ["\u{8}"], ["b"]), (#"^[a\-z]$"#, ["-", "a"], ["b"]),
            (#"^[a-]$"#, ["-"], ["b"]), (#"^\/\-\@\_$"#, ["/-@_"], ["x"]), (#"^[\d-x]$"#, [], []),
            ("a|b|", ["a", "", "z"], []),
            (#"^(foo|bar)+$"#, ["foobar"], ["fo"]), (#"^[\w.]+$"#, ["a.b"], ["a-b"]), ("]}", ["]}"], ["]"]),
        ].filter { !$0.1.isEmpty || !$0.2.isEmpty })
    func matching(source: String, matched: [String], refused: [String]) throws {
        let pattern = try SchemaPattern(source)
        for text in matched { #expect(pattern.matches(text) == true, "\(source) matches \(text.debugDescription)") }
        for text in refused {
            #expect(pattern.matches(text) == false, "\(source) does not match \(text.debugDescription)")
        }
    }

    @Test(
        "what RE2 cannot do",
        arguments: [
            ("^a(?=b)", ["ab", "abc"], ["a", "ac", "b"]), ("^(?!foo)", ["fo", "bar", ""], ["foo", "food"]),
            ("^(?!.*secret).*$", ["open"], ["a secret", "secret"]),
            (#"^(?=.*\d)(?=.*[a-z]).{6,}$"#, ["abc123", "1a    "], ["abcdef", "123456", "a1"]),
            (#"(?<=\$)\d+$"#, ["$42", "a$1"], ["42", "$x42"]), (#"(?<!\$)\b\d+$"#, ["42", "a 42"], ["$42"]),
            ("(?<=ab*)c", ["ac", "abbc"], ["c", "bc"]), ("(?<=(a)(b))c", ["abc"], ["bc", "ac"]),
            (#"^(a|b)\1$"#, ["aa", "bb"], ["ab", "ba", "a"]), (#"^(?<q>['"]).*\k<q>$"#, ["'a'", "\"a'b\""], ["'a\""]),
            (#"^\1(a)$"#, ["a"], ["aa"]), (#"^(?:(a)|b)*\1$"#, ["aa", "ab"], ["b\u{0}"]),
            (#"^(a*)*b(?=$)"#, ["b", "aab"], ["a", "ba"]), (#"^(?:a?)*?(?=c)c$"#, ["c", "aac"], ["ab"]),
            (#"^(?=(\w+))\1:"#, ["abc:"], ["abc", ":"]), ("^(?:(?=a)a|b){2}$", ["ab", "ba", "aa"], ["ac", "a"]),
            (#"^\p{Emoji_Presentation}$"#, ["😀"], ["a", "1"]), (#"^\P{Uppercase}+$"#, ["abc"], ["aBc"]),
            (#"^\p{Alphabetic}$"#, ["é", "字"], ["1", "-"]), (#"^[^\p{White_Space}]$"#, ["a"], [" ", "\u{85}"]),
            (#"^\p{LC}$"#, ["a", "A"], ["字", "1"]), (#"^\P{LC}$"#, ["字"], ["a"]),
            (#"^\p{C}$"#, ["\u{0}", "\u{378}"], ["a"]),
            (#"^(?!x)\p{Script=Greek}$"#, ["λ"], ["l"]), ("^a{1,1500}$", ["a", "aaaa"], ["", "b"]),
            (#"^(?=[\w-]+$)(?!-)[^_]*$"#, ["a-b"], ["-a", "a_b", "a b"]), (".(?<!x)$", ["xa"], ["ax"]),
            (#"^(?!\s*$).+"#, ["a", " a"], ["", "  "]), ("(?:)(?=a)", ["ba"], ["b"]),
            (#"\Bb(?!c)"#, ["ab"], ["b", "abc"]),
        ])
    func backtracking(source: String, matched: [String], refused: [String]) throws {
        try matching(source: source, matched: matched, refused: refused)
    }

    @Test("a search that goes back ends when it has cost enough")
    func bounded() throws {
        let text = String(repeating: "a", count: 60)
        for source in ["^(?!x)(a+)+$", "(?=(a|aa)+$)", #"(?:(a*)*\1)*(?=b)"#] {
            var operations = 100_000
            #expect(try SchemaPattern(source).matches("\(text)!", operations: &operations) == nil, "\(source)")
        }
        let schema = try Schema(ExactJSON(parsing: #"{"pattern": "^(?!x)(a+)+$"}"#))
        #expect(try schema.accepts(ExactJSON(parsing: "\"\(text)\"")))
        let error = #expect(throws: EvaluationError.self) {
            _ = try schema.accepts(try ExactJSON(parsing: "\"\(text)!\""))
        }
        #expect(error?.code == .tooExpensive)
    }

    @Test(
        "what is none, and no format regex either",
        arguments: [
            "^(abc]", "(", ")", "[", "a**", "+a", "?", "{2}", #"\a"#, #"^\S(|(.|\n)*\S)\Z"#, #"\"#, #"\c1"#, #"\x4"#,
            #"\u{110000}"#,
            #"\u12"#, "[b-a]", #"[\d-x]"#, "a{3,2}", "(?x)", "(?<1a>x)", "(?<a>x)(?<a>y)", #"(a)\2"#,
            #"\k<n>"#, "(?a)", "(?<=a", #"\p{NoSuch}"#, #"\p"#, #"\01"#, "a++",
        ])
    func invalid(source: String) {
        #expect(!ECMAPattern.isValid(source))
        #expect(throws: ECMAPatternError.self) { try SchemaPattern(source) }
    }

    @Test("what is right, but has no table here")
    func unknown() throws {
        #expect(ECMAPattern.isValid(#"\p{Extended_Pictographic}"#))
        #expect(throws: ECMAPatternError.self) { try SchemaPattern(#"\p{Extended_Pictographic}"#) }
    }

    @Test("groups without end are refused, not followed")
    func deep() {
        #expect(throws: ECMAPatternError.self) {
            try SchemaPattern(String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000))
        }
    }

    @Test(
        "what is too large is refused with its reason", arguments: ["(?:a{1,900}){1,900}", "(?:(?:){900000}b){900000}"])
    func large(source: String) throws {
        let error = try #require(throws: ECMAPatternError.self) { try SchemaPattern(source) }
        #expect(error.description.contains(source))
    }
}

extension SchemaPattern {
    fileprivate func matches(_ text: String) -> Bool? {
        var operations = 1_000_000
        return matches(text, operations: &operations)
    }
}
