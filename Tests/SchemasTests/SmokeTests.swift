import Schemas
import Testing

@Suite("Smoke")
struct SmokeTests {
    @Test func smoke() throws {
        let schema = try Schema(ExactJSON(parsing: #"{"type":"object"}"#))
        #expect(try schema.accepts(ExactJSON(parsing: "{}")))
    }
}
