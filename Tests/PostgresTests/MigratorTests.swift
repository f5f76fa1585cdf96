import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Migrator", .timeLimit(.minutes(2)))
struct MigratorTests {
    private let first = Migration(
        number: 1, name: "first", up: "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1)", down: "DROP TABLE a")
    private let second = Migration(
        number: 2, name: "second", up: "ALTER TABLE a ADD b text", down: "ALTER TABLE a DROP b")

    private func columns(_ options: PostgresConnection.Options) async throws -> [String] {
        let connection = try await PostgresConnection.connect(options)
        return try await connection.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('a') AND attnum > 0 AND NOT attisdropped"
        ).column(0)
    }

    @Test func upAndDown() async throws {
        try await withDatabase { options in
            let migrator = Migrator(options, [first, second])
            #expect(try await migrator.status().map(\.appliedAt) == [nil, nil])
            await #expect(throws: MigrationError.pending(["0001_first", "0002_second"])) { try await migrator.check() }
            var told: [String] = []
            let applied = try await migrator.up { progress in
                if case .applied(let title, _) = progress { told.append(title) }
            }
            #expect(applied == 2)
            #expect(told == ["0001_first", "0002_second"])
            #expect(try await columns(options) == ["id", "b"])
            try await migrator.check()
            let again = try await migrator.up()
            #expect(again == 0)
            let undone = try await migrator.down(to: 1)
            #expect(undone == 1)
            #expect(try await columns(options) == ["id"])
            #expect(try await migrator.status().map { $0.appliedAt != nil } == [true, false])
            let rest = try await migrator.down(to: 0)
            #expect(rest == 1)
            #expect(try await columns(options).isEmpty)
        }
    }

    @Test func anEditedFileIsRefused() async throws {
        try await withDatabase { options in
            try await Migrator(options, [first]).up()
            var edited = first
            edited.up += " "
            let migrator = Migrator(options, [edited, second])
            await #expect(throws: MigrationError.edited("0001_first.up.sql")) { try await migrator.check() }
            await #expect(throws: MigrationError.edited("0001_first.up.sql")) { try await migrator.up() }
            let names = try await columns(options)
            #expect(names == ["id"])
        }
    }

    @Test func aNewerSchemaIsRefused() async throws {
        try await withDatabase { options in
            try await Migrator(options, [first, second]).up()
            await #expect(throws: MigrationError.newer("0002_second")) { try await Migrator(options, [first]).check() }
            await #expect(throws: MigrationError.newer("0002_second")) { try await Migrator(options, [first]).up() }
        }
    }

    @Test func aFailedStepLeavesNothingAndNamesItsLine() async throws {
        try await withDatabase { options in
            let broken = Migration(
                number: 2, name: "broken", up: "CREATE TABLE c ();\n\nALTER TABLE nowhere ADD x int;", down: nil)
            let worse = Migration(number: 2, name: "broken", up: "CREATE TABLE c ();\nSELEC 1;", down: nil)
            let error = await #expect(throws: MigrationError.self) {
                try await Migrator(options, [first, broken]).up()
            }
            #expect(error.map { "\($0)" } == "0002_broken.up.sql: relation \"nowhere\" does not exist")
            let second = await #expect(throws: MigrationError.self) {
                try await Migrator(options, [first, worse]).up()
            }
            #expect(second.map { "\($0)" } == "0002_broken.up.sql:2: syntax error at or near \"SELEC\"")
            let statuses = try await Migrator(options, [first]).status()
            #expect(statuses.map { $0.appliedAt != nil } == [true])
            let connection = try await PostgresConnection.connect(options)
            let table = try await connection.query("SELECT to_regclass('c') IS NULL")
            #expect(try table[0].decode(0) == true)
        }
    }

    @Test func aStepThatEndsItsTransactionIsRefused() async throws {
        try await withDatabase { options in
            let sly = Migration(number: 1, name: "sly", up: "CREATE TABLE a (); COMMIT", down: nil)
            let error = await #expect(throws: MigrationError.self) { try await Migrator(options, [sly]).up() }
            #expect(error.map { "\($0)".contains("0001_sly.up.sql") && "\($0)".contains("transaction") } == true)
        }
    }

    @Test func aStepWithoutUndoStopsBeforeAnythingIsUndone() async throws {
        try await withDatabase { options in
            let oneWay = Migration(number: 2, name: "one_way", up: "ALTER TABLE a ADD b text", down: nil)
            let last = Migration(number: 3, name: "last", up: "ALTER TABLE a ADD c text", down: "ALTER TABLE a DROP c")
            let migrator = Migrator(options, [first, oneWay, last])
            try await migrator.up()
            await #expect(throws: MigrationError.irreversible("0002_one_way")) { try await migrator.down(to: 0) }
            let names = try await columns(options)
            #expect(names == ["id", "b", "c"])
        }
    }

    @Test func twoMigratorsAtOnceApplyEachStepOnce() async throws {
        try await withDatabase { options in
            let steps = (1...20).map {
                Migration(number: $0, name: "s", up: "CREATE TABLE t\($0) (); SELECT pg_sleep(0.01)", down: nil)
            }
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await Migrator(options, steps).up() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, 20])
        }
    }
}
