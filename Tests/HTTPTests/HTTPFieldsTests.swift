import HTTP
import Testing

@Suite("HTTPFields")
struct HTTPFieldsTests {
    @Test func namesAreLowerCaseAndFoundInAnyCase() {
        var fields = HTTPFields()
        fields.append("Content-Type", "text/plain")
        #expect(fields["content-type"] == "text/plain")
        #expect(fields["CONTENT-TYPE"] == "text/plain")
        #expect(fields.map(\.name) == ["content-type"])
        #expect(fields["content"] == nil)
        #expect(!fields.contains("content-typ"))
    }

    @Test func keepsOrderAndRepeatedNames() {
        var fields: HTTPFields = ["a": "1", "b": "2", "a": "3"]
        #expect(fields.values(of: "a") == ["1", "3"])
        #expect(fields["a"] == "1")
        fields["a"] = "4"
        #expect(fields.map { "\($0.name)=\($0.value)" } == ["b=2", "a=4"])
        fields["b"] = nil
        #expect(fields.count == 1)
        fields.append(contentsOf: ["c": "5", "d": ""])
        #expect(fields["c"] == "5" && fields["d"] == "" && fields["a"] == "4")
    }

    @Test func aValueCannotSplitAMessage() {
        let fields: HTTPFields = ["location": "/x\r\nset-cookie: a=b\u{0}"]
        #expect(fields["location"] == "/x  set-cookie: a=b ")
    }

    @Test func valuesAreBytes() {
        var fields = HTTPFields()
        fields.append("x-bin", bytes: [0xff, 0x20, 0x80])
        #expect(fields.bytes(of: "x-bin").map { Array($0) } == [0xff, 0x20, 0x80])
        #expect(fields["x-bin"] == "\u{fffd} \u{fffd}")
    }

    @Test func sizeCountsAsTheRFCSays() {
        let fields: HTTPFields = ["ab": "cde", "f": ""]
        #expect(fields.listSize == 5 + 32 + 1 + 32)
    }
}
