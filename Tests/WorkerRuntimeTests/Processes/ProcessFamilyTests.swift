import JSON
import Protobuf
import Testing

@testable import WorkerRuntime

/// Real processes, real signals.
@Suite("Nothing of a task survives", .timeLimit(.minutes(1)))
struct ProcessFamilyTests {
    /// Process ids that a script printed as `name=PID`.
    func processes(_ log: RecordedLog) -> [String: Int32] {
        var found: [String: Int32] = [:]
        for line in log.text().split(separator: "\n") {
            let parts = line.split(separator: "=")
            if parts.count == 2, let id = Int32(parts[1]) { found[String(parts[0])] = id }
        }
        return found
    }

    /// A script that leaves a process in a session of its own, and goes on when that is up.
    static let daemon =
        "setsid -f sh -c 'echo daemon=$$; touch up; exec sleep 600'; while [ ! -e up ]; do sleep 0.02; done\n"

    @Test("a time-out asks, waits for the grace, and kills")
    func timeout() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell(
            // The sleep is asked to stop too; the script goes on until it is killed.
            ["command": "trap 'echo asked' TERM; echo self=$$; while :; do sleep 0.05 || :; done"],
            timeout: .seconds(2), grace: .milliseconds(400))
        #expect(outcome.failure == .timeout)
        #expect(bench.log.text().contains("asked"))
        #expect(!isAlive(try #require(processes(bench.log)["self"])))
    }

    @Test("the task's own time-out counts when it is earlier")
    func ownTimeout() async throws {
        let bench = try ExecutorBench()
        #expect(await bench.shell(["command": ["sleep", "60"], "timeout": "100ms"]).failure == .timeout)
        #expect(await bench.shell(["command": ["sleep", "60"], "timeout": 0.1]).failure == .timeout)
    }

    @Test("a stop ends children and grandchildren that ignore SIGTERM, in other groups and sessions too")
    func stop() async throws {
        let bench = try ExecutorBench()
        let script = """
            trap '' TERM
            sleep 600 & echo child=$!
            (sleep 600 & echo grandchild=$!; touch one) &
            setsid sh -c 'trap "" TERM; echo session=$$; sleep 600 & echo deep=$!; touch two; wait' &
            setsid setsid -f sh -c 'echo daemon=$$; touch three; exec sleep 600'
            while [ ! -e one ] || [ ! -e two ] || [ ! -e three ]; do sleep 0.02; done
            echo ready=1
            wait
            """
        async let outcome = bench.shell(["command": .string(script)], grace: .milliseconds(200))
        await bench.log.wait(for: "ready=1")
        let found = processes(bench.log)
        #expect(Set(found.keys) == ["child", "grandchild", "session", "deep", "daemon", "ready"])
        for (name, id) in found where name != "ready" { #expect(isAlive(id), "\(name) lives") }
        bench.stop.raise(.graceful)
        #expect(await outcome.failure?.code == "stopped")
        for (name, id) in found where name != "ready" { #expect(!isAlive(id), "\(name) is dead") }
    }

    @Test("what a program leaves behind when it ends by itself is killed, and said")
    func leftovers() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell(
            ["command": .string(Self.daemon + "echo 1 > $BEAMLINE_OUTPUT")])
        #expect(outcome.output == 1)
        #expect(!isAlive(try #require(processes(bench.log)["daemon"])))
        #expect(bench.log.text(.system) == "1 process(es) that the program left behind were killed\n")
    }

    @Test("an immediate stop does not ask")
    func immediate() async throws {
        let bench = try ExecutorBench()
        async let outcome = bench.shell(
            ["command": "trap 'echo asked' TERM; echo up=1; while :; do sleep 0.05; done"], grace: .seconds(30))
        await bench.log.wait(for: "up=1")
        bench.stop.raise(.immediate)
        #expect(await outcome.failure?.code == "stopped")
        #expect(!bench.log.text().contains("asked"))
    }

    @Test("a family does not touch the processes of another")
    func apart() async throws {
        let first = try ExecutorBench()
        let second = try ExecutorBench()
        async let long = first.shell([
            "command": .string(Self.daemon + "echo up=1; exec sleep 600")
        ])
        await first.log.wait(for: "up=1")
        #expect(await second.shell(["command": "exit 0"]).output == .null)
        let daemon = try #require(processes(first.log)["daemon"])
        #expect(isAlive(daemon))
        first.stop.raise(.immediate)
        #expect(await long.failure?.code == "stopped")
        #expect(!isAlive(daemon))
    }

    @Test("no zombie and no descriptor is left over")
    func tidy() async throws {
        let bench = try ExecutorBench()
        for _ in 0..<20 { _ = await bench.shell(["command": "(sleep 0.01 &) ; setsid -f true"]) }
        let zombies = ProcessFamily.children().compactMap { ProcStat.of($0) }
            .filter { $0.isZombie && $0.session == $0.pid }
        #expect(zombies.count <= 1, "another test's leader may be a zombie for an instant")
    }

    @Test("CPU time of children counts")
    func usage() async throws {
        let bench = try ExecutorBench()
        let outcome = await bench.shell(
            ["command": "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'"])
        #expect(outcome.usage.cpu > .milliseconds(20))
        #expect(outcome.usage.duration >= .milliseconds(20))
    }
}
