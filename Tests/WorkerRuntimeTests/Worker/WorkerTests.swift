import JSON
import Logging
import Protobuf
import Telemetry
import Testing

@testable import WorkerRuntime

/// A whole worker against a server that the test plays.
@Suite("Worker", .timeLimit(.minutes(1)))
struct WorkerTests {
    @Test("runs what it is given and tells the outcome")
    func runs() async throws {
        try await WorkerBench().withWorker { bench, stream in
            let task = BeamlineV1.TaskRef.sample()
            stream.server.say(.assign(.sample("noop", ["output": 7])))
            #expect(try await stream.next() == .started(.init(task: task.name)))
            guard case .complete(let complete) = try await stream.next() else {
                Issue.record("no outcome")
                return
            }
            #expect(complete.task == task.name && complete.output == Array("7".utf8))
            stream.server.say(.ack(.init(task: task, result: .recorded)))
        }
    }

    @Test("logs come before the outcome, in order")
    func logs() async throws {
        try await WorkerBench().withWorker { bench, stream in
            stream.server.say(.assign(.sample("shell", ["command": "echo one; sleep 0.1; echo two; exit 3"])))
            var text = ""
            var sequences: [Int64] = []
            while true {
                switch try await stream.next() {
                case .log(let log):
                    text += log.text
                    sequences.append(log.sequence)
                    continue
                case .fail(let fail):
                    #expect(fail.code == "exit_3" && fail.kind == "error" && fail.retryable)
                    #expect((fail.usage?.durationUs ?? 0) >= 100_000 && (fail.usage?.cpuUs ?? 0) > 0)
                    stream.server.say(.ack(.init(task: fail.task, result: .recorded)))
                case .started: continue
                default: Issue.record("unexpected message")
                }
                break
            }
            #expect(text == "one\ntwo\n")
            #expect(sequences == Array(1...Int64(sequences.count)))
        }
    }

    @Test("a task type that it has not is refused for good")
    func unknownType() async throws {
        try await WorkerBench().withWorker { bench, stream in
            stream.server.say(.assign(.sample("quantum")))
            let fail = try await stream.outcome()
            #expect(fail?.kind == "invalid" && fail?.code == "unknown_task_type" && fail?.retryable == false)
            stream.server.say(.ack(.init(task: .sample(), result: .recorded)))
        }
    }

    @Test("a task outlives its stream, and its outcome is told on the next one, until it is acknowledged")
    func reconnects() async throws {
        try await WorkerBench().withWorker { bench, first in
            let go = bench.folder.path + "/go"
            first.server.say(
                .assign(
                    .sample("shell", ["command": .string(TestFolder.waiting(for: go) + "echo 5 > $BEAMLINE_OUTPUT")])))
            _ = try await first.next()
            first.server.breakOff(Broken())
            let second = try await bench.accept()
            #expect(second.hello.held == [.sample().name] && second.hello.session == first.hello.session)
            second.server.say(.welcome(WorkerBench.welcome))
            #expect(try await second.next() == .started(.init(task: .sample().name)))
            try bench.folder.write("go", "")
            let outcome = try await second.next()
            guard case .complete(let complete) = outcome else {
                Issue.record("no success but \(String(describing: outcome))")
                return
            }
            #expect(complete.output == Array("5".utf8))
            second.server.breakOff(Broken())
            let third = try await bench.accept()
            #expect(third.hello.held == [.sample().name])
            third.server.say(.welcome(WorkerBench.welcome))
            #expect(try await third.next() == .complete(complete))
            third.server.say(.ack(.init(task: .sample(), result: .alreadyRecorded)))
        }
    }

    @Test("a cancelled task's processes end, and nothing is told")
    func cancels() async throws {
        try await WorkerBench().withWorker { bench, stream in
            stream.server.say(
                .assign(
                    .sample(
                        "shell", ["command": "trap '' TERM; echo pid=$$; while :; do sleep 0.05; done"], graceMs: 200)))
            let line = try await stream.log()
            let process = try #require(Int32(line.dropFirst(4).prefix { $0 != "\n" }))
            #expect(isAlive(process))
            stream.server.say(.cancel(.init(task: .sample(), reason: "run cancelled")))
            stream.server.say(.assign(.sample("noop", step: "after")))
            guard case .started(let started) = try await stream.next() else {
                Issue.record("the next task did not start")
                return
            }
            #expect(started.task?.stepID == "after")
            _ = try await stream.outcome()
            stream.server.say(.ack(.init(task: .sample("after"), result: .recorded)))
            await bench.worker.drain()
            try await bench.ended()
            #expect(!isAlive(process))
        }
    }

