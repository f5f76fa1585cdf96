import ArgumentParser
import Glibc

/// The `beamline` command line: nouns, then verbs.
@main
struct Beamline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "beamline",
        abstract: "Runs workflows durably, on workers in any language.",
        discussion: """
            Client commands find the server by .beamline/context.json in this folder or above it (written by \
            `beamline dev`), else by BEAMLINE_URL and BEAMLINE_TOKEN, else by ~/.config/beamline/context.json.

            Exit status: 0 done or succeeded, 1 the run failed, 2 wrong usage or invalid input, 3 cancelled, \
            4 timed out, 5 refused, 6 the server cannot be reached.
            """,
        version: BuildVersion.text,
        subcommands: [
            ApplyCommand.self, BundleCommand.self, LimitCommand.self, WorkflowCommand.self, RunCommand.self,
            DeadLetterCommand.self, BulkCommand.self, ApprovalCommand.self, QueueCommand.self, BreakerCommand.self,
            WorkerCommand.self,
            InitCommand.self, DashboardCommand.self, TokenCommand.self, KeyCommand.self, RoleCommand.self,
            SecretCommand.self, TenantCommand.self, UserCommand.self, QuotaCommand.self, AuditCommand.self,
            ExpressionCommand.self,
            SchemaCommand.self, DevCommand.self,
            ServeCommand.self, MigrateCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            failure.report()
            Glibc.exit(failure.status.rawValue)
        } catch {
            let code = Self.exitCode(for: error)
            if code.isSuccess {
                print(Self.fullMessage(for: error))
                Glibc.exit(0)
            }
            if code == ExitCode.validationFailure {
                printToStandardError(Self.fullMessage(for: error))
                Glibc.exit(ExitStatus.invalid.rawValue)
            }
            if let status = error as? ExitCode { Glibc.exit(status.rawValue) }
            printToStandardError("error: \(error)")
            Glibc.exit(ExitStatus.failed.rawValue)
        }
    }
}
