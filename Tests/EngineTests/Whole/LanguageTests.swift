import Engine
import TestSupport
import Testing
import Workflows

/// What a workflow can say, through the whole engine in virtual time.
@Suite("The whole language in the engine", .timeLimit(.minutes(1)))
struct LanguageTests {
    private let fixture: EngineFixture

    private static let definitions = [
        """
        name: each
        steps:
          - {id: list, uses: noop}
          - {id: e, uses: noop, needs: [list], for_each: "${{ steps.list.output }}", max_parallel: 3, with: {i: "${{ item }}"}}
        output: ${{ steps.e.output }}
        """,
        """
        name: waits
        steps:
          - {id: pause, uses: wait, with: {for: 20s}}
          - {id: sig, uses: wait, needs: [pause], with: {signal: go, timeout: 30s}}
          - {id: ok, uses: approval, needs: [sig], with: {quorum: 1, timeout: 1d, on_timeout: reject}}
        """,
        "name: parent\nsteps: [{id: sub, uses: workflow, with: {name: child, inputs: {x: 4}}}]",
        "name: child\nsteps: [{id: c, uses: noop, with: {x: \"${{ inputs.x }}\"}}]\noutput: ${{ steps.c.output }}",
        "name: orphan\nsteps: [{id: sub, uses: workflow, with: {name: nobody}}]",
        "name: deep\nsteps: [{id: sub, uses: workflow, with: {name: deep}}]",
        """
        name: cleaned
        setup: [{id: s, uses: noop}]
        steps: [{id: a, uses: noop}, {id: b, uses: noop, background: true}]
        on_failure: [{match: {step: a, error: timeout}, steps: [{id: h, uses: noop}], recover: mended}]
        finally: [{id: f, uses: noop}]
        """,
        "name: late\nsteps: [{id: a, uses: noop, deadline: 1m, retry: {max_attempts: 5, delay: 1h}}]",
        "name: chain\nsteps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]",
        """
        name: tells
        labels: {who: "${{ inputs.run }}"}
        steps: [{id: e, uses: emit, with: {name: go, payload: 7, run: "${{ inputs.run }}"}}]
        """,
    ]

    init() async throws {
        let plans = try Self.definitions.map { try Workflow(parsing: Array($0.utf8), file: "test.yaml").plan }
        fixture = try await EngineFixture(plans: plans)
    }

    private func settles(_ key: RunKey, _ state: RunLifecycle, _ worker: TestWorker) async -> Bool {
        await fixture.clock.advance(until: {
            worker.heartbeat()
            return fixture.store.runStates[key] == state
        })
    }

    private func until(_ worker: TestWorker, _ condition: @Sendable @escaping () -> Bool) async -> Bool {
        await fixture.clock.advance(until: {
            worker.heartbeat()
            return condition()
        })
    }

