import Expressions
import JSON
import TestSupport
import Testing
import Workflows

@testable import Engine

@Suite("Circuit breakers", .timeLimit(.minutes(1)))
struct BreakerTests {
    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))
    private static let failure = FinishCommand.Outcome.failure(
        StepFailure(kind: .error, code: "refused", message: "no", retryable: true))

    private static let source = """
        name: call
        inputs: { type: object, required: [host], properties: { host: { type: string } } }
        steps:
          - id: only
            uses: noop
            with: { host: "${{ inputs.host }}" }
            retry: { strategy: fixed, max_attempts: 50, delay: 1s, jitter: 0 }
            breaker: { target: "${{ inputs.host }}", failures: 3, window: 1m, open: 30s, probes: 2 }
        """

    private static func held(_ workers: [TestWorker]) -> [TaskName] { workers.flatMap(\.held) }

    @Test("a target that fails is left alone by two nodes, probed by two attempts at once, and served again")
    func target() async throws {
        let plan = try Workflow(parsing: Array(Self.source.utf8), file: "call.yaml").plan
        let fixture = try await EngineFixture(plans: [plan])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let tenant = fixture.tenant
        let isUp = SharedValue(false)
        let probing = SharedValue(false)
        try await fixture.running(near) {
            try await fixture.running(far) {
                let behaviour: TestWorker.Behaviour = { task in
                    if String(decoding: task.input, as: UTF8.self).contains("good") { return .finish(Self.success) }
                    if probing.value { return .hold }
                    return .finish(isUp.value ? Self.success : Self.failure)
                }
                let workers = [
                    TestWorker(session: 1, behaviour: behaviour), TestWorker(session: 2, behaviour: behaviour),
                ]
                let pools = [WorkerHello.Pool(name: "io", slots: 4)]
                try await workers[0].connect(to: near, tenant: tenant, pools: pools)
                try await workers[1].connect(to: far, tenant: tenant, pools: pools)
                func beat() { for worker in workers { worker.heartbeat() } }
                func phase() async throws -> Breaker.Phase? {
                    try await near.breakers(tenant: tenant).first { $0.name.contains("bad") }?.breaker.phase
                }
                for index in 0..<6 {
                    _ = try await (index % 2 == 0 ? near : far).start(fixture.start("call", input: #"{"host":"bad"}"#))
                }
                var seen: Breaker.Phase?
                let end = fixture.clock.now + .seconds(60)
                while seen?.isClosed ?? true, fixture.clock.now < end {
                    fixture.clock.advance(by: .milliseconds(100))
                    await fixture.clock.executor.idle()
                    beat()
                    seen = try await phase()
                }
                guard case .open(_?) = seen else { throw Unmet(description: "\(seen as Any)") }
                probing.withLock { $0 = true }
                let tried = workers.reduce(0) { $0 + $1.assignments.count }
                // Another target is nobody's business.
                let other = fixture.key(try await far.start(fixture.start("call", input: #"{"host":"good"}"#)))
                #expect(
                    await fixture.clock.advance(
                        until: {
                            beat()
                            return fixture.store.runStates[other] == .succeeded
                        }, limit: .seconds(10)))
                #expect(workers.reduce(0) { $0 + $1.assignments.count } == tried + 1, "nobody tries while it is open")

                #expect(
                    await fixture.clock.advance(
                        until: {
                            beat()
                            return Self.held(workers).count == 2
                        }, limit: .seconds(60)))
                // They have their whole time: no third one comes.
                await fixture.clock.executor.idle()
                let later = fixture.clock.now + .seconds(20)
                #expect(
                    await fixture.clock.advance(until: {
                        beat()
                        return Self.held(workers).count > 2 || fixture.clock.now >= later
                    }))
                #expect(Self.held(workers).count == 2)
                isUp.withLock { $0 = true }
                probing.withLock { $0 = false }
                for worker in workers { for task in worker.held { worker.finish(task, Self.success) } }
                #expect(
                    await fixture.clock.advance(
                        until: {
                            beat()
                            return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                        }, limit: .seconds(60)))
                #expect(try await phase() == .closed)
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("a task type that fails is not visited by two nodes, over a restart of one; its steps burn no attempt")
    func taskType() async throws {
        let plans = ["bad", "good"].map { type in
            Plan(
                name: type,
                steps: [
                    PlanStep(
                        id: "only", taskType: type,
                        retry: RetryPolicy(strategy: .fixed, maxAttempts: 4, delay: .seconds(1), jitter: 0))
                ])
        }
        let fixture = try await EngineFixture(plans: plans)
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let tenant = fixture.tenant
        let isUp = SharedValue(false)
        let behaviour: TestWorker.Behaviour = { task in
            task.taskType == "good" || isUp.value ? .finish(Self.success) : .finish(Self.failure)
        }
        let workers = [TestWorker(session: 1, behaviour: behaviour), TestWorker(session: 2, behaviour: behaviour)]
        let attempts: @Sendable () -> Int = { workers.reduce(0) { $0 + $1.assignments.count { $0.taskType == "bad" } } }
        try await fixture.running(near) {
            try await fixture.running(far) {
                for (worker, engine) in zip(workers, [near, far]) {
                    try await worker.connect(to: engine, tenant: tenant, types: ["bad", "good"])
                }
                let rule = BreakerRule(failures: 4, window: .seconds(60), pause: .seconds(60), probes: 1)
                _ = try await near.changeBreaker(named: "bad", tenant: tenant, .rule(rule))
                await fixture.clock.executor.idle()
                for index in 0..<8 { _ = try await (index % 2 == 0 ? near : far).start(fixture.start("bad")) }
                let opened = SharedValue(false)
                let end = fixture.clock.now + .seconds(60)
                while !opened.value, fixture.clock.now < end {
                    fixture.clock.advance(by: .milliseconds(50))
                    await fixture.clock.executor.idle()
                    for worker in workers { worker.heartbeat() }
                    let phase = try await far.breakers(tenant: tenant)[0].breaker.phase
                    opened.withLock { $0 = !phase.isClosed }
                }
                let tried = attempts()
                let good = fixture.key(try await far.start(fixture.start("good")))
                #expect(
                    await fixture.clock.advance(
                        until: {
                            for worker in workers { worker.heartbeat() }
                            return fixture.store.runStates[good] == .succeeded
                        }, limit: .seconds(30)))
                #expect(attempts() == tried)
            }
        }
        // Another life of both nodes.
        let next = try await fixture.makeEngine()
        isUp.withLock { $0 = true }
        try await fixture.running(next) {
            for worker in workers { try await worker.connect(to: next, tenant: tenant, types: ["bad", "good"]) }
            let before = attempts()
            fixture.clock.advance(by: .seconds(1))
            await fixture.clock.executor.idle()
            #expect(attempts() == before, "it is open still")
            #expect(
                await fixture.clock.advance(
                    until: {
                        for worker in workers { worker.heartbeat() }
                        return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                    }, limit: .seconds(120)))
            #expect(try await next.breakers(tenant: tenant)[0].breaker.phase == .closed)
        }
        #expect(fixture.audit() == [])
    }

    @Test("what is known of breakers opens and shuts buckets of the dispatcher")
    func dispatch() {
        var state = DispatchState()
        let tenant = TenantID(1)
        let route = RouteID(7)
        let bucket = Bucket(tenant: tenant, queue: QueueID(3), route: route)
        let session = SessionID(RunID.Bytes(high: 1, low: 1))
        let record = SessionRecord(
            id: session, tenant: tenant, worker: "w", node: session, lease: .seconds(10), capabilities: [],
            routes: [route])
        _ = state.connect(
            record, routes: [route: "cpu"], pools: [.init(name: "cpu", slots: 5)], kept: [],
            sink: TestWorker(session: 1) { _ in .drop }, now: .zero)
        func table(_ phase: Breaker.Phase, revision: Int64) -> BreakerTable {
            let id = LimitID(tenant: tenant, breaker: .taskType, name: "noop")
            let now = Timestamp(microseconds: 0)
            return BreakerTable([
                RouteBreaker(
                    record: BreakerRecord(
                        id: id, kind: .taskType, name: "noop", rule: BreakerRule(probes: 2),
                        breaker: Breaker(phase: phase, window: OutcomeWindow(), changedAt: now, trips: 1),
                        revision: revision), routes: [route])
            ])
        }
        state.setBreakers(table(.open(until: nil), revision: 1))
        #expect(!state.wake(bucket, rank: 5) || !state.canClaim)
        #expect(state.nextClaim(limit: 10) == nil && state.reserve(bucket) == nil)
        state.setBreakers(table(.halfOpen(passed: 0), revision: 2))
        let probes = state.nextClaim(limit: 10)
        #expect(probes?.request.breaker != nil && probes?.request.slots.count == 2)
        #expect(state.reserve(bucket) == nil)
        if let probes { #expect(state.claimed(probes, []).isEmpty) }
        #expect(state.nextClaim(limit: 10) == nil, "nothing has changed since")
        state.setBreakers(table(.halfOpen(passed: 1), revision: 3))
        if let probes = state.nextClaim(limit: 10) { _ = state.claimed(probes, []) }
        state.setBreakers(table(.closed, revision: 4))
        let claim = state.nextClaim(limit: 10)
        #expect(claim?.request.breaker == nil && claim?.request.slots.count == 5)
    }
}
