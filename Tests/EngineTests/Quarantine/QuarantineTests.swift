import TestSupport
import Testing
import Workflows

@testable import Engine

@Suite("Quarantine", .timeLimit(.minutes(1)))
struct QuarantineTests {
    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))

    private static let plans = ["poison", "plain", "handled"].map { name in
        Plan(
            name: name,
            steps: [
                PlanStep(
                    id: name, taskType: "noop",
                    retry: RetryPolicy(strategy: .fixed, maxAttempts: 9, delay: .seconds(1), jitter: 0))
            ])
    }

    private static func failure(_ fixture: EngineFixture, _ key: RunKey) -> StepFailure? {
        fixture.store.history(key).last { $0.transition.state == .failed }?.transition.failure
    }

    @Test("what takes its worker down twice runs alone the third time, and is quarantined; its neighbours end well")
    func poison() async throws {
        let fixture = try await EngineFixture(plans: Self.plans)
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            let poison = fixture.key(try await engine.start(fixture.start("poison")))
            var plain: [RunKey] = []
            for _ in 0..<3 { plain.append(fixture.key(try await engine.start(fixture.start("plain")))) }
            let keys = plain
            for life in 1...2 {
                let worker = TestWorker("w\(life)", session: UInt64(life)) { _ in .hold }
                try await worker.connect(to: engine, tenant: tenant)
                #expect(await fixture.clock.advance(until: { worker.held.count == 4 }, limit: .seconds(60)))
                worker.cut()
                #expect(
                    await fixture.clock.advance(until: { fixture.store.tokens.attempts == 0 }, limit: .seconds(60)))
            }
            // All four are suspects now; each has the next worker for itself, and only one of them kills it.
            let most = SharedValue(0)
            var life: UInt64 = 3
            while fixture.store.runStates.values.contains(.running), life < 8 {
                let worker = TestWorker("w\(life)", session: life) { _ in .hold }
                try await worker.connect(to: engine, tenant: tenant)
                let isDone = SharedValue(false)
                #expect(
                    await fixture.clock.advance(
                        until: {
                            worker.heartbeat()
                            most.withLock { $0 = max($0, worker.held.count) }
                            if worker.held.contains(where: { $0.step == "poison" }) { return true }
                            for task in worker.held { worker.finish(task, Self.success) }
                            let isOver = !fixture.store.runStates.values.contains(.running)
                            isDone.withLock { $0 = isOver }
                            return isOver
                        }, limit: .seconds(60)))
                if isDone.value { break }
                worker.cut()
                #expect(
                    await fixture.clock.advance(
                        until: { fixture.store.runStates[poison] == .failed },
                        limit: .seconds(60)))
                life += 1
            }
            #expect(most.value == 1, "a suspect has its worker for itself")
            #expect(keys.allSatisfy { fixture.store.runStates[$0] == .succeeded })
            let failure = try #require(Self.failure(fixture, poison))
            #expect(failure.kind == .quarantined && failure.code == "poison_task" && !failure.retryable)
            #expect(failure.message.contains("3 times"))
        }
        #expect(fixture.audit() == [])
    }

    @Test("a fleet that is killed again and again quarantines nothing, and what never ends so is a suspect at last")
    func massExpiry() async throws {
        let fixture = try await EngineFixture(plans: Self.plans)
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            var keys: [RunKey] = []
            for _ in 0..<6 { keys.append(fixture.key(try await engine.start(fixture.start("plain")))) }
            let runs = keys
            for round in 0..<4 {
                let fleet = (0..<3).map { TestWorker("w\($0)", session: UInt64(round * 10 + $0 + 1)) { _ in .hold } }
                for worker in fleet {
                    try await worker.connect(to: engine, tenant: tenant, pools: [.init(name: "cpu", slots: 2)])
                }
                #expect(
                    await fixture.clock.advance(
                        until: { fleet.reduce(0) { $0 + $1.held.count } == 6 },
                        limit: .seconds(60)))
                for worker in fleet { worker.cut() }
                #expect(
                    await fixture.clock.advance(until: { fixture.store.tokens.attempts == 0 }, limit: .seconds(60)))
            }
            // None is a suspect after four losses: one worker takes all of them at once.
            let last = TestWorker(session: 99) { _ in .hold }
            try await last.connect(to: engine, tenant: tenant, pools: [.init(name: "cpu", slots: 6)])
            #expect(
                await fixture.clock.advance(
                    until: {
                        last.heartbeat()
                        return last.held.count == 6
                    }, limit: .seconds(60)))
            for task in last.held { last.finish(task, Self.success) }
            #expect(
                await fixture.clock.advance(until: { runs.allSatisfy { fixture.store.runStates[$0] == .succeeded } }))
        }
        #expect(fixture.audit() == [])
    }

    /// Workers that are killed by nothing.
    private struct Fleet: Sendable {
        let workers = (1...2).map { TestWorker("w\($0)", session: UInt64($0)) { _ in .hold } }

        func beat() { for worker in workers { worker.heartbeat() } }
        var held: Int { workers.reduce(0) { $0 + $1.held.count } }

        func finishAll() {
            for worker in workers { for task in worker.held { worker.finish(task, QuarantineTests.success) } }
        }

        /// Those whose sessions were over, with what they hold.
        func reconnect(to engine: Engine, tenant: TenantID) async throws {
            for worker in workers where worker.isAwaitingReconnect {
                try await worker.connect(to: engine, tenant: tenant)
            }
        }

        /// Lets time pass.
        func pass(_ duration: Duration, _ clock: ManualClock) async {
            let end = clock.now + duration
            _ = await clock.advance(until: {
                beat()
                return clock.now >= end
            })
        }
    }

    @Test("three outages of the store, each longer than the leases, quarantine nothing")
    func outages() async throws {
        let fixture = try await EngineFixture(plans: Self.plans)
        let store = CrashingStore(fixture.store)
        let engine = try await fixture.makeEngine(store: store)
        let (tenant, clock) = (fixture.tenant, fixture.clock)
        let fleet = Fleet()
        try await fixture.running(engine) {
            try await fleet.reconnect(to: engine, tenant: tenant)
            for _ in 0..<6 { _ = try await engine.start(fixture.start("plain")) }
            for _ in 0..<3 {
                let isServed = await clock.advance(
                    until: {
                        fleet.beat()
                        return fleet.held == 6
                    }, limit: .seconds(60))
                #expect(isServed)
                store.setAway(true)
                await fleet.pass(.seconds(40), clock)
                store.setAway(false)
                await fleet.pass(.seconds(40), clock)
                try await fleet.reconnect(to: engine, tenant: tenant)
            }
            let isOver = await clock.advance(
                until: {
                    fleet.beat()
                    fleet.finishAll()
                    return fixture.store.runStates.values.allSatisfy(\.isEnded)
                }, limit: .seconds(120))
            #expect(isOver)
        }
        #expect(fixture.store.runStates.count == 6)
        #expect(fixture.store.runStates.values.allSatisfy { $0 == .succeeded })
        #expect(fixture.audit() == [])
    }

    @Test("a suspect waits for its neighbours, takes nobody beside it, and is offered when it is alone")
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
            record, routes: [route: "cpu"], pools: [.init(name: "cpu", slots: 4)], kept: [],
            sink: TestWorker(session: 1) { _ in .drop }, now: .zero)
        func lease(_ step: Int32, losses: Int16) -> LeasedTask {
            let key = RunKey(tenant: tenant, run: RunID(RunID.Bytes(high: 1, low: UInt64(step))))
            let now = Timestamp(microseconds: 0)
            return LeasedTask(
                fence: AttemptFence(key: key, step: step, attempt: 1, session: session), bucket: bucket, rank: 1,
                losses: losses, enqueuedAt: now, leasedAt: now)
        }
        func name(_ lease: LeasedTask) -> TaskName {
            TaskName(run: lease.fence.key.run, step: "\(lease.fence.step)", attempt: 1)
        }
        let (neighbour, suspect, late) = (lease(1, losses: 1), lease(2, losses: 2), lease(3, losses: 0))
        #expect(state.grant(neighbour) != nil && state.grant(suspect) != nil)
        #expect(state.grant(late) == nil, "nobody comes beside it")
        #expect(state.offering(neighbour, name: name(neighbour), now: .zero, backstop: nil) != nil)
        #expect(state.offering(suspect, name: name(suspect), now: .zero, backstop: nil) == nil)
        #expect(state.waitsAlone(suspect) && !state.hasAlone && !state.hasFreeSlot)
        for _ in 0..<3 { #expect(!state.heartbeat(session, held: 1), "the worker does not know of it yet") }
        _ = state.remove(session, neighbour.held)
        #expect(state.hasAlone && state.takeAlone().map(\.fence) == [suspect.fence] && !state.hasAlone)
        #expect(state.offering(suspect, name: name(suspect), now: .zero, backstop: nil) != nil)
        #expect(!state.hasFreeSlot)
        _ = state.remove(session, suspect.held)
        #expect(state.hasFreeSlot)
    }
}
