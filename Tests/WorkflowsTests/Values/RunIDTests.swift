import Testing
import Workflows

@Suite("Run ids")
struct RunIDTests {
    @Test("are UUIDv7 of their time")
    func layout() {
        let id = RunID(at: Timestamp(microseconds: 1_700_000_000_123_456), random: RunID.Bytes(high: .max, low: .max))
        #expect(id.uuidText == "018bcfe5-687b-7fff-bfff-ffffffffffff")
        #expect(id.timestamp == Timestamp(microseconds: 1_700_000_000_123_000))
        #expect(
            RunID(at: Timestamp(microseconds: 0), random: RunID.Bytes(high: 0, low: 0)).uuidText
                == "00000000-0000-7000-8000-000000000000")
    }

    @Test("both texts read back, in either case")
    func texts() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let id = RunID(at: Timestamp(microseconds: .random(in: 0...2_000_000_000_000_000)), using: &random)
            #expect(id.description.utf8.count == 26)
            #expect(RunID(id.description) == id)
            #expect(RunID(id.description.lowercased()) == id)
            #expect(RunID(id.uuidText) == id)
            #expect(RunID(id.uuidText.uppercased()) == id)
            #expect(RunID.Bytes(id.bytes.array) == id.bytes)
        }
    }

    @Test("the text of the specification of ULID")
    func known() {
        #expect(RunID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")?.bytes == RunID.Bytes(high: .max, low: .max))
        #expect(RunID("00000000000000000000000001")?.bytes == RunID.Bytes(high: 0, low: 1))
        #expect(RunID("0000000000000000000000000O") == RunID("00000000000000000000000000"))
        #expect(RunID("0000000000000000000000000l") == RunID("00000000000000000000000001"))
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000U", "000000000000000000000000",
            "018bcfe5687b7fffbfffffffffffffff",
            "018bcfe5-687b-7fff-bfff-fffffffffffg", "018bcfe5-687b-7fff-bffff-fffffffffff",
            "000000000000000000000000000",
            "0000000000000000000000000é",
        ])
    func refused(text: String) {
        #expect(RunID(text) == nil)
    }

    @Test("sort by time, in text too")
    func order() {
        let early = RunID(at: Timestamp(microseconds: 1_000_000), random: RunID.Bytes(high: .max, low: .max))
        let late = RunID(at: Timestamp(microseconds: 1_001_000), random: RunID.Bytes(high: 0, low: 0))
        #expect(early < late)
        #expect(early.description < late.description)
        #expect(early.uuidText < late.uuidText)
    }

    @Test("sixteen bytes and no other number")
    func bytes() {
        #expect(RunID.Bytes(repeatElement(0, count: 15)) == nil)
        #expect(RunID.Bytes(repeatElement(0, count: 17)) == nil)
        #expect(RunID.Bytes(1...16)?.array == Array(1...16))
    }
}
