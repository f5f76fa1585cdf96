import Engine
import TestSupport
import Testing
import Workflows

/// Servers that die at any call to the store, before or after it took effect, and are built anew over the same store.
@Suite("Crashes", .timeLimit(.minutes(2)))
struct CrashTests {
    static let busy = Plan(
        name: "busy",
        steps: [
            PlanStep(id: "read", taskType: "noop"),
            PlanStep(
                id: "flaky", taskType: "noop", needs: [0],
                retry: RetryPolicy(strategy: .fixed, maxAttempts: 4, delay: .seconds(2), jitter: 0.5)),
            PlanStep(id: "left", taskType: "noop", needs: [0]),
            PlanStep(id: "right", taskType: "noop", needs: [0]),
            PlanStep(id: "join", taskType: "noop", needs: [1, 2, 3]),
        ], timeout: .seconds(36_000))

    @Test("nothing acknowledged is lost, no step succeeds twice, tokens are conserved", arguments: 1...8)
    func crashes(seed: UInt64) async throws {
        let fixture = try await EngineFixture(plans: [Self.busy], seed: seed)
        let keys = (0..<25).map { "run-\($0)" }
        let acknowledged = SharedValue<[String: RunID]>([:])
        let recorded = SharedValue<Set<TaskName>>([])
        let workers = (1...3).map { number in
            TestWorker("w\(number)", session: UInt64(number)) { assignment in
                assignment.task.step == "flaky" && assignment.retryCount < 1
                    ? .finish(.failure(StepFailure(kind: .error, message: "once", retryable: true)))
                    : .finish(.success(Array("{}".utf8)))
            }
        }
        var random = SeededRandom(seed: seed)
        var crashes = 0
        var incarnation: UInt64 = 0
        while true {
            incarnation += 1
            // The last one lives, so that everything ends.
            let store = CrashingStore(
                fixture.store, crashAfter: crashes < 20 ? Int(random.next() % 14) + 2 : .max,
                tookEffect: random.next() % 2 == 0)
            let engine: Engine
            do {
                engine = try await fixture.makeEngine(store: store)
            } catch {
                crashes += 1
                continue
            }
            // The clients outlive the server: what it did not answer, they ask the next one.
            try await withTaskExecutorPreference(fixture.clock.executor) {
                try await withThrowingTaskGroup(of: Void.self) { clients in
                    for worker in workers { worker.cut() }
                    for worker in workers {
                        clients.addTask { _ = try? await worker.connect(to: engine, tenant: fixture.tenant) }
                    }
                    for key in keys where acknowledged.value[key] == nil {
                        clients.addTask {
                            guard let started = try? await engine.start(fixture.start("busy", key: key)) else { return }
                            acknowledged.withLock { $0[key] = started.run }
                        }
                    }
                    try await fixture.running(engine) {
                        _ = await fixture.clock.advance(until: {
                            for worker in workers { worker.heartbeat() }
                            if store.isDead { return true }
                            let states = fixture.store.runStates.values
                            return states.count == keys.count && states.allSatisfy(\.isEnded)
                                && acknowledged.value.count == keys.count
                        })
                        store.kill()
                    }
                }
            }
            recorded.withLock { recorded in
                for worker in workers {
                    for task in worker.assignments.map(\.task) where worker.answers(task).contains(.recorded) {
                        recorded.insert(task)
                    }
                }
            }
            let violations = fixture.audit()
            #expect(violations == [], "seed \(seed), server \(incarnation)")
            if !store.diedByItself { break }
            crashes += 1
        }
        #expect(crashes >= 20, "seed \(seed)")
        let states = fixture.store.runStates
        #expect(states.count == keys.count)
        #expect(states.values.allSatisfy { $0 == .succeeded })
        #expect(fixture.store.tokens == (0, 0, 0))
        for (key, run) in acknowledged.value {
            #expect(states[RunKey(tenant: fixture.tenant, run: run)] == .succeeded, "run \(key) of seed \(seed)")
        }
        for task in recorded.value {
            let history = fixture.store.history(RunKey(tenant: fixture.tenant, run: task.run))
            let step = Int32(Self.busy.steps.firstIndex { $0.id == task.step } ?? -1)
            #expect(
                history.contains { $0.transition.step == step && $0.transition.attempt == task.attempt },
                "\(task) was acknowledged as recorded, seed \(seed)")
        }
    }

    @Test("a server killed between the claim's commit and the Assign: the step runs within 10 s")
    func claimedAndDied() async throws {
        let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])
        let fixture = try await EngineFixture(plans: [single])
        let worker = TestWorker(session: 1) { _ in .finish(.success([])) }
        // Made ready while nobody is there, so that it must be claimed.
        let first = try await fixture.makeEngine()
        let key = try await fixture.running(first) { fixture.key(try await first.start(fixture.start("single"))) }
        let store = CrashingStore(fixture.store, crashAtClaim: true)
        let second = try await fixture.makeEngine(store: store)
        try await fixture.running(second) {
            _ = try? await worker.connect(to: second, tenant: fixture.tenant)
            #expect(await fixture.clock.advance(until: { store.isDead }))
        }
        #expect(fixture.store.tokens == (0, 1, 0), "leased, and nobody knows")
        #expect(worker.assignments.isEmpty)
        let began = fixture.clock.now
        let third = try await fixture.makeEngine()
        try await fixture.running(third) {
            try await worker.connect(to: third, tenant: fixture.tenant)
            #expect(
                await fixture.clock.advance(
                    until: { fixture.store.runStates[key] == .succeeded }, limit: .seconds(10)))
        }
        #expect(fixture.clock.now - began < .seconds(10))
        #expect(fixture.audit() == [])
    }

    @Test("a claim whose answer was lost does not strand its tokens on a healthy worker")
    func claimAnswerLost() async throws {
        let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])
        let fixture = try await EngineFixture(plans: [single])
        let worker = TestWorker(session: 1) { _ in .finish(.success([])) }
        let store = CrashingStore(fixture.store, loseClaimAnswers: 1)
        let engine = try await fixture.makeEngine(store: store)
        try await fixture.running(engine) {
            let key = fixture.key(try await engine.start(fixture.start("single")))
            try await worker.connect(to: engine, tenant: fixture.tenant)
            #expect(
                await fixture.clock.advance(
                    until: {
                        worker.heartbeat()
                        return fixture.store.runStates[key] == .succeeded
                    }, limit: .seconds(10)))
            #expect(worker.assignments.map(\.fence.attempt) == [2])
        }
        #expect(fixture.audit() == [])
    }

    @Test("while the store is away commands wait, and end as unavailable at their deadline; afterwards all goes on")
    func outage() async throws {
        let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])
        let fixture = try await EngineFixture(plans: [single])
        let worker = TestWorker(session: 1) { _ in .hold }
        let store = CrashingStore(fixture.store)
        let engine = try await fixture.makeEngine(store: store)
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
            let task = try #require(worker.held.first)

            store.setAway(true)
            worker.finish(task, .success([]))
            let answer = SharedValue<EngineError?>(nil)
            let began = fixture.clock.now
            await withTaskGroup { group in
                group.addTask {
                    do throws(EngineError) {
                        _ = try await engine.start(fixture.start("single"))
                    } catch {
                        answer.withLock { $0 = error }
                    }
                }
                #expect(await fixture.clock.advance(until: { answer.value != nil }))
            }
            let error = try #require(answer.value)
            #expect(error.code == .unavailable)
            #expect(error.retryAfter != nil)
            #expect(fixture.clock.now - began >= .seconds(30))
            #expect(fixture.store.runStates.count == 1, "what was refused was not written")
            #expect(worker.answers(task) == [])

            store.setAway(false)
            #expect(
                await fixture.clock.advance(
                    until: { worker.answers(task) == [.recorded] }, limit: .seconds(5)))
            #expect(fixture.store.runStates[key] == .succeeded)
        }
        #expect(fixture.audit() == [])
    }
}
