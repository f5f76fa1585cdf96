import Testing
import Workflows

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "RFC 3339 both ways",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_763_694_245_000_006, "2025-11-21T03:04:05.000006Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
        ])
    func text(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test("any moment reads back")
    func roundTrip() {
        for _ in 0..<1000 {
            let moment = Timestamp(microseconds: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999))
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }

    @Test("offsets, lower case and short fractions are read")
    func variants() {
        let moment = Timestamp(rfc3339: "2025-11-21T03:04:05.5Z")
        #expect(moment != nil)
        #expect(Timestamp(rfc3339: "2025-11-21t04:04:05.500000999+01:00") == moment)
        #expect(Timestamp(rfc3339: "2025-11-20 22:04:05.5-05:00") == moment)
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-01T24:00:00Z",
            "2025-01-01T00:00:00", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00Zx", "2025-01-01",
            "1900-02-29T00:00:00Z",
            "2025-01-01T00:00:60Z", "2025-01-01T00:00:00+1:00",
        ])
    func refused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("arithmetic saturates")
    func arithmetic() {
        let moment = Timestamp(microseconds: 5)
        #expect(moment + .milliseconds(2) == Timestamp(microseconds: 2005))
        #expect(Timestamp(microseconds: 2005) - moment == .milliseconds(2))
        #expect(Timestamp(microseconds: .max) + .seconds(1) == Timestamp(microseconds: .max))
        #expect(Timestamp(microseconds: .min) + .seconds(-1) == Timestamp(microseconds: .min))
        #expect(Duration.seconds(Int64.max).wholeMicroseconds == .max)
    }
}
