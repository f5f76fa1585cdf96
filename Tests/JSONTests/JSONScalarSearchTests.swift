import JSON
import Testing

@Suite("JSON: scalar search")
struct JSONScalarSearchTests {
    private static func find(_ path: [String], _ text: String) -> String? {
        JSONScalarSearch.text(of: path[...], in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "What it finds is what the tree would be written as",
        arguments: [
            #"{"a":1,"b":-20,"c":"x\"y","d":true,"e":null,"f":{"g":"täxt","h":[1,{"g":2}]}}"#,
            #" { "a" : 0 , "b" : "" , "c" : 1.0 , "d" : 1e2 , "e" : -0 , "f" : { "g" : 123456789012345678 } } "#,
            #"{"b":"}","a":"{\"a\":1}","c":[],"d":{},"f":{"g":1234567890123456789}}"#,
            #"{"a":"\u0041","b":"\\","c":"/","d":"a\/b","f":{"g":"\"","h":false}}"#,
            #"{"h":"no","f":7}"#, "{}", "[1]", "3", #""a""#,
        ])
    func sameAsTree(text: String) throws {
        let tree = try JSONValue(parsing: Array(text.utf8))
        for path in [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["f", "g"], ["f", "h"], ["f", "h", "g"], ["h"]] {
            let expected = path.reduce(Optional(tree)) { $0?.objectValue?[$1] }
            if let found = Self.find(path, text) {
                #expect(found == expected?.text(), "\(path) in \(text)")
            }
        }
    }

    @Test("Plain scalars are found, at any depth and behind anything")
    func found() {
        let text = #"{ "list": [1, "]", {"n": 5}], "n": 7, "in": {"deep": {"n": "q"}}, "yes": true, "no": null }"#
        #expect(Self.find(["n"], text) == "7")
        #expect(Self.find(["in", "deep", "n"], text) == "\"q\"")
        #expect(Self.find(["yes"], text) == "true")
        #expect(Self.find(["no"], text) == "null")
    }

    @Test(
        "It leaves to the tree what is not sure",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"b":1,"b":2,"a":1}"#, #"{"\u0062":1,"a":1}"#, #"{"a":[1]}"#, #"{"a":{}}"#,
            #"{"a":1.5}"#, #"{"a":1e3}"#, #"{"a":-0}"#, #"{"a":"\n"}"#, #"{"a":9223372036854775808}"#, #"{"b":1}"#,
            #"[{"a":1}]"#, #"{"a":1"#, #"{"a""#, "", "{",
        ])
    func leftToTree(text: String) { #expect(Self.find(["a"], text) == nil) }

    @Test("Many members and large texts are left to the tree")
    func large() {
        let many = (0..<20).map { #""m\#($0)":\#($0)"# }.joined(separator: ",")
        #expect(Self.find(["a"], #"{"a":1,\#(many)}"#) == nil)
        #expect(Self.find(["a"], #"{"a":1,"b":"\#(String(repeating: "x", count: 3000))"}"#) == nil)
    }
}
