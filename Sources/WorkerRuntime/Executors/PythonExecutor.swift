import JSON
import Protobuf

/// `python`: a function `main(input)`, or a script file.
///
/// `with`: `code` (Python source) or `file` (a script's path), `args`, `env`, `cwd`, `stdin`, `timeout`. What
/// `main(args)` returns is the output; `input` is another name for `args`. A file with a list of `args` is run as a
/// script, with these as its arguments.
public struct PythonExecutor: TaskExecutor {
    public let taskType = "python"
    public let pool: String
    private let host: ProgramHost
    private let interpreter: String

    /// - Parameter interpreter: looked up in PATH.
    public init(host: ProgramHost, pool: String = "cpu", interpreter: String = "python3") {
        self.host = host
        self.pool = pool
        self.interpreter = interpreter
    }

    public func run(_ execution: TaskExecution) async -> TaskOutcome {
        do throws(TaskFailure) {
            return await (try task(execution)).run()
        } catch {
            return .failure(error)
        }
    }

    private func task(_ execution: TaskExecution) throws(TaskFailure) -> ProgramTask {
        let input = try TaskInput(
            execution.assignment.input,
            fields: ["code", "file", "args", "input", "env", "cwd", "stdin", "timeout"])
        let code = try input.string("code")
        let file = try input.string("file").map(host.resolve)
        guard input["args"] == nil || input["input"] == nil else {
            throw .invalid("with: give either `args` or `input`, which mean the same")
        }
        let value = input["args"] ?? input["input"] ?? [:]
        let interpreter = interpreter
        let arguments: @Sendable (borrowing WorkingDirectory) throws(SystemError) -> [String]
        switch (code, file) {
        case (let code?, nil):
            arguments = { folder throws(SystemError) in
                let source = try folder.write("task.py", Array(code.utf8))
                return [interpreter, try folder.write("beamline_call.py", Array(PythonCall.source.utf8)), source]
            }
        case (nil, let file?):
            let script = input["args"]?.arrayValue == nil ? nil : try input.strings("args")
            arguments = { folder throws(SystemError) in
                if let script { return [interpreter, file] + script }
                return [interpreter, try folder.write("beamline_call.py", Array(PythonCall.source.utf8)), file]
            }
        case (nil, nil), (.some, .some):
            throw .invalid("with: give either `code` (Python source) or `file` (a script's path)")
        }
        return ProgramTask(
            host: host, execution: execution, arguments: arguments, input: value.bytes(),
            environment: ["PYTHONUNBUFFERED": "1"].merging(try input.stringMap("env")) { $1 },
            workingDirectory: try input.string("cwd").map(host.resolve), standardInput: try input.string("stdin"),
            timeout: try input.duration("timeout"))
    }
}
