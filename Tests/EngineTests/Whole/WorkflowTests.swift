import Engine
import Synchronization
import TestSupport
import Testing
import Workflows

@Suite("Whole workflows", .timeLimit(.minutes(1)))
struct WorkflowTests {
    static let chain = Plan(
        name: "chain",
        steps: [
            PlanStep(id: "a", taskType: "noop"),
            PlanStep(id: "b", taskType: "noop", needs: [0]),
            PlanStep(id: "c", taskType: "noop", needs: [1]),
        ])
    static let diamond = Plan(
        name: "diamond",
        steps: [
            PlanStep(id: "a", taskType: "noop"),
            PlanStep(id: "left", taskType: "noop", needs: [0]),
            PlanStep(id: "right", taskType: "noop", needs: [0]),
            PlanStep(id: "join", taskType: "noop", needs: [1, 2]),
        ])
    static let retrying = Plan(
        name: "retrying",
        steps: [
            PlanStep(
                id: "flaky", taskType: "noop",
                retry: RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .seconds(30), jitter: 0)),
            PlanStep(id: "after", taskType: "noop", needs: [0]),
        ])
    static let slow = Plan(
        name: "slow", steps: [PlanStep(id: "wait", taskType: "noop")], timeout: .seconds(60))

    let fixture: EngineFixture

    init() async throws {
        fixture = try await EngineFixture(plans: [Self.chain, Self.diamond, Self.retrying, Self.slow])
    }

    /// Time passes, with the worker's heartbeats, until the run is in the state.
    private func settles(_ key: RunKey, _ state: RunLifecycle, _ worker: TestWorker) async -> Bool {
        await fixture.clock.advance(until: {
            worker.heartbeat()
            return fixture.store.runStates[key] == state
        })
    }

    @Test("a chain and a diamond run to their ends", arguments: ["chain", "diamond"])
    func succeeds(workflow: String) async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .finish(.success(Array("{}".utf8))) }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let started = try await engine.start(fixture.start(workflow))
            #expect(started.created)
            let key = fixture.key(started)
            #expect(await fixture.clock.advance(until: { fixture.store.runStates[key] == .succeeded }))
            #expect(worker.assignments.count == fixture.plans[workflow]?.steps.count)
            #expect(worker.assignments.allSatisfy { $0.fence.attempt == 1 })
        }
        #expect(fixture.audit() == [])
        #expect(fixture.store.tokens == (0, 0, 0))
    }

    @Test("a run waits for a worker and starts when one connects")
    func waitsForWorker() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .finish(.success([])) }
        try await fixture.running(engine) {
            for _ in 0..<10 {
                #expect(try await engine.start(fixture.start("chain")).created)
                fixture.clock.advance(by: .microseconds(10))
            }
            #expect(fixture.store.tokens.ready == 10)
            try await worker.connect(to: engine, tenant: fixture.tenant)
            #expect(
                await fixture.clock.advance(until: {
                    fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                }))
            // First in, first out: the first four assignments are the first four runs.
            let first = worker.assignments.prefix(4).map(\.task.run)
            #expect(first == first.sorted())
        }
        #expect(fixture.audit() == [])
    }

    @Test("a failed attempt is tried again after its delay, with a higher attempt")
    func retries() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { assignment in
            assignment.task.step == "flaky" && assignment.retryCount < 2
                ? .finish(.failure(StepFailure(kind: .error, message: "again", retryable: true)))
                : .finish(.success(Array("1".utf8)))
        }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let began = fixture.clock.now
            let key = fixture.key(try await engine.start(fixture.start("retrying")))
            #expect(await settles(key, .succeeded, worker))
            #expect(fixture.clock.now - began >= .seconds(60))
            let flaky = worker.assignments.filter { $0.task.step == "flaky" }
            #expect(flaky.map(\.fence.attempt) == [1, 2, 3])
            #expect(flaky.map(\.retryCount) == [0, 1, 2])
        }
        #expect(fixture.audit() == [])
    }

    @Test("when the retry budget is used up the run fails and its dependents are skipped")
    func failsInTheEnd() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in
            .finish(.failure(StepFailure(kind: .error, message: "never", retryable: true)))
        }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("retrying")))
            #expect(await settles(key, .failed, worker))
            #expect(worker.assignments.count == 3)
            #expect(fixture.store.history(key).last?.transition.state == .skipped)
        }
        #expect(fixture.audit() == [])
    }

    @Test("a cancel takes the tokens, ends the run and stops the worker's attempt")
    func cancels() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("chain")))
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
            let task = try #require(worker.held.first)
            try await engine.cancel(key, reason: "no longer wanted")
            #expect(fixture.store.runStates[key] == .cancelled)
            #expect(worker.cancelled == [task])
            // What the worker had already done comes too late.
            worker.finish(task, .success([]))
            #expect(await fixture.clock.advance(until: { worker.answers(task) == [.stale] }))
            await #expect(throws: EngineError.self) { try await engine.cancel(key, reason: "again") }
        }
        #expect(fixture.audit() == [])
        #expect(fixture.store.tokens == (0, 0, 0))
    }

    @Test("a run's timeout ends it")
    func timesOut() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("slow")))
            #expect(await settles(key, .timedOut, worker))
            #expect(await fixture.clock.advance(until: { worker.cancelled.count == 1 }))
        }
        #expect(fixture.audit() == [])
    }

    @Test("the same key and body start one run; another body is refused")
    func idempotency() async throws {
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            let first = try await engine.start(fixture.start("chain", key: "k"))
            let again = try await engine.start(fixture.start("chain", key: "k"))
            #expect(first.created)
            #expect(!again.created)
            #expect(again.run == first.run)
            let other = await engine.startBatch([
                fixture.start("chain", key: "k", input: #"{"x":1}"#),
                fixture.start("chain", key: "new"), fixture.start("chain", key: "new"),
            ])
            guard case .failure(let error) = other[0] else { return #expect(Bool(false), "another body was accepted") }
            #expect(error.code == .idempotencyKeyReused)
            let pair = try (other[1].get(), other[2].get())
            #expect(pair.0.run == pair.1.run)
            #expect(pair.0.created != pair.1.created)
        }
        #expect(fixture.store.runStates.count == 2)
    }

    @Test("an unknown workflow is named in the error")
    func unknownWorkflow() async throws {
        let engine = try await fixture.makeEngine()
        let error = await #expect(throws: EngineError.self) { try await engine.start(fixture.start("nothing")) }
        #expect(error?.code == .workflowNotFound)
    }
}
