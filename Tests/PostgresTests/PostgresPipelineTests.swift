import Postgres
import TestSupport
import Testing

@Suite("Pipeline and transaction", .timeLimit(.minutes(2)))
struct PostgresPipelineTests {
    private static let insert = PostgresStatement("INSERT INTO items VALUES ($1)", [.int8])

    /// A database with a table `items` that refuses zero.
    private func withItems(_ body: (PostgresConnection, PostgresConnection.Options) async throws -> Void) async throws {
        try await withDatabase { options in
            let connection = try await PostgresConnection.connect(options)
            try await connection.run(script: "CREATE TABLE items (id int8 PRIMARY KEY CHECK (id <> 0))")
            try await body(connection, options)
        }
    }

    private func items(_ connection: PostgresConnection) async throws -> [Int] {
        try await connection.query("SELECT id FROM items ORDER BY id").column(0)
    }

    @Test func eachStatementHasItsResult() async throws {
        try await withItems { connection, _ in
            var pipeline = PostgresPipeline()
            pipeline.add(Self.insert, 1)
            let select = pipeline.add("SELECT id + \(100) FROM items")
            pipeline.add(Self.insert, 2)
            let results = try await connection.execute(pipeline)
            #expect(results.map(\.affectedRows) == [1, 1, 1])
            #expect(try results[select][0].decode(0) == 101)
            #expect(try await items(connection) == [1, 2])
        }
    }

    @Test func aFailedStatementIsNamedAndNothingRemains() async throws {
        try await withItems { connection, _ in
            var pipeline = PostgresPipeline()
            for id in [1, 0, 2] { pipeline.add(Self.insert, id) }
            let error = await #expect(throws: PostgresError.self) { try await connection.execute(pipeline) }
            #expect(error?.kind == .server(.checkViolation))
            #expect(error?.statementIndex == 1)
            #expect(connection.isUsable)
            let rest = try await items(connection)
            #expect(rest.isEmpty)
        }
    }

    @Test func aStatementThatCannotBePreparedIsNotTakenForPrepared() async throws {
        try await withItems { connection, _ in
            let broken = PostgresStatement("SELECT * FROM not_yet")
            var pipeline = PostgresPipeline()
            pipeline.add(Self.insert, 1)
            pipeline.add(broken)
            let error = await #expect(throws: PostgresError.self) { try await connection.execute(pipeline) }
            #expect(error?.sqlState == .undefinedTable)
            try await connection.run(script: "CREATE TABLE not_yet ()")
            _ = try await connection.execute(pipeline)
            #expect(try await items(connection) == [1])
        }
    }

    @Test func aBackendKilledMidPipelineMeansThatNothingHappened() async throws {
        try await withItems { connection, options in
            var pipeline = PostgresPipeline()
            pipeline.add(Self.insert, 1)
            pipeline.add("SELECT pg_terminate_backend(pg_backend_pid(), 1000)")
            pipeline.add(Self.insert, 2)
            let error = await #expect(throws: PostgresError.self) { try await connection.execute(pipeline) }
            #expect(error?.kind == .connectionLost)
            #expect(!connection.isUsable)
            let next = try await PostgresConnection.connect(options)
            #expect(try await items(next).isEmpty)
        }
    }

    @Test func aBackendKilledAtCommitMeansThatTheOutcomeIsUnknown() async throws {
        try await withItems { connection, _ in
            try await connection.run(
                script: """
                    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid(), 1000); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION die()
                    """)
            var pipeline = PostgresPipeline()
            pipeline.add(Self.insert, 1)
            #expect(try await kind { _ = try await connection.execute(pipeline) } == .unknownOutcome)
        }
    }

    @Test func aConstraintThatFailsAtCommitIsARefusal() async throws {
        try await withItems { connection, _ in
            try await connection.run(
                script: "CREATE TABLE parts (item int8 REFERENCES items DEFERRABLE INITIALLY DEFERRED)")
            let statement = PostgresStatement("INSERT INTO parts VALUES ($1)", [.int8])
            var pipeline = PostgresPipeline()
            pipeline.add(statement, 7)
            #expect(try await kind { _ = try await connection.execute(pipeline) } == .server(.foreignKeyViolation))
            // The same without BEGIN and COMMIT: the error comes after the statement's own result.
            #expect(try await kind { try await connection.execute(statement, 7) } == .server(.foreignKeyViolation))
            let outcome = try await kind {
                _ = try await connection.withTransaction { try await $0.execute(statement, 7) }
            }
            #expect(outcome == .server(.foreignKeyViolation))
            #expect(connection.isUsable)
            #expect(try await connection.query("SELECT * FROM parts").isEmpty)
        }
    }

    @Test func aTransactionCommitsOrRollsBack() async throws {
        struct Change: Error {}
        try await withItems { connection, _ in
            let count = try await connection.withTransaction { transaction in
                try await transaction.execute(Self.insert, 1)
                try await transaction.execute(Self.insert, 2)
                return try await transaction.query("SELECT FROM items").count
            }
            #expect(count == 2)
            await #expect(throws: Change.self) {
                try await connection.withTransaction { transaction in
                    try await transaction.execute(Self.insert, 3)
                    throw Change()
                }
            }
            #expect(try await items(connection) == [1, 2])
            let level = try await connection.withTransaction(.serializable) { transaction in
                try await transaction.query("SELECT current_setting('transaction_isolation')")[0].decode(
                    0, as: String.self)
            }
            #expect(level == "serializable")
        }
    }

    @Test func aSwallowedErrorCannotPassForACommit() async throws {
        try await withItems { connection, _ in
            let outcome = try await kind {
                try await connection.withTransaction { transaction in
                    try await transaction.execute(Self.insert, 1)
                    _ = try await kind { try await transaction.execute(Self.insert, 0) }
                }
            }
            #expect(outcome == .server(.inFailedTransaction))
            #expect(try await items(connection).isEmpty)
            #expect(connection.isUsable)
        }
    }

    @Test func aTransactionKeepsOthersOut() async throws {
        try await withItems { connection, _ in
            var escaped: PostgresTransaction?
            try await connection.withTransaction { transaction in
                escaped = transaction
                #expect(try await kind { try await connection.query("SELECT 1") } == .misuse)
                try await transaction.execute(Self.insert, 1)
            }
            let transaction = try #require(escaped)
            #expect(try await kind { try await transaction.execute(Self.insert, 2) } == .misuse)
            #expect(try await items(connection) == [1])
        }
    }

    @Test func aScriptMayNotEndItsTransaction() async throws {
        try await withItems { connection, _ in
            let outcome = try await kind {
                try await connection.withTransaction { try await $0.run(script: "SELECT 1; COMMIT") }
            }
            #expect(outcome == .misuse)
            #expect(connection.isUsable)
        }
    }

    @Test func aPipelineLargerThanTheSocketsBuffersDoesNotStall() async throws {
        try await withItems { connection, _ in
            let statement = PostgresStatement("SELECT $1", [.bytea])
            let megabyte = [UInt8](repeating: 7, count: 1 << 20)
            var pipeline = PostgresPipeline()
            for _ in 0..<24 { pipeline.add(statement, megabyte) }
            let results = try await connection.execute(pipeline)
            #expect(results.count == 24)
            #expect(try results[23][0].decode(0) == megabyte)
        }
    }
}
