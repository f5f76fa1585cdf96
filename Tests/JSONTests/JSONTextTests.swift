import JSON
import Testing

@Suite("Checking JSON text without a tree")
struct JSONTextTests {
    @Test(
        "what the grammar allows",
        arguments: [
            "null", " [ ] ", "{}", #"{"a":{"b":[1,-0,0.5e-7,1E+2]}}"#, #""\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\"ü€😀\"",
            "true", "false",
        ])
    func valid(text: String) throws {
        #expect(try JSONText(validating: Array(text.utf8)).bytes == Array(text.utf8))
    }

    @Test(
        "what it refuses",
        arguments: [
            "", " ", "[", "{", "[1,]", "{,}", "{1:2}", "{\"a\" 1}", "[1 2]", "01", "1.", ".5", "1e", "-", "+1", "tru",
            "nulll",
            "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u0000\"", "\"\n\"",
            "'a'", "[1]x", "NaN", "{\"a\":1,}",
        ])
    func invalid(text: String) {
        #expect(throws: JSONError.self) { try JSONText(validating: Array(text.utf8)) }
    }

    @Test(
        "byte sequences that are no UTF-8",
        arguments: [
            [0x80], [0xC2], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0],
        ])
    func invalidUTF8(bytes: [Int]) {
        let text = [UInt8(ascii: "\"")] + bytes.map { UInt8($0) } + [UInt8(ascii: "\"")]
        #expect(throws: JSONError.self) { try JSONText(validating: text) }
    }

    @Test("the place of an error")
    func place() throws {
        let error = try #require(throws: JSONError.self) { try JSONText(validating: Array("{\n  \"ü\": x}".utf8)) }
        #expect(error == JSONError(.invalidSyntax, line: 2, column: 8, message: "expected a value"))
    }

    @Test("a NUL after a whole value is no end", arguments: ["5\0", "{}\0", "\"a\"\0 ", "[1]\0x"])
    func trailingNul(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONError.self) { try JSONText(validating: Array(text.utf8)) }
    }

    @Test("both checks agree on damaged text")
    func agreement() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bytes = JSONValue.arbitrary(depth: 3, using: &random).bytes()
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8(truncatingIfNeeded: random.next())
            }
            let tree = Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
            let text = Result { () throws(JSONError) in try JSONText(validating: bytes) }
            switch (tree, text) {
            case (.success, .success), (.failure, .failure): break
            case (.failure(let error), .success):
                // The text check compares no keys and reads no numbers.
                #expect(
                    error.reason == .duplicateKey || error.reason == .numberOutOfRange,
                    "\(error): \(String(decoding: bytes, as: UTF8.self))")
            case (.success, .failure(let error)):
                Issue.record("\(error): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}
