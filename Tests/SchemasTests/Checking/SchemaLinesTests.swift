import Schemas
import Testing

@Suite("Checking line by line")
struct SchemaLinesTests {
    private func answers(_ lines: [String], options: SchemaOptions = SchemaOptions()) -> (
        texts: [String?], compiled: Int
    ) {
        let documents = ["http://h.test/a.json": ExactJSON.bool(false)]
        var checker = SchemaLines(resources: KnownResources(documents), options: options)
        let texts = lines.map { line in
            checker.answer(Array(line.utf8)).map { String(decoding: $0, as: UTF8.self) }
        }
        return (texts, checker.compilations)
    }

    @Test("each line has its answer, and a bad one does not end the rest")
    func lines() {
        let (texts, _) = answers([
            #"{"id":"a","schema":{"type":"string"},"instance":"x"}"#,
            #"{"instance":1,"schema":{"type":"string"},"id":12345678901234567890123}"#, "{", "", "[1]",
            #"{"id":{"k":1},"schema":{}}"#, #"{"id":5,"schema":{"type":"strin"},"instance":1}"#,
            #"{"id":6,"schema":{"$ref":"http://h.test/a.json"},"instance":1}"#,
            #"{"id":7,"schema":true,"instance":null}"#,
        ])
        #expect(
            texts == [
                #"{"id":"a","valid":true,"errors":[]}"#,
                ##"{"id":12345678901234567890123,"valid":false,"errors":[{"instance":"","keyword":"#/type","message":"must be string, not integer"}]}"##,
                #"{"id":null,"valid":false,"errors":[],"error":{"code":"unreadable_line","message":"line 3: line 1, column 2: the text ends too early"}}"#,
                nil,
                #"{"id":null,"valid":false,"errors":[],"error":{"code":"unreadable_line","message":"line 5: line 1, column 1: expected an object"}}"#,
                #"{"id":{"k":1},"valid":false,"errors":[],"error":{"code":"incomplete_line","message":"line 6: there is no \"instance\""}}"#,
                ##"{"id":5,"valid":false,"errors":[{"instance":"","keyword":"#/type","message":"unknown type \"strin\"; did you mean \"string\"?"}],"error":{"code":"invalid_keyword","message":"#/type: unknown type \"strin\"; did you mean \"string\"?"}}"##,
                ##"{"id":6,"valid":false,"errors":[{"instance":"","keyword":"http://h.test/a.json#","message":"nothing is allowed here; leave it out"}]}"##,
                #"{"id":7,"valid":true,"errors":[]}"#,
            ])
    }

    @Test("the same schema text is compiled once, failures too")
    func cache() {
        let good = #"{"schema":{"type":"null"},"instance":1}"#
        let bad = #"{"schema":{"type":"nul"},"instance":1}"#
        #expect(answers([good, bad, good, bad, good]).compiled == 2)
        #expect(answers([good, #"{"schema":{"type" :"null"},"instance":1}"#]).compiled == 2)
    }

    @Test("an evaluation that is given up says so")
    func givenUp() throws {
        let defs = (0..<40).map {
            ##""d\##($0)":{"allOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"$ref":"#/$defs/d\##($0 + 1)"}]}"##
        }
        let line =
            ##"{"id":1,"schema":{"$ref":"#/$defs/d0","$defs":{"d40":true,\##(defs.joined(separator: ","))}},"instance":1}"##
        let text = try #require(answers([line]).texts[0])
        #expect(text.hasPrefix(#"{"id":1,"valid":false,"errors":[],"error":{"code":"too_expensive","message":"#))
    }

    @Test("formats by the option")
    func formats() {
        let line = #"{"id":1,"schema":{"format":"date"},"instance":"x"}"#
        #expect(answers([line]).texts == [#"{"id":1,"valid":true,"errors":[]}"#])
        #expect(
            answers([line], options: SchemaOptions(assertsFormats: true)).texts[0]?.contains("\"valid\":false") == true)
    }

    @Test("lines that are too long keep their number")
    func overlong() {
        var checker = SchemaLines(resources: KnownResources(), options: SchemaOptions())
        _ = checker.answer([])
        let text = String(decoding: checker.answerToOverlong(limit: 10), as: UTF8.self)
        #expect(text.contains("line 2 has more than 10 bytes"))
    }

    @Test(
        "a URI's path is the path below the folder, and never leads out of it",
        arguments: [
            (
                "http://localhost:1234/draft2020-12/integer.json",
                ["draft2020-12/integer.json", "draft2020-12/integer.json.json"]
            ),
            ("http://h.test/a", ["a", "a.json"]), ("schema:///other.json", ["other.json", "other.json.json"]),
            ("http://h.test/a%20b", ["a b", "a b.json"]), ("urn:example:x", ["example:x", "example:x.json"]),
            ("http://h.test/a/../../../b", ["b", "b.json"]), ("http://h.test/%2e%2e/b", []),
            ("http://h.test/a%2Fb", []),
            ("http://h.test/", []), ("http://h.test/a%00", []), ("http://h.test/%zz", []),
            ("http://h.test/a//b", ["a/b", "a/b.json"]),
        ])
    func paths(uri: String, candidates: [String]) {
        #expect(SchemaResourcePath.candidates(for: uri) == candidates)
    }
}
