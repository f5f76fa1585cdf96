import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

@Suite("python", .timeLimit(.minutes(1)))
struct PythonExecutorTests {
    @Test("what main(input) returns is the output")
    func code() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.python([
            "code":
                "def main(input):\n    print('hello')\n    return {'text': input['name'] + '!', 'n': [1, 2.5, None]}\n",
            "input": ["name": "Ada"],
        ])
        #expect(outcome.output == ["text": "Ada!", "n": [1, 2.5, nil]])
        #expect(bench.log.text() == "hello\n")
    }

    @Test("an exception fails the attempt, with a traceback that begins in the user's code")
    func exception() async throws {
        let bench = try ExecutorBench()
        let failure = await bench.python(["code": "def main(input):\n    return input['nothing']\n"]).failure
        #expect(failure?.code == "exit_1" && failure?.retryable == true)
        #expect(failure?.message.hasSuffix("KeyError: 'nothing'") == true)
        #expect(failure?.message.contains("beamline_call.py") == false)
    }

    @Test("what JSON cannot hold is an error", arguments: ["{1, 2}", "float('nan')", "object()"])
    func notJSON(_ expression: String) async throws {
        let bench = try ExecutorBench()
        let failure = await bench.python(["code": .string("def main(input):\n    return \(expression)\n")]).failure
        #expect(failure?.message.contains("main(input) returned what JSON cannot hold") == true)
    }

    @Test("code without main, dataclasses, and the exit code")
    func toplevel() async throws {
        let bench = try ExecutorBench()
        let code = """
            from __future__ import annotations
            import dataclasses, json, os
            @dataclasses.dataclass
            class Point:
                x: int
            with open(os.environ["BEAMLINE_OUTPUT"], "w") as file:
                json.dump(dataclasses.asdict(Point(3)), file)
            """
        #expect(await bench.python(["code": .string(code)]).output == ["x": 3])
        #expect(await bench.python(["code": "import sys\nsys.exit(4)"]).failure?.code == "exit_4")
        #expect(
            await bench.python(["code": "def main(input):\n"]).failure?.message.contains("SyntaxError") == true
                || bench.log.text(.error).contains("IndentationError"))
    }

    @Test("a script file, with arguments and as main, below the worker's folder of files")
    func file() async throws {
        let bench = try ExecutorBench()
        try bench.folder.write("script.py", "import sys\nprint(sys.argv[1:])\n")
        try bench.folder.write("part.py", "import helper_part\ndef main(input):\n    return helper_part.twice(input)\n")
        try bench.folder.write("helper_part.py", "def twice(value):\n    return value * 2\n")
        #expect(await bench.python(["file": "script.py", "args": ["a", 2]]).output == .null)
        #expect(bench.log.text() == "['a', '2']\n")
        #expect(await bench.python(["file": "part.py", "input": 21]).output == 42)
        #expect(
            await bench.python(["file": "nowhere.py", "input": 21]).failure?.message.contains("nowhere.py") == true)
    }

    @Test(
        "wrong input",
        arguments: [
            (#"{}"#, "with: give either"), (#"{"code": "x", "file": "y"}"#, "with: give either"),
            (#"{"code": "x", "args": [], "input": {}}"#, "with: give either `args` or `input`"),
        ])
    func invalid(_ input: String, _ message: String) async throws {
        let bench = try ExecutorBench()
        var assign = ExecutorBench.unique("python", [:])
        assign.input = Array(input.utf8)
        let failure = await PythonExecutor(host: bench.host).run(bench.execution(assign)).failure
        #expect(failure?.kind == .invalid && failure?.message.hasPrefix(message) == true)
    }
}
