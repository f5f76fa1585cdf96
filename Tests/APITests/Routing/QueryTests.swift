import Engine
import Testing
import Workflows

@testable import API

@Suite("Queries and cursors")
struct QueryTests {
    private func code(_ query: String, _ read: (Query) throws -> Void = { _ in }) -> String? {
        do {
            try read(Query(parsing: query, allowed: ["a", "b", "page_size"]))
            return nil
        } catch { return (error as? Problem)?.code }
    }

    @Test("values are decoded; what is not known, twice there or broken is refused")
    func parsing() throws {
        let query = try Query(parsing: "a=x+y%26z&b", allowed: ["a", "b"])
        #expect(query["a"] == "x y&z" && query["b"] == "")
        #expect(code("") == nil)
        #expect(code("c=1") == "unknown_parameter")
        #expect(code("a=1&a=2") == "invalid_parameter")
        #expect(code("a=%f") == "malformed_query")
        #expect(code("a=%00") == "malformed_query")
    }

    @Test("numbers and durations within their ranges")
    func typed() {
        for text in ["0", "501", "-1", "1.5", "+5", "x", "", "99999999999999999999"] {
            #expect(
                code("page_size=\(text.replacing("+", with: "%2B"))") { _ = try $0.pageSize } == "invalid_parameter")
        }
        #expect((try? Query(parsing: "page_size=500", allowed: ["page_size"]).pageSize) == 500)
        for text in ["61s", "1", "soon", ""] {
            #expect(
                code("a=\(text)") { _ = try $0.duration("a", limit: .seconds(60), limitText: "60s") }
                    == "invalid_parameter")
        }
        let minute = try? Query(parsing: "a=60s", allowed: ["a"])
            .duration("a", limit: .seconds(60), limitText: "60s")
        #expect(minute == .seconds(60))
    }

    @Test("cursors come back as they went, and nothing else is one")
    func cursors() throws {
        let run = RunID(RunID.Bytes(high: 77, low: .max))
        #expect(try Cursor.run(Cursor.text(run)) == run)
        #expect(try Cursor.name(Cursor.text(name: "team/ünï")) == "team/ünï")
        let position = LogPosition(step: 3, attempt: 2, sequence: .max)
        #expect(try Cursor.position(Cursor.text(position)) == position)
        for text in [
            "", "x", "!!!!", Cursor.text(run), Cursor.text(name: "a"), "bDEuMg", Base64URL.encode([0x6c, 0xff]),
        ] {
            #expect(throws: Problem.self) { try Cursor.position(text) }
        }
        #expect(throws: Problem.self) { try Cursor.run(Cursor.text(name: "0")) }
    }

    @Test("base64url of every length, against the examples of RFC 4648")
    func base64() {
        for (plain, text) in [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64URL.encode(Array(plain.utf8)) == text)
            #expect(Base64URL.decode(text) == Array(plain.utf8))
        }
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        #expect(Base64URL.decode("Zh") == nil)
        #expect(Base64URL.decode("A") == nil)
    }
}
