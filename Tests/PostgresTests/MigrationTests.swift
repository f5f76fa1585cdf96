import Glibc
import Testing

@testable import Postgres

@Suite("Migration files and plan")
struct MigrationTests {
    private func parse(_ names: String...) throws -> [Migration] {
        try Migration.parse(names.map { ($0, "text of \($0)") })
    }

    @Test func filesBecomeMigrationsInOrder() throws {
        let migrations = try parse("0002_b.up.sql", "0001_a.down.sql", "0001_a.up.sql", "10000_long_name.up.sql")
        #expect(migrations.map(\.title) == ["0001_a", "0002_b", "10000_long_name"])
        #expect(migrations[0].up == "text of 0001_a.up.sql")
        #expect(migrations[0].down == "text of 0001_a.down.sql")
        #expect(migrations[1].down == nil)
    }

    @Test(arguments: ["1_a.up.sql", "0001a.up.sql", "0001_.up.sql", "0001_a.sql", "0001_a.side.sql", "0000_a.up.sql"])
    func misnamedFilesAreRefused(name: String) {
        #expect(throws: MigrationError.misnamed(name)) { try parse(name) }
    }

    @Test func aFolderIsRead() throws {
        let folder = "/tmp/beamline-migrations-\(getpid())"
        unsafe mkdir(folder, 0o700)
        for (name, text) in [("0002_b.up.sql", "b"), ("0001_a.up.sql", "ä"), ("0001_a.down.sql", "c"), ("README", "")] {
            #expect(Files.write(text, to: "\(folder)/\(name)", mode: 0o600))
        }
        let migrations = try Migration.load(from: folder)
        #expect(
            migrations == [
                Migration(number: 1, name: "a", up: "ä", down: "c"),
                Migration(number: 2, name: "b", up: "b", down: nil),
            ])
        for name in try #require(Files.names(in: folder)) { unsafe unlink("\(folder)/\(name)") }
        unsafe rmdir(folder)
    }

    @Test func filesThatDoNotFitTogetherAreRefused() {
        #expect(throws: MigrationError.duplicate("0001_a", "0001_b.up.sql")) {
            try parse("0001_a.up.sql", "0001_b.up.sql")
        }
        #expect(throws: MigrationError.orphan("0001_b.down.sql")) { try parse("0001_a.up.sql", "0001_b.down.sql") }
        #expect(throws: MigrationError.orphan("0002_b.down.sql")) { try parse("0001_a.up.sql", "0002_b.down.sql") }
        #expect(throws: MigrationError.unreadable("/nowhere")) { try Migration.load(from: "/nowhere") }
    }

    private func known(_ numbers: Int...) -> [Migrator.Known] {
        numbers.map {
            Migrator.Known(migration: .init(number: $0, name: "s", up: "", down: nil), checksum: [UInt8($0)])
        }
    }

    private func applied(_ numbers: Int...) -> [Migrator.Applied] {
        numbers.map { Migrator.Applied(number: $0, name: "s", checksum: [UInt8($0)], at: .init(microseconds: 5)) }
    }

    @Test func whatIsMissingIsPending() throws {
        let statuses = try Migrator.compare(known(1, 2, 3), applied(1, 2))
        #expect(statuses.map { $0.appliedAt != nil } == [true, true, false])
        #expect(statuses.map(\.title) == ["0001_s", "0002_s", "0003_s"])
    }

    @Test func schemasThatDoNotFitAreRefused() {
        #expect(throws: MigrationError.newer("0004_s")) { try Migrator.compare(known(1, 2), applied(1, 2, 4)) }
        #expect(throws: MigrationError.outOfOrder(file: "0002_s.up.sql", applied: "0003_s")) {
            try Migrator.compare(known(1, 2, 3), applied(1, 3))
        }
        var edited = applied(1, 2)
        edited[1].checksum = [0]
        #expect(throws: MigrationError.edited("0002_s.up.sql")) { try Migrator.compare(known(1, 2), edited) }
        var renamed = applied(1)
        renamed[0].name = "other"
        #expect(throws: MigrationError.renamed(applied: "0001_other", file: "0001_s.up.sql")) {
            try Migrator.compare(known(1), renamed)
        }
    }

    @Test func aPositionBecomesALine() {
        let text = "one\ntwö\nthree"
        #expect(Migrator.line(of: 1, in: text) == 1)
        #expect(Migrator.line(of: 4, in: text) == 1)
        #expect(Migrator.line(of: 5, in: text) == 2)
        #expect(Migrator.line(of: 9, in: text) == 3)
        #expect(Migrator.line(of: 999, in: text) == 3)
    }

    @Test func eachMessageNamesTheFile() {
        let errors: [MigrationError] = [
            .unreadable("0001_x"), .misnamed("0001_x"), .duplicate("0001_y", "0001_x"), .orphan("0001_x"),
            .newer("0001_x"), .edited("0001_x"), .renamed(applied: "0001_y", file: "0001_x"),
            .outOfOrder(file: "0001_x", applied: "0002_x"), .pending(["0001_x"]), .irreversible("0001_x"),
            .failed(file: "0001_x", line: 3, PostgresError(.misuse)),
        ]
        for error in errors { #expect("\(error)".contains("0001_x")) }
    }
}
