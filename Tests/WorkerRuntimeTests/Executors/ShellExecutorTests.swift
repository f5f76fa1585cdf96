import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("shell", .timeLimit(.minutes(1)))
struct ShellExecutorTests {
    @Test("a program with arguments; its standard output is log, its output a file")
    func program() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell(["command": ["sh", "-c", "echo hi; echo '{\"n\": 3}' > $BEAMLINE_OUTPUT"]])
        #expect(outcome.output == ["n": 3])
        #expect(bench.log.text() == "hi\n")
        #expect(outcome.usage.duration > .zero && outcome.usage.cpu > .zero && outcome.usage.peakMemory > 0)
    }

    @Test("a program without output answers null, and leaves no folder behind")
    func noOutput() async throws {
        let bench = try ExecutorBench()
        #expect(await bench.shell(["command": "mkdir -p a/b; touch a/b/c; chmod 0 a; pwd"]).output == .null)
        #expect(bench.log.text().hasPrefix(bench.folder.path + "/beamline-"))
        #expect(try bench.folder.entries == [])
    }

    @Test("the environment of a task")
    func environment() async throws {
        let bench = try ExecutorBench(environment: ["BEAMLINE_TOKEN": "secret", "LC_ALL": "C"])
        var assign = ExecutorBench.unique(
            "shell", ["command": "env; cat $BEAMLINE_INPUT", "env": ["N": 7], "input": [1]])
        assign.task?.idempotencyKey = "key-1"
        _ = await ShellExecutor(host: bench.host).run(bench.execution(assign))
        let lines = Set(bench.log.text().split(separator: "\n").map(String.init))
        for expected in [
            "BEAMLINE_RUN_ID=01939d2c-7a00-7000-8000-000000000001", "BEAMLINE_STEP_ID=greet", "BEAMLINE_ATTEMPT=1",
            "BEAMLINE_IDEMPOTENCY_KEY=key-1", "BEAMLINE_SESSION=session-1", "BEAMLINE_WORKFLOW=hello", "N=7",
            "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "LC_ALL=C", "[1]",
        ] { #expect(lines.contains(expected), "\(expected)") }
        #expect(!bench.log.text().contains("secret"))
    }

    @Test("stdin and cwd")
    func standardInput() async throws {
        let bench = try ExecutorBench()
        _ = await bench.shell(["command": ["cat"], "stdin": "line\n"])
        _ = await bench.shell(["command": ["pwd"], "cwd": "/usr"])
        #expect(bench.log.text() == "line\n/usr\n")
    }

    @Test("a failed program: its code and last lines of standard error")
    func exitCode() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell(["command": "echo one >&2; echo two >&2; exit 3"])
        #expect(
            outcome.failure == TaskFailure(.error, code: "exit_3", message: "exit code 3: one\ntwo", retryable: true))
        #expect(bench.log.text(.error) == "one\ntwo\n")
    }

    @Test("a script stops at its first failing command")
    func stopsAtError() async throws {
        let bench = try ExecutorBench()
        #expect(await bench.shell(["command": "false\necho never"]).failure?.code == "exit_1")
        #expect(bench.log.text() == "")
    }

    @Test("a program that a signal killed")
    func signalled() async throws {
        let bench = try ExecutorBench()
        #expect(await bench.shell(["command": "kill -SEGV $$"]).failure?.code == "signal_11")
    }

    @Test("a program that is not there cannot be retried")
    func missing() async throws {
        let bench = try ExecutorBench()
        let failure = await bench.shell(["command": ["no-such-program-here"]]).failure
        #expect(failure?.kind == .invalid && failure?.code == "cannot_start" && failure?.retryable == false)
        #expect(failure?.message.contains("no-such-program-here") == true)
        #expect(await bench.shell(["command": ["true"], "cwd": "/nowhere"]).failure?.code == "cannot_start")
    }

    @Test("an output that is no JSON, or too large")
    func badOutput() async throws {
        let bench = try ExecutorBench()
        #expect(await bench.shell(["command": "echo '{' > $BEAMLINE_OUTPUT"]).failure?.code == "output_not_json")
        let large = await bench.shell(["command": "head -c 1048577 /dev/zero | tr '\\0' 1 > $BEAMLINE_OUTPUT"])
        #expect(large.failure?.code == "output_too_large" && large.failure?.kind == .resource)
        #expect(await bench.shell(["command": "mkfifo $BEAMLINE_OUTPUT"]).output == .null)
    }

    @Test(
        "wrong input names its place",
        arguments: [
            (#"{"comand": "x"}"#, "with.comand: unknown field"), (#"{}"#, "with.command: is missing"),
            (#"{"command": 3}"#, "with.command: must be a list of strings, not integer"),
            (#"{"command": ["a"], "timeout": "1x"}"#, "with.timeout: "),
            (#"{"command": ["a"], "env": {"A=B": 1}}"#, "with.env: \"A=B\" is no name"),
            (#"[]"#, "with: must be an object, not array"), (#"{"#, "with: line"),
        ])
    func invalid(_ input: String, _ message: String) async throws {
        let bench = try ExecutorBench()
        var assign = ExecutorBench.unique("shell", [:])
        assign.input = Array(input.utf8)
        let failure = await ShellExecutor(host: bench.host).run(bench.execution(assign)).failure
        #expect(failure?.kind == .invalid && failure?.retryable == false)
        #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "none")")
    }

    @Test("the log is live, numbered and cut at 10 MiB")
    func logs() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell([
            "command": "head -c 11000000 /dev/zero | tr '\\0' x | fold -w 99; echo done >&2"
        ])
        #expect(outcome.output == .null)
        let chunks = bench.log.all
        #expect(chunks.map(\.sequence) == Array(1...Int64(chunks.count)))
        let bytes = bench.log.text().utf8.count + bench.log.text(.error).utf8.count
        #expect(bytes == TaskLog.attemptLimit)
        #expect(bench.log.text(.system) == "log truncated: this attempt wrote more than 10 MiB\n")
    }

    @Test("an unfinished line is shown before it ends")
    func prompt() async throws {
        let bench = try ExecutorBench()
        async let outcome = bench.shell(["command": "printf 'password: '; exec sleep 60"])
        await bench.log.wait(for: "password: ")
        bench.stop.raise(.immediate)
        #expect(await outcome.failure?.code == "stopped")
    }
}
