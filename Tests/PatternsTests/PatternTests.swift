import Patterns
import Testing

@Suite("Patterns")
struct PatternTests {
    @Test(
        "matching anywhere and whole",
        arguments: [
            ("b+", "abbc", true, false), ("^abbc$", "abbc", true, true), ("a.c", "aéc", true, true),
            ("", "", true, true), ("", "x", true, false), ("x", "", false, false), ("(?i)ÄB", "äb", true, true),
            ("\\d{3}", "a12", false, false), ("a\\z", "a\n", false, false), ("[^a]", "é", true, true),
            ("a|ab", "ab", true, true), ("^$", "", true, true),
        ])
    func matching(source: String, subject: String, anywhere: Bool, whole: Bool) throws {
        let pattern = try Pattern(source)
        #expect(pattern.matches(subject) == anywhere)
        #expect(pattern.matchesWhole(subject) == whole)
    }

    @Test("case can be ignored")
    func ignoringCase() throws {
        #expect(try Pattern("abc", ignoringCase: true).matches("xABCx"))
        #expect(try !Pattern("abc").matches("xABCx"))
    }

    @Test(
        "refused patterns, with the place of the fault",
        arguments: [
            ("a(b", 0, 3), ("a[b", 1, 2), ("ab**", 2, 2), ("é\\8", 2, 2), ("(?<n", 0, 3), ("a{2,1}", 1, 5),
            ("(?=a)", 0, 3), ("(a)\\1", 3, 2),
        ])
    func refused(source: String, offset: Int, length: Int) throws {
        let error = try #require(throws: PatternError.self) { try Pattern(source) }
        #expect(!error.message.isEmpty)
        #expect(error.offset == offset, "\(error)")
        #expect(error.length == length, "\(error)")
    }

    @Test("a pattern that needs too much memory is refused")
    func memory() throws {
        let source = "((a{100}){10}){10}"
        #expect(throws: PatternError.self) { try Pattern(source, memory: 64 << 10) }
        #expect(try Pattern("(a{100}){2}").matches(String(repeating: "a", count: 200)))
    }

    @Test("groups are offsets in UTF-8")
    func groups() throws {
        let match = try #require(try Pattern("(é)(x)?(\\w+)").firstMatch(in: "aébc"))
        #expect(match == PatternMatch(range: 1..<5, groups: [1..<3, nil, 3..<5]))
        #expect(try Pattern("a").firstMatch(in: "a", from: 1) == nil)
        #expect(try Pattern("a").firstMatch(in: "a", from: 9) == nil)
    }

    @Test(
        "matches follow one another",
        arguments: [
            ("a", "banana", [1..<2, 3..<4, 5..<6]), ("", "é1", [0..<0, 2..<2, 3..<3]),
            ("a*", "baac", [0..<0, 1..<3, 4..<4]), ("^a", "aa", [0..<1]), ("x", "", []), ("$", "", [0..<0]),
        ])
    func sequence(source: String, subject: String, expected: [Range<Int>]) throws {
        #expect(try Pattern(source).allMatches(in: subject).map(\.range) == expected)
    }

    @Test("the number of matches is limited")
    func limit() throws {
        #expect(try Pattern("a").allMatches(in: "aaaa", limit: 2).count == 2)
        #expect(try Pattern("a").allMatches(in: "aaaa", limit: 0).isEmpty)
    }

    @Test("nested repetition against a long subject ends: there is no backtracking")
    func linear() throws {
        let subject = String(repeating: "a", count: 50_000) + "!"
        #expect(try !Pattern("^(a+)+$").matches(subject))
        #expect(try !Pattern("(x+x+)+y").matches(String(repeating: "x", count: 50_000)))
    }

    @Test("one pattern matches on many threads")
    func threads() async throws {
        let pattern = try Pattern("^a(\\d+)z$")
        let hits = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { pattern.firstMatch(in: "a\(number)z")?.groups == [1..<1 + "\(number)".utf8.count] }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(hits == 200)
    }
}
