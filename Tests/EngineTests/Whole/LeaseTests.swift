import Engine
import TestSupport
import Testing
import Workflows

@Suite("Leases", .timeLimit(.minutes(1)))
struct LeaseTests {
    static let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])
    static let limited = Plan(
        name: "limited", steps: [PlanStep(id: "only", taskType: "noop", timeout: .seconds(20))])

    let fixture: EngineFixture

    init() async throws { fixture = try await EngineFixture(plans: [Self.single, Self.limited]) }

    private let success = FinishCommand.Outcome.success(Array("{}".utf8))

    @Test("an Assign that was lost on the wire is revoked and handed out again within 10 s")
    func droppedAssign() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { $0.fence.attempt == 1 ? .drop : .finish(.success([])) }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            let ended = await fixture.clock.advance(
                until: {
                    worker.heartbeat()
                    return fixture.store.runStates[key] == .succeeded
                }, limit: .seconds(10))
            #expect(ended)
            #expect(worker.revoked.map(\.attempt) == [1])
            #expect(worker.assignments.map(\.fence.attempt) == [1, 2])
            // A revoked assignment is nobody's fault: no failure, no loss.
            #expect(worker.assignments.map(\.retryCount) == [0, 0])
            #expect(fixture.store.history(key).map(\.transition.state) == [.succeeded])
        }
        #expect(fixture.audit() == [])
    }

    @Test("a full stream is offered one assignment, no more until it has room; nothing is lost and nothing is burned")
    func fullStream() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .finish(.success([])) }
        worker.fill()
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant, pools: [.init(name: "cpu", slots: 4)])
            var keys: [RunKey] = []
            for _ in 0..<8 { keys.append(fixture.key(try await engine.start(fixture.start("single")))) }
            // Sweeps, scans and claims all have had their time.
            _ = await fixture.clock.advance(
                until: {
                    worker.heartbeat()
                    return false
                }, limit: .seconds(30))
            #expect((1...4).contains(worker.refusals), "each slot promised before the first refusal, at most")
            #expect(worker.assignments.isEmpty)
            worker.makeRoom()
            let states = { keys.map { fixture.store.runStates[$0] } }
            #expect(
                await fixture.clock.advance(until: {
                    worker.heartbeat()
                    return states().allSatisfy { $0 == .succeeded }
                }))
            #expect(worker.assignments.count == 8)
            #expect(worker.assignments.allSatisfy { $0.retryCount == 0 })
        }
        #expect(fixture.audit() == [])
    }

    @Test("what a node leases to a worker that has moved on is found by the node to which it moved")
    func movedWorker() async throws {
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        // One process, one session: its broken stream, which the near node believes in, and its new one.
        let old = TestWorker("moved", session: 1) { _ in .drop }
        let new = TestWorker("moved", session: 1) { _ in .finish(.success([])) }
        try await fixture.running(near) {
            try await fixture.running(far) {
                let left = try await old.connect(to: near, tenant: fixture.tenant)
                try await new.connect(to: far, tenant: fixture.tenant)
                let key = fixture.key(try await near.start(fixture.start("single")))
                #expect(await fixture.clock.advance(until: { old.assignments.count == 1 }))
                // Now the near node hears that the stream is gone, and what it knew of the lease with it.
                left.disconnected()
                #expect(
                    await fixture.clock.advance(
                        until: {
                            new.heartbeat()
                            return fixture.store.runStates[key] == .succeeded
                        }, limit: .seconds(45)))
                #expect(new.assignments.map(\.fence.attempt) == [2])
                #expect(new.assignments.map(\.retryCount) == [0])
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("a worker stopped past its lease loses the step; its late outcome is stale")
    func lateFinish() async throws {
        let engine = try await fixture.makeEngine()
        let stopped = TestWorker("stopped", session: 1) { _ in .hold }
        let other = TestWorker("other", session: 2) { _ in .finish(.success(Array("2".utf8))) }
        try await fixture.running(engine) {
            try await stopped.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            #expect(await fixture.clock.advance(until: { stopped.held.count == 1 }))
            let task = try #require(stopped.held.first)
            // Nothing is heard of it any more; the other one lives.
            try await other.connect(to: engine, tenant: fixture.tenant)
            let began = fixture.clock.now
            #expect(
                await fixture.clock.advance(until: {
                    other.heartbeat()
                    return fixture.store.runStates[key] == .succeeded
                }))
            #expect(fixture.clock.now - began <= .seconds(15 + 5 + 3), "lease, renewal and rescue intervals")
            #expect(other.assignments.map(\.fence.attempt) == [2])
            #expect(fixture.store.history(key).map(\.transition.state) == [.lost, .succeeded])

            // It goes on, and says that it has finished.
            stopped.finish(task, success)
            try await stopped.connect(to: engine, tenant: fixture.tenant)
            #expect(await fixture.clock.advance(until: { stopped.unacknowledged == 0 }))
            #expect(fixture.store.history(key).count == 2)
        }
        #expect(fixture.audit() == [])
    }

    @Test("a late outcome under a lease that was lost is answered stale")
    func staleAnswer() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        let other = TestWorker("other", session: 2) { _ in .hold }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            _ = try await engine.start(fixture.start("single"))
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
            let fence = try #require(worker.assignments.first?.fence)
            try await other.connect(to: engine, tenant: fixture.tenant)
            #expect(
                await fixture.clock.advance(until: {
                    other.heartbeat()
                    return other.held.count == 1
                }))
            let late = try await engine.finish(FinishCommand(fence: fence, outcome: success))
            #expect(late == .stale)
            let winner = try #require(other.assignments.first?.fence)
            #expect(try await engine.finish(FinishCommand(fence: winner, outcome: success)) == .recorded)
            #expect(try await engine.finish(FinishCommand(fence: winner, outcome: success)) == .alreadyRecorded)
            #expect(try await engine.finish(FinishCommand(fence: fence, outcome: success)) == .stale)
        }
        #expect(fixture.audit() == [])
    }

    @Test("a worker that reconnects with the same session keeps what it holds")
    func reconnects() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(engine) {
            let session = try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
            let task = try #require(worker.held.first)
            worker.cut()
            session.disconnected()
            worker.finish(task, success)
            fixture.clock.advance(by: .seconds(3))
            try await worker.connect(to: engine, tenant: fixture.tenant)
            #expect(await fixture.clock.advance(until: { worker.answers(task) == [.recorded] }))
            #expect(fixture.store.runStates[key] == .succeeded)
            #expect(worker.assignments.count == 1)
        }
        #expect(fixture.audit() == [])
    }

    @Test("a worker that leaves for good returns what it holds at once")
    func leaves() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        let other = TestWorker("other", session: 2) { _ in .finish(.success([])) }
        try await fixture.running(engine) {
            let session = try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }))
            try await other.connect(to: engine, tenant: fixture.tenant)
            try await session.close()
            #expect(
                await fixture.clock.advance(
                    until: { fixture.store.runStates[key] == .succeeded }, limit: .seconds(1)))
            #expect(other.assignments.map(\.fence.attempt) == [2])
        }
        #expect(fixture.audit() == [])
    }

    @Test("a worker that forgot an attempt is asked for its inventory, and the attempt returns")
    func inventory() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { $0.fence.attempt == 1 ? .startAndForget : .finish(.success([])) }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("single")))
            #expect(
                await fixture.clock.advance(
                    until: {
                        worker.heartbeat()
                        return fixture.store.runStates[key] == .succeeded
                    }, limit: .seconds(10)))
            #expect(worker.assignments.map(\.fence.attempt) == [1, 2])
        }
        #expect(fixture.audit() == [])
    }

    @Test("an attempt that outruns its time limit is ended by the server when its worker does not do it")
    func backstop() async throws {
        let engine = try await fixture.makeEngine()
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(engine) {
            try await worker.connect(to: engine, tenant: fixture.tenant)
            let key = fixture.key(try await engine.start(fixture.start("limited")))
            #expect(
                await fixture.clock.advance(
                    until: {
                        worker.heartbeat()
                        return fixture.store.runStates[key] == .failed
                    }, limit: .seconds(60)))
            #expect(worker.cancelled.count == 1)
            #expect(fixture.store.history(key).first?.transition.failure?.kind == .timeout)
        }
        #expect(fixture.audit() == [])
    }
}
