import Postgres
import TestSupport
import Testing

@Suite("Values", .timeLimit(.minutes(2)))
struct ValueTests {
    private func connect() async throws -> PostgresConnection {
        try await .connect(PostgresCluster.shared().options())
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
        #expect(throws: PostgresError.self) { try row.decode(99, as: String.self) }
    }

    @Test func theServersOwnTextAgrees() async throws {
        let connection = try await connect()
        let result = try await connection.query(
            """
            SELECT \(PostgresTimestamp(microseconds: -1))::text, \(PostgresTimestamp.infinity)::text,
                \([1, nil, -3] as [Int?])::text, \(["a", nil, "", "b\"c"] as [String?])::text,
                \([[1, 2], [], [255]] as [[UInt8]])::text, \([] as [Int])::text, \([true, false])::text,
                \([0.5, .infinity])::text, \([PostgresXID8(rawValue: 7)])::text,
                \([PostgresUUID(high: 1, low: 2)])::text, \([Int16(1), 2])::text, \([Int32(1), 2])::text,
                \([PostgresJSONB(Array("[1]".utf8)), PostgresJSONB(Array("{}".utf8))])::text,
                \([PostgresTimestamp(microseconds: 0)])::text
            """)
        let texts = try (0..<result.columnCount).map { try result[0].decode($0, as: String.self) }
        #expect(
            texts == [
                "1969-12-31 23:59:59.999999+00", "infinity", "{1,NULL,-3}", "{a,NULL,\"\",\"b\\\"c\"}",
                "{\"\\\\x0102\",\"\\\\x\",\"\\\\xff\"}", "{}", "{t,f}", "{0.5,Infinity}", "{7}",
                "{00000000-0000-0001-0000-000000000002}", "{1,2}", "{1,2}", "{[1],\"{}\"}",
                "{\"1970-01-01 00:00:00+00\"}",
            ])
    }

    @Test func arraysComeBack() async throws {
        let connection = try await connect()
        let row = try await connection.query(
            """
            SELECT \([1, 2, 3]), \(["x", nil] as [String?]), \([[9, 8], []] as [[UInt8]]), \([] as [Int32]),
                ARRAY[[1, 2], [3, 4]]
            """)[0]
        #expect(try row.decode(0) == [1, 2, 3])
        #expect(try row.decode(1) == ["x", nil])
        #expect(try row.decode(2, as: [[UInt8]].self) == [[9, 8], []])
        #expect(try row.decode(3, as: [Int32].self) == [])
        #expect(throws: PostgresError.self) { try row.decode(1, as: [String].self) }
        #expect(throws: PostgresError.self) { try row.decode(4, as: [Int32].self) }
    }

    @Test func aHundredThousandElementsTravelBothWays() async throws {
        let connection = try await connect()
        let count = 100_000
        let numbers = (0..<count).map { $0 % 7 == 0 ? nil : $0 * 1_000_003 }
        let texts = (0..<count).map { "text number \($0)" }
        let statement = PostgresStatement(
            "SELECT number, text FROM unnest($1, $2) WITH ORDINALITY AS t (number, text, place) ORDER BY place",
            [.int8Array, .textArray])
        let result = try await connection.execute(statement, numbers, texts)
        #expect(result.count == count)
        #expect(try result.column(0, as: Int?.self) == numbers)
        #expect(try result.column(1, as: String.self) == texts)
    }

    @Test func aReusedPipelineStartsClean() async throws {
        let connection = try await connect()
        let statement = PostgresStatement("SELECT $1", [.text])
        var pipeline = PostgresPipeline()
        for text in ["one", "two", "three"] {
            pipeline.removeAll()
            pipeline.add(statement, text)
            let bytes = pipeline.parameterBytes
            let results = try await connection.execute(pipeline)
            #expect(results.count == 1)
            #expect(try results[0][0].decode(0) == text)
            #expect(bytes == text.utf8.count)
        }
    }

    @Test func aCopyOfABufferIsLeftAlone() {
        var first = PostgresPipeline()
        first.add(PostgresStatement("SELECT $1", [.text]), "first")
        let copy = first
        first.removeAll()
        first.add(PostgresStatement("SELECT $1", [.text]), "second value")
        #expect(copy.parameterBytes == 5)
        #expect(first.parameterBytes == 12)
    }
}