    @Test("draining: what runs is finished, then the worker leaves")
    func drains() async throws {
        try await WorkerBench().withWorker { bench, stream in
            let go = bench.folder.path + "/go"
            stream.server.say(.assign(.sample("shell", ["command": .string(TestFolder.waiting(for: go))])))
            _ = try await stream.next()
            await bench.worker.drain()
            #expect(try await stream.next() == .draining(.init()))
            try bench.folder.write("go", "")
            let outcome = try await stream.next()
            guard case .complete = outcome else {
                Issue.record("no success but \(String(describing: outcome))")
                return
            }
            stream.server.say(.ack(.init(task: .sample(), result: .recorded)))
            try await bench.ended()
        }
    }

    @Test("after the drain grace what runs is stopped and not reported")
    func drainGrace() async throws {
        try await WorkerBench(drainGrace: .milliseconds(200)).withWorker { bench, stream in
            stream.server.say(.assign(.sample("shell", ["command": "echo pid=$$; exec sleep 600"])))
            let line = try await stream.log()
            await bench.worker.drain()
            #expect(try await stream.next() == .draining(.init()))
            try await bench.ended()
            #expect(!isAlive(try #require(Int32(line.dropFirst(4).prefix { $0 != "\n" }))))
            #expect(try await stream.nextOrEnd() == nil)
        }
    }

    @Test("stopping at once kills what runs")
    func stopNow() async throws {
        try await WorkerBench().withWorker { bench, stream in
            stream.server.say(
                .assign(.sample("shell", ["command": "trap '' TERM; echo pid=$$; while :; do sleep 0.05; done"])))
            let line = try await stream.log()
            bench.worker.stopNow()
            try await bench.ended()
            #expect(!isAlive(try #require(Int32(line.dropFirst(4).prefix { $0 != "\n" }))))
        }
    }

    @Test("heartbeats carry the held count, and the inventory names what is held")
    func heartbeats() async throws {
        try await WorkerBench().withWorker { bench, stream in
            stream.server.say(.assign(.sample("shell", ["command": "sleep 600"])))
            _ = try await stream.next()
            #expect(try await stream.heartbeat() == 1)
            stream.server.say(.inventory(.init()))
            #expect(try await stream.next() == .inventory(.init(held: [.sample().name])))
            bench.worker.stopNow()
        }
    }

    @Test("more tasks than slots wait for a slot")
    func slots() async throws {
        try await WorkerBench(pools: ["cpu": 1, "io": 1]).withWorker { bench, stream in
            for step in ["a", "b", "c"] {
                stream.server.say(.assign(.sample("shell", ["command": "sleep 0.1"], step: step)))
            }
            var order: [String] = []
            while order.count < 6 {
                switch try await stream.next() {
                case .started(let started): order.append("+" + (started.task?.stepID ?? ""))
                case .complete(let complete):
                    order.append("-" + (complete.task?.stepID ?? ""))
                    stream.server.say(.ack(.init(task: complete.task, result: .recorded)))
                default: break
                }
            }
            #expect(order == ["+a", "-a", "+b", "-b", "+c", "-c"])
        }
    }

    @Test("what a worker counts")
    func metrics() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker { bench, stream in
            stream.server.say(.assign(.sample("noop")))
            _ = try await stream.outcome()
            stream.server.say(.ack(.init(task: .sample(), result: .recorded)))
            await bench.worker.drain()
            try await bench.ended()
        }
        let text = bench.registry.render()
        #expect(text.contains(#"beamline_worker_tasks_total{task_type="noop",outcome="success"} 1"#))
        #expect(text.contains(#"beamline_worker_acknowledgements_total{result="recorded"} 1"#))
        #expect(text.contains(#"beamline_worker_slots{pool="cpu"} 2"#))
    }
}

struct Broken: Error {}
