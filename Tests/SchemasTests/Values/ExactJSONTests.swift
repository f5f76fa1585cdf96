import JSON
import Testing

@testable import Schemas

@Suite("JSON with its numbers exact")
struct ExactJSONTests {
    @Test("what is written comes back")
    func roundTrip() throws {
        let text = #"{"a":[1,2.5,-1e400,12345678910111213141516171819],"":{"x":null,"y":true},"s":"\"\\\n\u0001é💩"}"#
        #expect(try ExactJSON(parsing: text).text == text)
    }

    @Test("escapes, U+0000 and surrogate pairs")
    func escapes() throws {
        #expect(try ExactJSON(parsing: #""\u0000\/\ud83d\ude00\b\f""#) == .string("\0/😀\u{8}\u{C}"))
    }

    @Test(
        "text that is refused, and why",
        arguments: [
            ("", JSONError.Reason.endedEarly), ("[1", .endedEarly), ("[1,]", .invalidSyntax),
            ("{\"a\":1,\"a\":2}", .duplicateKey),
            ("01", .invalidSyntax), ("1 2", .invalidSyntax), ("\"\\ud800\"", .invalidUTF8),
            ("\"\\udc00\"", .invalidUTF8),
            ("\"\\ud800\\u0041\"", .invalidUTF8), ("\"\u{1}\"", .invalidSyntax), ("nul", .invalidSyntax),
            ("\"\\x\"", .invalidSyntax),
            ("1e99999999999", .numberOutOfRange), ("{1:2}", .invalidSyntax), ("-", .invalidSyntax),
            ("1.e3", .invalidSyntax),
        ])
    func refused(text: String, reason: JSONError.Reason) throws {
        let error = try #require(throws: JSONError.self) { try ExactJSON(parsing: text) }
        #expect(error.reason == reason)
    }

    @Test("invalid UTF-8, depth and size")
    func bounds() throws {
        #expect(throws: JSONError.self) { try ExactJSON(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try ExactJSON(parsing: "[[1]]", limits: JSONLimits(depth: 1)) }
        #expect(throws: JSONError.self) { try ExactJSON(parsing: "[1]", limits: JSONLimits(size: 2)) }
    }

    @Test("errors have their place")
    func places() throws {
        let error = try #require(throws: JSONError.self) { try ExactJSON(parsing: "{\"é\": 1,\n \"b\": x}") }
        #expect((error.line, error.column) == (2, 7))
    }

    @Test("members of a line with the bytes they stand in")
    func members() throws {
        let bytes = Array(#" {"id": 1, "schema" : {"a": [ 1 ]} } "#.utf8)
        let members = try ExactJSON.members(parsing: bytes)
        #expect(members.map(\.key) == ["id", "schema"])
        #expect(String(decoding: bytes[members[1].range], as: UTF8.self) == #"{"a": [ 1 ]}"#)
        #expect(throws: JSONError.self) { try ExactJSON.members(parsing: Array("[1]".utf8)) }
        #expect(throws: JSONError.self) { try ExactJSON.members(parsing: Array("{} x".utf8)) }
    }

    @Test("from the values of the rest of the program")
    func conversion() throws {
        let value: JSONValue = ["a": [1, 2.5, "x", nil, true], "b": [:]]
        #expect(try ExactJSON(value) == ExactJSON(parsing: value.text()))
    }

    @Test("objects with many keys are as those with few")
    func largeObjects() throws {
        let keys = (0..<100).map { "k\($0)" }
        let object = ExactObject(keys.map { ($0, .string($0)) })
        #expect(object["k77"] == .string("k77"))
        #expect(object["k100"] == nil)
        #expect(ExactJSON.object(object) == .object(ExactObject(keys.reversed().map { ($0, .string($0)) })))
        #expect(
            ExactJSON.object(object).hashValue
                == ExactJSON.object(ExactObject(keys.reversed().map { ($0, .string($0)) })).hashValue)
    }
}
