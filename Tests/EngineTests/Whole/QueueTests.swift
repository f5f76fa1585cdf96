import Engine
import Synchronization
import TestSupport
import Testing
import Workflows

@Suite("Queues", .timeLimit(.minutes(1)))
struct QueueTests {
    private static let success: TestWorker.Step = .finish(.success(Array("{}".utf8)))
    private static func single(_ name: String, queue: String = "default", priority: Int32 = 0) -> Plan {
        Plan(name: name, steps: [PlanStep(id: "only", taskType: "noop", queue: queue, priority: priority)])
    }

    private func slots(_ count: Int) -> [WorkerHello.Pool] { [.init(name: "cpu", slots: count)] }

    @Test("a pause at one node stops the other; what waits goes when the queue is resumed")
    func pause() async throws {
        let fixture = try await EngineFixture(plans: [Self.single("a")])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let worker = TestWorker(session: 1) { _ in Self.success }
        let tenant = fixture.tenant
        try await fixture.running(near) {
            try await fixture.running(far) {
                try await worker.connect(to: far, tenant: tenant)
                _ = try await near.start(fixture.start("a"))
                #expect(await fixture.clock.advance(until: { worker.assignments.count == 1 }))
                _ = try await near.changeQueue(named: "default", tenant: tenant, .paused(true))
                for _ in 0..<3 { _ = try await far.start(fixture.start("a")) }
                await fixture.clock.pass(.seconds(10))
                #expect(worker.assignments.count == 1)
                #expect(fixture.store.tokens.ready == 3, "no token has moved")
                _ = try await near.changeQueue(named: "default", tenant: tenant, .paused(false))
                #expect(
                    await fixture.clock.advance(until: {
                        worker.heartbeat()
                        return fixture.store.runStates.values.allSatisfy { $0 == .succeeded }
                    }))
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("a draining queue refuses new runs and finishes the others")
    func drain() async throws {
        let fixture = try await EngineFixture(plans: [Self.single("a")])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            _ = try await engine.start(fixture.start("a"))
            _ = try await engine.changeQueue(named: "default", tenant: tenant, .draining(true))
            let error = await #expect(throws: EngineError.self) { _ = try await engine.start(fixture.start("a")) }
            #expect(error?.code == .queueDraining)
            #expect(error?.message.contains("\"default\"") == true)
            let worker = TestWorker(session: 1) { _ in Self.success }
            try await worker.connect(to: engine, tenant: tenant)
            #expect(
                await fixture.clock.advance(until: { fixture.store.runStates.values.allSatisfy { $0 == .succeeded } }))
            _ = try await engine.changeQueue(named: "default", tenant: tenant, .draining(false))
            _ = try await engine.start(fixture.start("a"))
        }
    }

    @Test("what waits is handed out by the queue's discipline, also when that changes")
    func reorders() async throws {
        let fixture = try await EngineFixture(plans: [Self.single("low"), Self.single("high", priority: 7)])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        let worker = TestWorker(session: 1) { _ in Self.success }
        try await fixture.running(engine) {
            let order = QueueSettings(order: QueueOrder(.priority))
            _ = try await engine.start(fixture.start("low"))
            fixture.clock.advance(by: .milliseconds(2))
            _ = try await engine.start(fixture.start("high"))
            fixture.clock.advance(by: .milliseconds(2))
            var urgent = fixture.start("low")
            urgent.priority = 9
            _ = try await engine.start(urgent)
            _ = try await engine.changeQueue(named: "default", tenant: tenant, .settings(order))
            await fixture.clock.pass(.seconds(20))
            try await worker.connect(to: engine, tenant: tenant, pools: slots(1))
            #expect(
                await fixture.clock.advance(until: { fixture.store.runStates.values.allSatisfy { $0 == .succeeded } }))
            #expect(worker.assignments.map(\.workflow) == ["low", "high", "low"])
            let starts = worker.assignments.map(\.task.run)
            #expect(starts[0] > starts[1] && starts[1] > starts[2], "the latest had the highest priority")
        }
        #expect(fixture.audit() == [])
    }

    @Test("a limit of a queue holds over two nodes, and each place that becomes free is taken")
    func limit() async throws {
        let fixture = try await EngineFixture(plans: [Self.single("a")])
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        let workers = (1...2).map { TestWorker("w\($0)", session: UInt64($0)) { _ in .hold } }
        let tenant = fixture.tenant
        try await fixture.running(near) {
            try await fixture.running(far) {
                _ = try await near.createQueue(
                    named: "default", settings: QueueSettings(concurrency: 3), tenant: tenant)
                try await workers[0].connect(to: near, tenant: tenant)
                try await workers[1].connect(to: far, tenant: tenant)
                for index in 0..<20 { _ = try await (index % 2 == 0 ? near : far).start(fixture.start("a")) }
                var ended = 0
                while ended < 20 {
                    #expect(
                        await fixture.clock.advance(until: {
                            for worker in workers { worker.heartbeat() }
                            return workers.reduce(0) { $0 + $1.held.count } == min(3, 20 - ended)
                        }))
                    let (worker, task) = try #require(
                        workers.lazy.compactMap { worker in worker.held.first.map { (worker, $0) } }.first)
                    #expect(fixture.store.tokens.attempts <= 3)
                    worker.finish(task, .success(Array("{}".utf8)))
                    ended += 1
                    #expect(await fixture.clock.advance(until: { worker.answers(task).isEmpty == false }))
                }
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("queues of one tenant share its slots by their weights")
    func fairness() async throws {
        let fixture = try await EngineFixture(plans: [
            Self.single("a", queue: "heavy"), Self.single("b", queue: "light"),
        ])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        try await fixture.running(engine) {
            for (name, weight) in [("heavy", 300), ("light", 100)] as [(String, Int32)] {
                _ = try await engine.createQueue(named: name, settings: QueueSettings(weight: weight), tenant: tenant)
            }
            for _ in 0..<200 {
                _ = try await engine.start(fixture.start("a"))
                _ = try await engine.start(fixture.start("b"))
            }
            let worker = TestWorker(session: 1) { _ in Self.success }
            try await worker.connect(to: engine, tenant: tenant, pools: slots(4))
            #expect(
                await fixture.clock.advance(until: {
                    worker.heartbeat()
                    return worker.assignments.count >= 200
                }))
            let share = worker.assignments.prefix(200).count { $0.workflow == "a" }
            #expect((147...153).contains(share), "3 of 4 turns, within 2 %: \(share)")
        }
    }
}
