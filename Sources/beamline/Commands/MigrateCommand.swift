import ArgumentParser
import Postgres

/// `beamline migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up, or show where it stands.")

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Only show which migrations are applied.")
    var status = false

    @Option(help: "Take the schema down to this migration, exclusive. Deletes data.")
    var downTo: Int?

    func run() async throws {
        let migrator = try SchemaStep.migrator(try database.require())
        do {
            if status {
                var table = Table("migration", "applied")
                for entry in try await migrator.status() {
                    table.add(entry.title, entry.appliedAt == nil ? "no" : "yes")
                }
                print(table.text)
            } else if let downTo {
                let count = try await migrator.down(to: downTo)
                print("\(count) migrations taken back")
            } else {
                let count = try await migrator.up()
                print(count == 0 ? "The schema is up to date." : "\(count) migrations applied")
            }
        } catch {
            throw SchemaStep.failure(error)
        }
    }
}

/// The schema, as the commands that need one bring it up.
enum SchemaStep {
    static func migrator(_ url: String) throws -> Migrator {
        do {
            let migrations = try Migration.load(from: Installation.migrations())
            return Migrator(PostgresConnection.Options(url, applicationName: "beamline migrate"), migrations)
        } catch {
            throw failure(error)
        }
    }

    /// Answers how many migrations there are.
    static func up(_ url: String) async throws -> Int {
        let migrator = try migrator(url)
        do {
            _ = try await migrator.up()
        } catch {
            throw failure(error)
        }
        return migrator.migrations.count
    }

    static func failure(_ error: any Error) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: failure
        case let error as PostgresError: CommandFailure(.unreachable, "error: PostgreSQL: \(error)")
        default: CommandFailure(.invalid, "error: \(error)")
        }
    }
}
