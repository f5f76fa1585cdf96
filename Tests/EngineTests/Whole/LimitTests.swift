import Engine
import TestSupport
import Testing
import Workflows

@Suite("Limits of keys", .timeLimit(.minutes(1)))
struct LimitTests {
    private static let success: TestWorker.Step = .finish(.success(Array("{}".utf8)))

    private static func plan(
        _ name: String, run: PlanLimit? = nil, step: PlanLimit? = nil, retry: RetryPolicy = .never
    ) -> Plan {
        var only = PlanStep(id: "only", taskType: "noop", retry: retry)
        only.limit = step
        return Plan(name: name, steps: [only, PlanStep(id: "after", taskType: "noop", needs: [0])], limit: run)
    }

    @Test("steps of one limit run one after the other, and all of them run", arguments: [1, 2, 3])
    func steps(slots: Int32) async throws {
        let fixture = try await EngineFixture(plans: [Self.plan("a", step: PlanLimit(slots: slots))])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            let worker = TestWorker(session: 1) { $0.task.step == "only" ? .hold : Self.success }
            try await worker.connect(to: engine, tenant: tenant, pools: [.init(name: "cpu", slots: 10)])
            for _ in 0..<8 { _ = try await engine.start(fixture.start("a")) }
            for ended in 0..<8 {
                #expect(
                    await fixture.clock.advance(until: {
                        worker.heartbeat()
                        return worker.held.count == min(Int(slots), 8 - ended)
                    }))
                let task = try #require(worker.held.first)
                worker.finish(task, .success(Array("{}".utf8)))
                #expect(await fixture.clock.advance(until: { worker.answers(task).isEmpty == false }))
            }
            #expect(
                await fixture.clock.advance(until: { fixture.store.runStates.values.allSatisfy { $0 == .succeeded } }))
        }
        #expect(fixture.audit() == [])
    }

    @Test("a failed attempt waits for its retry without its slot")
    func retries() async throws {
        let retry = RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .seconds(5), jitter: 0)
        let fixture = try await EngineFixture(plans: [Self.plan("a", step: PlanLimit(slots: 1), retry: retry)])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            let worker = TestWorker(session: 1) { task in
                task.task.attempt == 1 && task.task.step == "only"
                    ? .finish(.failure(StepFailure(kind: .error, message: "no", retryable: true))) : Self.success
            }
            try await worker.connect(to: engine, tenant: tenant)
            for _ in 0..<3 { _ = try await engine.start(fixture.start("a")) }
            #expect(
                await fixture.clock.advance(until: {
                    worker.heartbeat()
                    return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                }))
            let first = worker.assignments.prefix(3).map(\.task.attempt)
            #expect(first == [1, 1, 1], "nobody waits for a retry's delay")
        }
        #expect(fixture.audit() == [])
    }

    @Test("runs of one key: one is under way, the others are queued, each starts when one has ended")
    func runs() async throws {
        let fixture = try await EngineFixture(plans: [Self.plan("a", run: PlanLimit(slots: 1))])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let tenant = fixture.tenant
        try await fixture.running(near) {
            try await fixture.running(far) {
                let worker = TestWorker(session: 1) { _ in .hold }
                try await worker.connect(to: far, tenant: tenant)
                var keys: [RunKey] = []
                for index in 0..<4 {
                    let started = try await (index % 2 == 0 ? near : far).start(fixture.start("a"))
                    #expect(started.state == .queued)
                    keys.append(fixture.key(started))
                }
                // One that waits is cancelled.
                try await near.cancel(keys[2], reason: "no")
                for _ in 0..<6 {
                    #expect(
                        await fixture.clock.advance(until: {
                            worker.heartbeat()
                            return worker.held.count == 1
                        }))
                    let states = fixture.store.runStates.values
                    #expect(states.count { $0 == .running } == 1)
                    let task = try #require(worker.held.first)
                    worker.finish(task, .success(Array("{}".utf8)))
                    #expect(await fixture.clock.advance(until: { worker.answers(task).isEmpty == false }))
                }
                #expect(
                    await fixture.clock.advance(until: { fixture.store.runStates.values.allSatisfy(\.isEnded) }))
                #expect(fixture.store.runStates[keys[2]] == .cancelled)
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("on_conflict: reject refuses the start and names the limit")
    func rejects() async throws {
        let limit = PlanLimit(slots: 1, onConflict: .reject)
        let fixture = try await EngineFixture(plans: [Self.plan("a", run: limit)])
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            let first = fixture.key(try await engine.start(fixture.start("a")))
            let error = await #expect(throws: EngineError.self) { _ = try await engine.start(fixture.start("a")) }
            #expect(error?.code == .concurrencyLimit)
            #expect(error?.message.contains("a/run") == true)
            try await engine.cancel(first, reason: "room")
            _ = try await engine.start(fixture.start("a"))
        }
        #expect(fixture.store.runStates.count == 2)
        #expect(fixture.audit() == [])
    }

    @Test("on_conflict: cancel_running makes room for the newest, over two nodes")
    func cancelsRunning() async throws {
        let limit = PlanLimit(slots: 1, onConflict: .cancelRunning)
        let fixture = try await EngineFixture(plans: [Self.plan("a", run: limit)])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let tenant = fixture.tenant
        try await fixture.running(near) {
            try await fixture.running(far) {
                let worker = TestWorker(session: 1) { _ in .hold }
                try await worker.connect(to: far, tenant: tenant)
                var keys: [RunKey] = []
                for index in 0..<5 {
                    keys.append(fixture.key(try await (index % 2 == 0 ? near : far).start(fixture.start("a"))))
                    fixture.clock.advance(by: .milliseconds(5))
                }
                #expect(
                    await fixture.clock.advance(until: {
                        worker.heartbeat()
                        return fixture.store.runStates[keys[4]] == .running && worker.held.count == 1
                    }))
                for key in keys.dropLast() { #expect(fixture.store.runStates[key] == .cancelled) }
            }
        }
        #expect(fixture.audit() == [])
    }
}
