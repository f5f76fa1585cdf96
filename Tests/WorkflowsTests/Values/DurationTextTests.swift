import Testing
import Workflows

@Suite("Durations and sizes as text")
struct DurationTextTests {
    @Test(
        "what is read",
        arguments: [
            ("250ms", 250_000), ("1h30m", 5_400_000_000), ("42m30s", 2_550_000_000), ("1d", 86_400_000_000), ("0s", 0),
            ("1s500ms", 1_500_000), ("7us", 7), ("90m", 5_400_000_000),
        ])
    func read(text: String, microseconds: Int64) throws {
        #expect(try Duration(parsing: text) == .microseconds(microseconds))
    }

    @Test(
        "what is refused",
        arguments: [
            "", "5", "1.5h", "-1s", "1 s", "1h 30m", "30m1h", "1h1h", "1x", "h", "1H", "99999999999999999999s",
            "40000d",
            "1h30", "١s", "1s\u{0}",
        ])
    func refused(text: String) {
        #expect(throws: Duration.TextError.self) { try Duration(parsing: text) }
    }

    @Test("what is written reads back")
    func roundTrip() throws {
        for _ in 0..<500 {
            let duration = Duration.microseconds(Int64.random(in: 0...3_000_000_000_000_000))
            #expect(try Duration(parsing: duration.shortText) == duration)
        }
        #expect(Duration.seconds(5400).shortText == "1h30m")
        #expect(Duration.zero.shortText == "0s")
    }

    @Test(
        "sizes",
        arguments: [("512B", 512), ("1kB", 1000), ("256MiB", 268_435_456), ("1GB", 1_000_000_000), ("2TiB", 2 << 40)])
    func size(text: String, bytes: Int64) throws {
        let size = try ByteSize(parsing: text)
        #expect(size.bytes == bytes)
        #expect(try ByteSize(parsing: size.description) == size)
    }

    @Test(
        "sizes that are refused",
        arguments: ["", "5", "MiB", "1.5GB", "1mb", "-1B", "9999999TiB", "99999999999999999999B"])
    func sizeRefused(text: String) {
        #expect(throws: ByteSize.TextError.self) { try ByteSize(parsing: text) }
    }
}
