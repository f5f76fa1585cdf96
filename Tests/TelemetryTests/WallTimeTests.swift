import Telemetry
import Testing

@Suite("Wall time")
struct WallTimeTests {
    @Test(
        "RFC 3339 in UTC with microseconds, on both sides of 1970 and over leap days",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_767_225_599_123_456, "2025-12-31T23:59:59.123456Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func format(microseconds: Int64, text: String) {
        #expect(WallTime(microseconds: microseconds).rfc3339 == text)
    }
}
