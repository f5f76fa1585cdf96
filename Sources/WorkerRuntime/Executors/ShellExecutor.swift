import JSON
import Protobuf

/// `shell`: a program with arguments, or a script of `/bin/sh`.
///
/// `with`: `command` (a list: program and arguments; a text: a script, run by `sh -e`), `env`, `cwd`, `stdin`,
/// `input` (what `BEAMLINE_INPUT` names; the whole `with` otherwise), `timeout`.
public struct ShellExecutor: TaskExecutor {
    public let taskType = "shell"
    public let pool: String
    private let host: ProgramHost

    public init(host: ProgramHost, pool: String = "cpu") {
        self.host = host
        self.pool = pool
    }

    public func run(_ execution: TaskExecution) async -> TaskOutcome {
        do throws(TaskFailure) {
            return await (try Self.task(execution, host: host)).run()
        } catch {
            return .failure(error)
        }
    }

    static func task(_ execution: TaskExecution, host: ProgramHost) throws(TaskFailure) -> ProgramTask {
        let input = try TaskInput(
            execution.assignment.input, fields: ["command", "env", "cwd", "stdin", "input", "timeout"])
        let arguments: @Sendable (borrowing WorkingDirectory) throws(SystemError) -> [String]
        if let script = input["command"]?.stringValue {
            arguments = { folder throws(SystemError) in
                ["/bin/sh", "-e", try folder.write("script", Array(script.utf8))]
            }
        } else {
            guard let command = try input.strings("command"), let program = command.first, !program.isEmpty else {
                throw .invalid("with.command: is missing: give a list of program and arguments, or a script's text")
            }
            arguments = { _ throws(SystemError) in command }
        }
        return ProgramTask(
            host: host, execution: execution, arguments: arguments,
            input: input["input"]?.bytes() ?? execution.assignment.input, environment: try input.stringMap("env"),
            workingDirectory: try input.string("cwd").map(host.resolve), standardInput: try input.string("stdin"),
            timeout: try input.duration("timeout"))
    }
}
