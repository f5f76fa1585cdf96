import Expressions
import Synchronization
import Testing

@Suite("Time zones")
struct TimeZonesTests {
    /// A TZif file of version 2 with two transitions and a rule after them, put together by hand.
    private static func file(footer: String) -> [UInt8] {
        func integer(_ value: Int64, _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func header(_ counts: [Int64]) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap { integer($0, 4) }
        }
        var bytes = header([0, 0, 0, 0, 1, 4]) + integer(0, 4) + [0, 0] + Array("LMT\0".utf8)
        bytes += header([0, 0, 0, 2, 3, 12])
        bytes += integer(-1000, 8) + integer(1000, 8) + [1, 2]
        bytes += integer(600, 4) + [0, 0] + integer(3600, 4) + [0, 4] + integer(7200, 4) + [1, 8]
        bytes += Array("LMT\0AAA\0BBB\0".utf8)
        return bytes + Array("\n\(footer)\n".utf8)
    }

    private func minutes(_ seconds: Int, _ zone: String, _ zones: TimeZones) throws -> Value {
        try evaluate(
            "(timestamp(\(seconds)).getHours('\(zone)') * 60 + timestamp(\(seconds)).getMinutes('\(zone)')"
                + " - timestamp(\(seconds)).getHours() * 60 - timestamp(\(seconds)).getMinutes() + 1440) % 1440",
            values: [:], timeZones: zones)
    }

    @Test("transitions of a file, and the rule after the last")
    func transitions() throws {
        let zones = TimeZones { $0 == "Some/Where" ? Self.file(footer: "CET-1CEST,M3.5.0,M10.5.0/3") : nil }
        #expect(try minutes(-2000, "Some/Where", zones) == 10)
        #expect(try minutes(0, "Some/Where", zones) == 60)
        // 2024-03-31T01:00:00Z and 2024-10-27T01:00:00Z
        for (seconds, expected) in [
            (1_711_846_799, 60), (1_711_846_800, 120), (1_729_990_799, 120), (1_729_990_800, 60), (4_118_083_200, 120),
        ] {
            #expect(try minutes(seconds, "Some/Where", zones) == .int(Int64(expected)), "\(seconds)")
        }
        #expect(throws: ExpressionError.self) { try minutes(0, "Else/Where", zones) }
    }

    @Test(
        "forms of the rule",
        arguments: [
            ("<+03>-3", 1_720_000_000, 180), ("EST5EDT,M3.2.0,M11.1.0", 1_720_000_000, 1200),
            ("EST5EDT,M3.2.0,M11.1.0", 1_705_000_000, 1140),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_705_000_000, 660), ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_720_000_000, 600),
            ("AAA-1BBB,J60/0,J300/0", 1_720_000_000, 120), ("AAA-1BBB,59/0,299/0", 1_705_000_000, 60),
            ("<-0330>3:30", 1_720_000_000, 1230),
        ])
    func rules(footer: String, seconds: Int, expected: Int64) throws {
        let zones = TimeZones { _ in Self.file(footer: footer) }
        #expect(try minutes(seconds, "A/B", zones) == .int(expected))
    }

    @Test("files that are cut or no files are no zones, and names stay in their folder")
    func refused() throws {
        let whole = Self.file(footer: "CET-1")
        for count in [0, 3, 4, 43, 44, 60, 100, 120] {
            let zones = TimeZones { _ in Array(whole.prefix(count)) }
            #expect(throws: ExpressionError.self, "\(count)") { try minutes(0, "A/B", zones) }
        }
        let asked = Mutex<[String]>([])
        let zones = TimeZones { name in
            asked.withLock { $0.append(name) }
            return nil
        }
        for name in ["../A", "A/../B", "/A", "A//B", "A/", "Ä", "A B", ""] {
            _ = try? minutes(0, name, zones)
        }
        #expect(asked.withLock { $0 } == [])
    }
}