    /// Runs an engine and a worker.
    private func running(
        _ behaviour: @escaping TestWorker.Behaviour,
        _ body: @Sendable @escaping (Engine, TestWorker) async throws -> Void
    ) async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1, behaviour: behaviour)
        try await fixture.running(engine) {
            try await worker.connect(
                to: engine, tenant: fixture.tenant,
                pools: [.init(name: "cpu", slots: 50), .init(name: "io", slots: 50)])
            try await body(engine, worker)
        }
        #expect(fixture.audit() == [])
    }

    private static let succeed: TestWorker.Behaviour = { _ in .finish(.success(Array("{}".utf8))) }

    private func output(_ key: RunKey) async throws -> String? {
        let record = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first
        return record?.ending?.output.map { String(decoding: $0, as: UTF8.self) }
    }

    private func failure(_ key: RunKey) async throws -> StepFailure? {
        try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first?.ending?.failure
    }

    @Test("for_each runs its items, never more than max_parallel at once")
    func fanOut() async throws {
        try await running { task in
            task.task.step == "list" ? .finish(.success(Array("[1,2,3,4,5,6,7,8,9,10]".utf8))) : .hold
        } _: { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("each")))
            for done in 0..<10 {
                #expect(await until(worker) { worker.held.count == min(3, 10 - done) })
                #expect(fixture.store.tokens.attempts <= 3)
                let task = try #require(worker.held.first)
                let input = try #require(worker.assignments.first { $0.task == task }).input
                worker.finish(task, .success(input))
            }
            #expect(await settles(key, .succeeded, worker))
            let items = (1...10).map { "{\"i\":\($0)}" }.joined(separator: ",")
            #expect(try await output(key) == "[\(items)]")
            #expect(Set(worker.assignments.map(\.task.step)).count == 11, "each item has a name of its own")
        }
    }

    @Test("a time, a signal that comes first, and an approval")
    func waits() async throws {
        try await running(Self.succeed) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("waits")))
            let signal = RunSignal(name: "go", id: "1", payload: Array("5".utf8))
            try await engine.signal(key, signal)
            try await engine.signal(key, signal)
            #expect(await until(worker) { fixture.store.waiting == [StepKey(run: key, step: 2)] })
            await #expect(throws: EngineError.self) {
                try await engine.decide(
                    StepKey(run: key, step: 1), ApprovalDecision(approver: "ada", verdict: .approve))
            }
            try await engine.decide(StepKey(run: key, step: 2), ApprovalDecision(approver: "ada", verdict: .approve))
            #expect(await settles(key, .succeeded, worker))
        }
    }

    @Test("nobody signals in time")
    func waitTimesOut() async throws {
        try await running(Self.succeed) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("waits")))
            #expect(await settles(key, .failed, worker))
            #expect(try await failure(key)?.code == "wait_timeout")
        }
    }

    @Test("a child runs, and its output is its step's")
    func child() async throws {
        try await running {
            .finish(.success($0.input))
        } _: { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("parent")))
            #expect(await settles(key, .succeeded, worker))
            #expect(try await output(key) == #"{"x":4}"#)
            #expect(fixture.store.runStates.count == 2)
            #expect(await until(worker) { fixture.store.inboxCount == 0 })
        }
    }

    @Test("cancel goes on to the child")
    func cancelChild() async throws {
        try await running { _ in
            .hold
        } _: { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("parent")))
            #expect(await until(worker) { worker.held.count == 1 })
            try await engine.cancel(key, reason: "enough")
            #expect(await until(worker) { fixture.store.runStates.values.allSatisfy { $0 == .cancelled } })
            #expect(await until(worker) { worker.held.isEmpty && fixture.store.inboxCount == 0 })
        }
    }

    @Test("a workflow that does not exist fails its step")
    func unknownChild() async throws {
        try await running(Self.succeed) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("orphan")))
            #expect(await settles(key, .failed, worker))
            #expect(try await failure(key)?.code == "unknown_workflow")
        }
    }

    @Test("a workflow that starts itself ends at the deepest level")
    func recursion() async throws {
        try await running(Self.succeed) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("deep")))
            #expect(await settles(key, .failed, worker))
            #expect(fixture.store.runStates.count == 33)
            #expect(try await failure(key)?.code == "too_deep")
        }
    }

    @Test("setup, a handler that mends, a background step that is stopped, and clean-up")
    func stages() async throws {
        try await running { task in
            switch task.task.step {
            case "a": .finish(.failure(StepFailure(kind: .timeout, message: "slow", retryable: false)))
            case "b": .hold
            default: .finish(.success(Array("{}".utf8)))
            }
        } _: { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("cleaned")))
            #expect(await settles(key, .succeeded, worker))
            #expect(try await output(key) == #""mended""#)
            #expect(worker.assignments.map(\.task.step).last == "f")
            #expect(await until(worker) { worker.held.isEmpty })
        }
    }

    @Test("cancel runs the clean-up")
    func cancelCleans() async throws {
        try await running {
            $0.task.step == "f" || $0.task.step == "s" ? .finish(.success([0x31])) : .hold
        } _: {
            engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("cleaned")))
            #expect(await until(worker) { worker.held.count == 2 })
            try await engine.cancel(key, reason: "enough")
            #expect(await settles(key, .cancelled, worker))
            #expect(worker.assignments.map(\.task.step).last == "f")
        }
    }

    @Test("a step's deadline passes while its retry waits")
    func deadline() async throws {
        try await running { _ in
            .finish(.failure(StepFailure(kind: .error, message: "boom", retryable: true)))
        } _: {
            engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("late")))
            #expect(await settles(key, .failed, worker))
            #expect(try await failure(key)?.code == "step_deadline")
            #expect(worker.assignments.count == 1)
        }
    }

    @Test("a paused run begins no step until it is resumed")
    func pause() async throws {
        try await running { _ in
            .hold
        } _: { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("chain")))
            #expect(await until(worker) { worker.held.count == 1 })
            try await engine.pause(key)
            await #expect(throws: EngineError(.conflict, "the run is paused already")) { try await engine.pause(key) }
            worker.finish(try #require(worker.held.first), .success([0x31]))
            #expect(await until(worker) { fixture.store.parkedCount == 1 })
            #expect(worker.assignments.count == 1)
            try await engine.resume(key)
            #expect(await until(worker) { worker.held.count == 1 })
            worker.finish(try #require(worker.held.first), .success([0x31]))
            #expect(await settles(key, .succeeded, worker))
        }
    }

    @Test("an event of one run is a signal to another")
    func emit() async throws {
        try await running(Self.succeed) { engine, worker in
            let key = fixture.key(try await engine.start(fixture.start("waits")))
            let teller = fixture.key(
                try await engine.start(fixture.start("tells", input: #"{"run": "\#(key.run)"}"#)))
            #expect(await settles(teller, .succeeded, worker))
            #expect(await until(worker) { fixture.store.waiting == [StepKey(run: key, step: 2)] })
            let history = fixture.store.history(key).map(\.transition)
            #expect(history.contains { $0.step == 1 && $0.output == Array("7".utf8) })
            try await engine.cancel(key, reason: "done")
        }
    }
}
