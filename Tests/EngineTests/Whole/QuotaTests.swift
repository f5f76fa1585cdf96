import Engine
import TestSupport
import Testing
import Workflows

@Suite("Quotas of tenants, whole", .timeLimit(.minutes(1)))
struct QuotaTests {
    private static let plan = Plan(name: "one", steps: [PlanStep(id: "a", taskType: "noop")])

    private func fixture() async throws -> EngineFixture { try await EngineFixture(plans: [Self.plan]) }

    private func code(_ result: Result<Started, EngineError>) -> (EngineError.Code, QuotaKind?)? {
        guard case .failure(let error) = result else { return nil }
        return (error.code, error.quota)
    }

    @Test("so many active runs and no more; a place that becomes free is taken, and a repetition is known")
    func activeRuns() async throws {
        let fixture = try await fixture()
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            _ = try await engine.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.activeRuns: 3]))
            var results = await engine.startBatch((0..<3).map { fixture.start("one", key: "k\($0)") })
            #expect(results.allSatisfy { (try? $0.get().created) == true })
            results = await engine.startBatch([
                fixture.start("one"), fixture.start("one", key: "k1"), fixture.start("one", key: "new"),
            ])
            #expect(code(results[0])! == (.quotaExceeded, .activeRuns))
            #expect(try results[1].get().created == false)
            #expect(code(results[2])! == (.quotaExceeded, .activeRuns))
            let first = try await engine.start(fixture.start("one", key: "k0"))
            try await engine.cancel(fixture.key(first), reason: "test")
            let next = try await engine.start(fixture.start("one"))
            #expect(next.created && next.warnings.map(\.kind) == [.activeRuns])
            let use = try await engine.usage(of: fixture.tenant).uses.first { $0.kind == .activeRuns }
            #expect(use?.used == 3 && use?.limit == 3)
        }
        #expect(fixture.audit() == [])
    }

    @Test("two nodes together start as many runs as the quota says, and what a dead node reserved comes back")
    func twoNodes() async throws {
        let fixture = try await fixture()
        let (one, two) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        try await fixture.running(one) {
            _ = try await one.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.activeRuns: 40]))
            // The other learns of it by itself.
            try await fixture.running(two) {
                await fixture.clock.pass(.seconds(2))
                var started = 0
                for round in 0..<30 {
                    let results = await (round % 2 == 0 ? one : two).startBatch([
                        fixture.start("one"), fixture.start("one"),
                    ])
                    started += results.count { (try? $0.get()) != nil }
                }
                // Blocks with some to spare may be left in either.
                #expect((30...40).contains(started))
            }
            // The second is gone; its block ends, and the first may start the rest.
            await fixture.clock.pass(.seconds(6))
            _ = await one.startBatch((0..<20).map { _ in fixture.start("one") })
            let uses = try await one.usage(of: fixture.tenant).uses
            #expect(uses.first { $0.kind == .activeRuns }?.used == 40)
        }
        #expect(fixture.audit() == [])
    }

    @Test("a freed place is for the next who asks: at once where the run has ended, elsewhere after 10 ms")
    func freedPlace() async throws {
        let fixture = try await fixture()
        let (one, two) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        try await fixture.running(one) {
            try await fixture.running(two) {
                _ = try await one.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.activeRuns: 2]))
                await fixture.clock.pass(.seconds(2))
                var active: [RunKey] = []
                for engine in [one, two] { active.append(fixture.key(try await engine.start(fixture.start("one")))) }
                for round in 0..<40 {
                    for engine in [one, two] {
                        #expect(
                            code(await engine.startBatch([fixture.start("one")])[0])! == (.quotaExceeded, .activeRuns))
                    }
                    let (here, there) = round % 2 == 0 ? (one, two) : (two, one)
                    try await here.cancel(active.removeFirst(), reason: "makes room")
                    // Nothing but a submission gets the place: no sweep has run, for time stands.
                    let taker = round % 4 < 2 ? here : there
                    if round % 4 >= 2 { fixture.clock.advance(by: .milliseconds(10)) }
                    active.append(fixture.key(try await taker.start(fixture.start("one"))))
                }
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("submissions come as fast as the quota says")
    func submissions() async throws {
        let fixture = try await fixture()
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            _ = try await engine.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.submissionsPerSecond: 10]))
            for _ in 0..<3 {
                let results = await engine.startBatch((0..<20).map { _ in fixture.start("one") })
                #expect(results.count { (try? $0.get()) != nil } == 10)
                #expect(code(results[19])! == (.quotaExceeded, .submissionsPerSecond))
                await fixture.clock.pass(.seconds(1))
            }
            // Somebody else's are not counted, and none are when the quota is gone.
            _ = try await engine.setQuotas(TenantQuotas(tenant: fixture.tenant))
            let free = await engine.startBatch((0..<50).map { _ in fixture.start("one") })
            #expect(free.allSatisfy { (try? $0.get()) != nil })
        }
    }

    @Test("no more steps at once than the quota says, over queues, and the next when one ends")
    func concurrentSteps() async throws {
        let fixture = try await fixture()
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            let worker = TestWorker(session: 1) { _ in .hold }
            try await worker.connect(to: engine, tenant: fixture.tenant, pools: [.init(name: "cpu", slots: 8)])
            _ = try await engine.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.concurrentSteps: 2]))
            _ = await engine.startBatch((0..<5).map { _ in fixture.start("one") })
            await fixture.clock.executor.idle()
            var seen = 0
            while seen < 5 {
                let held = worker.held
                #expect(held.count == min(2, 5 - seen))
                guard let task = held.first else { break }
                worker.finish(task, .success(Array("{}".utf8)))
                seen += 1
                await fixture.clock.executor.idle()
            }
            #expect(seen == 5)
        }
        #expect(fixture.audit() == [])
    }

    @Test("while too many steps wait, runs are refused; too many workers are, too")
    func pendingSteps() async throws {
        let fixture = try await fixture()
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            _ = try await engine.setQuotas(
                TenantQuotas(tenant: fixture.tenant, limits: [.pendingSteps: 3, .workers: 1]))
            _ = await engine.startBatch((0..<4).map { _ in fixture.start("one") })
            await fixture.clock.pass(.seconds(2))
            let results = await engine.startBatch([fixture.start("one")])
            #expect(code(results[0])! == (.quotaExceeded, .pendingSteps))
            let worker = TestWorker(session: 1) { _ in .hold }
            try await worker.connect(to: engine, tenant: fixture.tenant, pools: [.init(name: "cpu", slots: 8)])
            await fixture.clock.pass(.seconds(2))
            #expect((await engine.startBatch([fixture.start("one")]))[0].isStarted)
            let second = TestWorker(session: 2) { _ in .hold }
            await #expect(throws: EngineError.self) {
                try await second.connect(to: engine, tenant: fixture.tenant, pools: [.init(name: "cpu", slots: 8)])
            }
        }
    }

    @Test("what is stored is limited: runs are refused before their input is one byte too much, and lines are not kept")
    func storedBytes() async throws {
        let fixture = try await fixture()
        let engine = try await fixture.makeEngine()
        try await fixture.running(engine) {
            func start(_ length: Int) async -> Result<Started, EngineError> {
                let input = #"{"t":"\#(String(repeating: "x", count: length - 8))"}"#
                return await engine.startBatch([fixture.start("one", input: input)])[0]
            }
            #expect(await start(50).isStarted)
            _ = try await engine.setQuotas(
                TenantQuotas(tenant: fixture.tenant, limits: [.payloadBytes: 200, .logBytes: 30]))
            // What was there before is counted, and what this node has stored since: 50 and 100.
            await fixture.clock.pass(.seconds(2))
            #expect(await start(100).isStarted)
            #expect(code(await start(51))! == (.quotaExceeded, .payloadBytes))
            #expect(await start(50).isStarted)
            #expect(code(await start(8))! == (.quotaExceeded, .payloadBytes))
            await fixture.clock.pass(.seconds(2))
            let use = try await engine.usage(of: fixture.tenant).uses.first { $0.kind == .payloadBytes }
            #expect(use == QuotaUse(kind: .payloadBytes, used: 200, limit: 200))
            #expect(code(await start(8))! == (.quotaExceeded, .payloadBytes))

            _ = try await engine.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.logBytes: 30]))
            #expect(engine.takesLog(20, of: fixture.tenant) && !engine.takesLog(11, of: fixture.tenant))
            #expect(await start(500).isStarted)
            #expect(engine.takesLog(10, of: fixture.tenant))
            #expect(code(await start(8))! == (.quotaExceeded, .logBytes))
            #expect(engine.takesLog(1_000, of: TenantID(fixture.tenant.value + 1)), "another's are not counted")
        }
        #expect(fixture.audit() == [])
    }

    @Test("a step's output is counted by the node that has stored it, and the others learn of it")
    func outputs() async throws {
        let fixture = try await fixture()
        let (one, two) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        try await fixture.running(one) {
            try await fixture.running(two) {
                _ = try await one.setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.payloadBytes: 100]))
                await fixture.clock.pass(.seconds(2))
                let worker = TestWorker(session: 1) { _ in .hold }
                try await worker.connect(to: one, tenant: fixture.tenant, pools: [.init(name: "cpu", slots: 1)])
                _ = await one.startBatch([fixture.start("one")])
                await fixture.clock.executor.idle()
                let task = try #require(worker.held.first)
                worker.finish(task, .success(Array(#"{"t":"\#(String(repeating: "x", count: 92))"}"#.utf8)))
                await fixture.clock.pass(.seconds(3))
                for engine in [one, two] {
                    #expect(
                        code(await engine.startBatch([fixture.start("one")])[0])! == (.quotaExceeded, .payloadBytes))
                }
            }
        }
    }
}

extension Result where Success == Started {
    fileprivate var isStarted: Bool { if case .success = self { true } else { false } }
}
