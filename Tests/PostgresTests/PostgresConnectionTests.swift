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

    @Test func theSessionHasItsSettingsAndName() async throws {
        let connection = try await connect(["statement_timeout": "1234ms", "search_path": "\"a b\", \"c\\d\""])
        let row = try await connection.query(
            """
            SELECT current_setting('statement_timeout'), current_setting('search_path'),
                current_setting('application_name'), current_setting('client_encoding')
            """)[0]
        #expect(try row.decode(0) == "1234ms")
        #expect(try row.decode(1) == "\"a b\", \"c\\d\"")
        #expect(try row.decode(2) == "test")
        #expect(try row.decode(3) == "UTF8")
    }

    @Test func aServerThatIsNotThereIsAnErrorWithoutThePassword() async throws {
        let options = PostgresConnection.Options("postgresql://u:hunter2@127.0.0.1:1/d?connect_timeout=2")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(options) }
        #expect(error?.kind == .connectFailed)
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
        let malformed = PostgresConnection.Options("password=hunter2 = x")
        let second = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(malformed) }
        #expect(second?.kind == .connectFailed)
        #expect(second.map { !String(reflecting: $0).contains("hunter2") } == true)
    }

    @Test func aRefusalHasItsCodeAndTellsNoValues() async throws {
        try await withDatabase { options in
            let connection = try await PostgresConnection.connect(options)
            try await connection.run(script: "CREATE TABLE people (name text CONSTRAINT one_name UNIQUE)")
            try await connection.query("INSERT INTO people VALUES (\("Ada Lovelace"))")
            do {
                try await connection.query("INSERT INTO people VALUES (\("Ada Lovelace"))")
                Issue.record("a second Ada was accepted")
            } catch SQLState.uniqueViolation {
                // The pattern is what is tested.
            }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("INSERT INTO people VALUES (\("Ada Lovelace"))")
            }
            #expect(error?.report?.constraint == "one_name")
            #expect(error?.report?.detail?.contains("Ada") == true)
            #expect(error.map { "\($0)".contains("unique_violation (23505), constraint one_name") } == true)
            #expect(error.map { !"\($0)".contains("Ada") && !"\($0)".contains("INSERT") } == true)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test func aPreparedStatementIsPreparedOnce() async throws {
        let connection = try await connect()
        let statement = PostgresStatement("SELECT $1 + $2", [.int8, .int8])
        for number in 1...3 {
            let result = try await connection.execute(statement, number, 10)
            #expect(try result[0].decode(0) == number + 10)
        }
        let count = try await connection.query(
            "SELECT count(*) FROM pg_prepared_statements WHERE name = \(statement.name)")
        #expect(try count[0].decode(0) == 1)
    }

    @Test func parametersOfAnotherTypeAreRefusedBeforeAnythingIsSent() async throws {
        let connection = try await connect()
        let statement = PostgresStatement("SELECT $1", [.int8])
        let error = await #expect(throws: PostgresError.self) { try await connection.execute(statement, "text") }
        #expect(error?.kind == .misuse)
        #expect(connection.isUsable)
    }

    @Test func aPlanThatNoLongerFitsIsPreparedAnew() async throws {
        try await withDatabase { options in
            let connection = try await PostgresConnection.connect(options)
            try await connection.run(script: "CREATE TABLE things (a int); INSERT INTO things VALUES (1)")
            let statement = PostgresStatement("SELECT * FROM things")
            #expect(try await connection.execute(statement).columnCount == 1)
            try await connection.run(script: "ALTER TABLE things ADD b int")
            let error = await #expect(throws: PostgresError.self) { try await connection.execute(statement) }
            #expect(error?.sqlState == .featureNotSupported)
            #expect(try await connection.execute(statement).columnCount == 2)
        }
    }

    @Test func cancellingTheTaskStopsTheStatementAndKeepsTheConnection() async throws {
        let connection = try await connect()
        let watch = try await connect()
        let process = await connection.processID
        let start = ContinuousClock.now
        let outcome = try await withThrowingTaskGroup(of: PostgresError.Kind?.self) { group in
            group.addTask { try await kind { try await connection.query("SELECT pg_sleep(60)") } }
            try await until {
                let state = try await watch.query(
                    "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = \(process)")
                return try state[0].decode(0, as: Bool?.self) ?? false
            }
            group.cancelAll()
            return try await group.next() ?? nil
        }
        #expect(outcome == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(try await connection.query("SELECT 1").count == 1)
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let connection = try await connect()
        let outcome = try await withThrowingTaskGroup(of: PostgresError.Kind?.self) { group in
            group.cancelAll()
            group.addTask { try await kind { try await connection.query("SELECT 1") } }
            return try await group.next() ?? nil
        }
        #expect(outcome == .cancelled)
    }

    @Test func aSilentServerIsGivenUp() async throws {
        var options = try await PostgresCluster.shared().options()
        options.responseLimit = .milliseconds(200)
        let connection = try await PostgresConnection.connect(options)
        let start = ContinuousClock.now
        let outcome = try await kind { try await connection.query("SELECT pg_sleep(20)") }
        // A statement that commits by itself may have happened for all that is known here.
        #expect(outcome == .unknownOutcome)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(!connection.isUsable)
    }

    @Test func aClosedConnectionSaysSo() async throws {
        let connection = try await connect()
        await connection.close()
        #expect(try await kind { try await connection.query("SELECT 1") } == .closed)
    }

    @Test func anIdleConnectionNoticesItsEnd() async throws {
        let connection = try await connect()
        let other = try await connect()
        try await other.query("SELECT pg_terminate_backend(\(await connection.processID), 5000)")
        try await until { !connection.isUsable }
        let outcome = try await kind { try await connection.query("SELECT 1") }
        #expect(outcome == .connectionLost)
    }

    @Test func identifiersAreQuoted() async throws {
        let connection = try await connect()
        let name = "odd \" name"
        let result = try await connection.query("SELECT 1 AS \(identifier: name), 2 AS \(unescaped: "plain")")
        #expect(result.name(ofColumn: 0) == name)
        #expect(result.name(ofColumn: 1) == "plain")
    }
}
