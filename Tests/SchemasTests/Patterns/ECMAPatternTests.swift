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
        for text in matched { #expect(pattern.matches(text), "\(source) matches \(text.debugDescription)") }
        for text in refused { #expect(!pattern.matches(text), "\(source) does not match \(text.debugDescription)") }
    }

    @Test(
        "what is none, and no format regex either",
        arguments: [
            "^(abc]", "(", ")", "[", "a**", "+a", "?", "{2}", #"\a"#, #"^\S(|(.|\n)*\S)\Z"#, #"\"#, #"\c1"#, #"\x4"#,
            #"\u{110000}"#,
            #"\u12"#, "[b-a]", #"[\d-x]"#, "a{3,2}", "(?x)", "(?<1a>x)", #"\p{NoSuch}"#, #"\p"#, #"\01"#, "a++",
        ])
    func invalid(source: String) {
        #expect(!ECMAPattern.isValid(source))
        #expect(throws: ECMAPatternError.self) { try SchemaPattern(source) }
    }

    @Test(
        "what is right, but has no linear time",
        arguments: ["(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", #"(a)\1"#, #"(?<n>a)\k<n>"#, #"\p{Emoji}"#])
    func unsupported(source: String) throws {
        #expect(ECMAPattern.isValid(source))
        let error = try #require(throws: ECMAPatternError.self) { try SchemaPattern(source) }
        #expect(error.isUnsupported)
    }

    @Test("groups without end are refused, not followed")
    func deep() {
        #expect(throws: ECMAPatternError.self) {
            try SchemaPattern(String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000))
        }
    }

    @Test("what RE2 finds too large is refused with its reason")
    func large() throws {
        let error = try #require(throws: ECMAPatternError.self) { try SchemaPattern("a{1,2000}") }
        #expect(error.description.contains("a{1,2000}"))
    }
}
