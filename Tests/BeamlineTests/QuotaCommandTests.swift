import JSON
import Testing

@testable import beamline

@Suite("beamline quota")
struct QuotaCommandTests {
    @Test(
        "settings are numbers or none", arguments: [("active_runs=100", JSONValue.int(100)), ("workers=none", .null)])
    func settings(_ text: String, _ value: JSONValue) throws {
        let parsed = try QuotaCommand.Set.parse(text)
        #expect(parsed.name == String(text.prefix { $0 != "=" }) && parsed.value == value)
    }

    @Test(
        "anything else is named",
        arguments: ["active_runs", "active_runs=", "active_runs=-1", "active_runs=1.5", "x=many"])
    func wrong(_ text: String) {
        #expect { try QuotaCommand.Set.parse(text) } throws: { "\($0)".contains(text) }
    }
}
