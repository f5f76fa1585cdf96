import Postgres
import TestSupport
import Testing

@Suite("Connection", .timeLimit(.minutes(2)))
struct PostgresConnectionTests {
    private func connect(_ settings: [String: String] = [:]) async throws -> PostgresConnection {
        var options = try await PostgresCluster.shared().options()
        options.settings = settings
        return try await .connect(options)
    }

    @Test func valuesTravelBothWays() async throws {
        let connection = try await connect()
        let uuid = PostgresUUID(high: 0x0190_7f3e_8a7b_7cde, low: 0x8899_aabb_ccdd_eeff)
        let time = PostgresTimestamp(microseconds: 1_700_000_000_123_456)
        let result = try await connection.query(
            """
            SELECT \(true), \(Int16(-2)), \(Int32(-4)), \(Int64.min), \(2.5), \("naïve 🚀"), \([UInt8]([0, 255, 7])),
                \(uuid), \(uuid)::text, \(time), extract(epoch FROM \(time))::float8,
                \(PostgresXID8(rawValue: 1 << 40)), \(PostgresJSON(Array("{\"a\": 1}".utf8))),
                \(PostgresJSONB(Array("{\"b\":2}".utf8)))->>'b', \(nil as Int64?)
            """)
        let row = result[0]
        #expect(try row.decode(0) == true)
        #expect(try row.decode(1) == Int16(-2))
        #expect(try row.decode(2) == Int32(-4))
        #expect(try row.decode(3) == Int64.min)
        #expect(try row.decode(4) == 2.5)
        #expect(try row.decode(5) == "naïve 🚀")
        #expect(try row.decode(6) == [UInt8]([0, 255, 7]))
        #expect(try row.decode(7) == uuid)
        #expect(try row.decode(8) == uuid.description)
        #expect(try row.decode(9) == time)
        #expect(try row.decode(10) == 1_700_000_000.123456)
        #expect(try row.decode(11) == PostgresXID8(rawValue: 1 << 40))
        #expect(try row.decode(12, as: PostgresJSON.self).bytes == Array("{\"a\": 1}".utf8))
        #expect(try row.decode(13) == "2")
        #expect(try row.decode(14, as: Int64?.self) == nil)
        #expect(throws: PostgresError.self) { try row.decode(14, as: Int64.self) }
        #expect(throws: PostgresError.self) { try row.decode(0, as: String.self) }
    }
}
