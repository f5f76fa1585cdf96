import JSON
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test("compact text, with escapes")
    func compact() {
        let value: JSONValue = ["a": [nil, true, -12, 0, 1.5, 1e300], "q\"": "\u{1}\u{8}\t\n\u{C}\r\\/ü😀"]
        #expect(
            value.text() == #"{"a":[null,true,-12,0,1.5,1e+300],"q\"":"\u0001\b\t\n\f\r\\/ü😀"}"#)
    }

    @Test("pretty text")
    func pretty() {
        let value: JSONValue = ["a": [1, [:], []], "b": "c"]
        #expect(
            value.text(pretty: true) == """
                {
                  "a": [
                    1,
                    {},
                    []
                  ],
                  "b": "c"
                }
                """)
    }

    @Test("large integers as asked for", arguments: [(Int64(1) << 53 - 1, false), (1 << 53, true), (.min, true)])
    func largeIntegers(value: Int64, isQuoted: Bool) {
        #expect(JSONValue.int(value).text() == "\(value)")
        #expect(JSONValue.int(value).text(largeIntegers: .string) == (isQuoted ? "\"\(value)\"" : "\(value)"))
    }

    @Test("what is written reads back")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let value = JSONValue.arbitrary(depth: 4, using: &random)
            #expect(try JSONValue(parsing: value.bytes()) == value)
            #expect(try JSONValue(parsing: value.bytes(pretty: true)) == value)
            _ = try JSONText(validating: value.bytes())
        }
    }

    @Test("objects are equal in any order")
    func equality() {
        let left: JSONValue = ["a": 1, "b": 2]
        let right: JSONValue = ["b": 2, "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left != ["a": 1, "b": 3])
        #expect(left != ["a": 1])
    }
}

extension JSONValue {
    static func arbitrary(depth: Int, using random: inout some RandomNumberGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .int(.random(in: .min ... .max, using: &random))
        case 3: return .double(.random(in: -1e9...1e9, using: &random))
        case 4, 5:
            let scalars = (0..<Int.random(in: 0..<12, using: &random)).compactMap { _ in
                UnicodeScalar(UInt32.random(in: 1..<0x11_0000, using: &random))
            }
            return .string(String(String.UnicodeScalarView(scalars)))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in arbitrary(depth: depth - 1, using: &random) })
        default:
            return .object(
                (0..<Int.random(in: 0..<12, using: &random)).map {
                    ("k\($0)", arbitrary(depth: depth - 1, using: &random))
                })
        }
    }
}
