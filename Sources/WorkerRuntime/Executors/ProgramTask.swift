import Glibc
import JSON
import Protobuf

/// One attempt that runs a program: its folder, its files, its environment, and what its end means.
struct ProgramTask: Sendable {
    /// Largest output of a step, in bytes.
    static let outputLimit = 1 << 20

    var host: ProgramHost
    var execution: TaskExecution
    /// The program and its arguments, made when the attempt's folder stands.
    var arguments: @Sendable (borrowing WorkingDirectory) throws(SystemError) -> [String]
    /// What the file named by `BEAMLINE_INPUT` holds.
    var input: [UInt8]
    var environment: [String: String] = [:]
    /// `nil`: the attempt's folder.
    var workingDirectory: String?
    var standardInput: String?
    var timeout: Duration?

    /// Runs it on a thread of its own; the pools' slots bound their number.
    func run() async -> TaskOutcome {
        do throws(SystemError) {
            return try await BlockingThread.run { runBlocking() }
        } catch {
            return .failure(TaskFailure(.resource, code: "system", message: "\(error)", retryable: true))
        }
    }

    private func runBlocking() -> TaskOutcome {
        let began = ContinuousClock.now
        if execution.stop.level != nil { return .failure(.stopped()) }
        do throws(SystemError) {
            var outcome = try attempt()
            outcome.usage.duration = .now - began
            return outcome
        } catch {
            var usage = TaskUsage()
            usage.duration = .now - began
            // A program that is not there will not be there at the next try either; a full disk or process table may.
            let permanent = [ENOENT, EACCES, ENOEXEC, ENOTDIR, E2BIG].contains(error.code)
            return .failure(
                TaskFailure(
                    permanent ? .invalid : .resource, code: permanent ? "cannot_start" : "system",
                    message: error.description, retryable: !permanent), usage: usage)
        }
    }

    private func attempt() throws(SystemError) -> TaskOutcome {
        let folder = try WorkingDirectory(below: host.scratch)
        let inputFile = try folder.write("input.json", input)
        let outputFile = folder.file("output.json")
        let stdin = try standardInput.map { (text) throws(SystemError) in try folder.write("stdin", Array(text.utf8)) }
        let mark = "BEAMLINE_IDEMPOTENCY_KEY=\(execution.task.idempotencyKey)"

        let command = ProcessCommand(
            arguments: try arguments(folder),
            environment: host.environment.merging(environment) { $1 }
                .merging(contract(input: inputFile, output: outputFile)) { $1 },
            workingDirectory: workingDirectory ?? folder.path, input: stdin ?? "/dev/null")
        let result = try ProcessRun(
            command: command, deadline: execution.deadline(timeout: timeout), grace: execution.grace,
            stop: execution.stop, log: execution.log, mark: Array(mark.utf8)
        ).run()

        if !result.end.survivors.isEmpty {
            execution.log.notice(
                "\(result.end.survivors.count) process(es) that the program left behind were killed")
        }
        var usage = TaskUsage()
        usage.cpu = result.end.cpu
        usage.peakMemory = result.end.peakMemory
        return TaskOutcome(self.result(of: result, output: outputFile), usage: usage)
    }

    /// What every program of a task can rely on.
    private func contract(input: String, output: String) -> [String: String] {
        let task = execution.task
        var variables = [
            "BEAMLINE_RUN_ID": task.runID, "BEAMLINE_STEP_ID": task.stepID, "BEAMLINE_ATTEMPT": "\(task.attempt)",
            "BEAMLINE_IDEMPOTENCY_KEY": task.idempotencyKey, "BEAMLINE_SESSION": execution.session,
            "BEAMLINE_WORKFLOW": execution.assignment.workflow, "BEAMLINE_INPUT": input, "BEAMLINE_OUTPUT": output,
        ]
        if !task.traceparent.isEmpty { variables["TRACEPARENT"] = task.traceparent }
        return variables
    }

    private func result(of run: ProcessRun.Result, output: String) -> TaskOutcome.Result {
        switch run.stopped {
        case .timeout: return .failure(.timeout)
        case .request: return .failure(.stopped())
        case nil: break
        }
        switch run.end.status {
        case .exited(0):
            do throws(TaskFailure) {
                return .success(try Self.read(output))
            } catch {
                return .failure(error)
            }
        case .exited(let code):
            return .failure(
                TaskFailure(
                    .error, code: "exit_\(code)", message: Self.message("exit code \(code)", run.lastErrorLines),
                    retryable: true))
        case .signalled(let signal):
            return .failure(
                TaskFailure(
                    .error, code: "signal_\(signal)",
                    message: Self.message("killed by signal \(signal)", run.lastErrorLines), retryable: true))
        }
    }

    private static func message(_ what: String, _ lines: String) -> String {
        lines.isEmpty ? what : "\(what): \(lines)"
    }

    /// The step's output: JSON in the file that the program wrote, `null` if it wrote none.
    private static func read(_ path: String) throws(TaskFailure) -> [UInt8] {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try FileHandle.contents(of: path, limit: outputLimit)
        } catch {
            if error.code == ENOENT { return Array("null".utf8) }
            throw TaskFailure(.error, code: "output_unreadable", message: "\(error)", retryable: false)
        }
        guard let bytes else {
            throw TaskFailure(
                .resource, code: "output_too_large",
                message: "the output is over 1 MiB; write large data to a file and put its path in the output",
                retryable: false)
        }
        if bytes.allSatisfy({ [0x20, 0x0A, 0x0D, 0x09].contains($0) }) { return Array("null".utf8) }
        do {
            return try JSONValue(parsing: bytes).bytes()
        } catch {
            throw TaskFailure(
                .error, code: "output_not_json", message: "the file named by BEAMLINE_OUTPUT is no JSON: \(error)",
                retryable: false)
        }
    }
}

extension TaskFailure {
    static let timeout = TaskFailure(
        .timeout, code: "timeout", message: "the attempt took longer than its time limit", retryable: true)
}
