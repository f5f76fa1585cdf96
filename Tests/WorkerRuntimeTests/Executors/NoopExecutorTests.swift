import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("noop")
struct NoopExecutorTests {
    @Test(
        "gives back its output, or its input",
        arguments: [
            (#"{"output": {"a": 1}}"#, #"{"a":1}"#), (#"{"b": 2}"#, #"{"b": 2}"#), ("", "{}"),
            (#"{"text": "\"output\""}"#, #"{"text": "\"output\""}"#),
        ])
    func output(_ input: String, _ expected: String) throws {
        let bench = try ExecutorBench()
        var assign = ExecutorBench.unique("noop", [:])
        assign.input = Array(input.utf8)
        #expect(NoopExecutor().runNow(bench.execution(assign)).result == .success(Array(expected.utf8)))
    }

    @Test("input that is no JSON is refused where it must be read")
    func invalid() throws {
        let bench = try ExecutorBench()
        var assign = ExecutorBench.unique("noop", [:])
        assign.input = Array(#"{"output": "#.utf8)
        #expect(NoopExecutor().runNow(bench.execution(assign)).failure?.kind == .invalid)
    }
}
