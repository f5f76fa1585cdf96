import Glibc
import JSON
import Protobuf

@testable import WorkerRuntime

/// Runs single attempts on executors, without a worker.
struct ExecutorBench {
    let folder: TestFolder
    let host: ProgramHost
    let log = RecordedLog()
    let stop = StopSignal()

    init(environment: [String: String] = [:]) throws {
        try ProcessFamily.adoptOrphans()
        folder = try TestFolder()
        var environment = environment
        environment["PATH"] = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        environment["HOME"] = unsafe getenv("HOME").map { unsafe String(cString: $0) } ?? "/"
        host = ProgramHost(scratch: folder.path, files: folder.path, environment: environment)
    }

    func execution(
        _ assign: BeamlineV1.Assign, timeout: Duration? = nil, grace: Duration = .milliseconds(300)
    ) -> TaskExecution {
        let task = assign.task ?? .init()
        return TaskExecution(
            assignment: assign, task: task, session: "session-1", stop: stop, log: TaskLog(task: task, outlet: log),
            deadline: timeout.map { .now + $0 }, grace: grace, outlet: log)
    }

    /// A key of its own for each attempt, by which leftovers are found.
    static func unique(_ type: String, _ with: JSONValue) -> BeamlineV1.Assign {
        var assign = BeamlineV1.Assign.sample(type, with)
        assign.task?.idempotencyKey = "test/\(UInt64.random(in: 0 ... .max))"
        return assign
    }

    func shell(_ with: JSONValue, timeout: Duration? = nil, grace: Duration = .milliseconds(300)) async -> TaskOutcome {
        await ShellExecutor(host: host).run(execution(Self.unique("shell", with), timeout: timeout, grace: grace))
    }

    func python(_ with: JSONValue) async -> TaskOutcome {
        await PythonExecutor(host: host).run(execution(Self.unique("python", with)))
    }
}

extension TaskOutcome {
    var output: JSONValue? {
        guard case .success(let bytes) = result else { return nil }
        return try? JSONValue(parsing: bytes)
    }

    var failure: TaskFailure? {
        guard case .failure(let failure) = result else { return nil }
        return failure
    }
}
