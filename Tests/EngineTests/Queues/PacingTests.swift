import TestSupport
import Testing
import Workflows

@testable import Engine

/// Throttled and debounced runs, through engines and a worker.
@Suite("Paced starts", .timeLimit(.minutes(1)))
struct PacingTests {
    private static func plan(_ name: String, _ rule: PacingRule, limit: PlanLimit? = nil) -> Plan {
        Plan(
            name: name, steps: [PlanStep(id: "only", taskType: "noop")], limit: limit, pacing: PlanPacing(rule))
    }

    private static let plans = [
        plan("wait", .throttle(Throttle(limit: 2, per: .seconds(60)))),
        plan("drop", .throttle(Throttle(limit: 2, per: .seconds(60), excess: .drop))),
        plan("last", .debounce(Debounce(quiet: .seconds(10), longest: .seconds(25)))),
        plan("both", .throttle(Throttle(limit: 2, per: .seconds(60))), limit: PlanLimit(slots: 1)),
    ]

    private struct Setting {
        let fixture: EngineFixture
        let engines: [Engine]
        let worker: TestWorker

        /// Runs of a state.
        func count(_ state: RunLifecycle) -> Int { fixture.store.runStates.values.count { $0 == state } }

        func start(_ workflow: String, at node: Int = 0) async throws -> RunKey {
            // Later runs have later ids.
            fixture.clock.advance(by: .milliseconds(2))
            return fixture.key(try await engines[node].start(fixture.start(workflow)))
        }

        func reach(_ state: RunLifecycle, _ number: Int, within limit: Duration) async -> Bool {
            await fixture.clock.advance(
                until: {
                    worker.heartbeat()
                    return count(state) == number
                }, limit: limit)
        }

        /// The worker stays alive meanwhile.
        func pass(_ duration: Duration) async {
            let end = fixture.clock.now + duration
            _ = await fixture.clock.advance(until: {
                worker.heartbeat()
                return fixture.clock.now >= end
            })
        }
    }

    /// Two nodes and a worker that finishes everything.
    private func set(_ body: @escaping @Sendable (Setting) async throws -> Void) async throws {
        let fixture = try await EngineFixture(plans: Self.plans)
        let engines = [try await fixture.makeEngine(), try await fixture.makeEngine()]
        let worker = TestWorker(session: 1) { _ in .finish(.success(Array("{}".utf8))) }
        try await fixture.running(engines[0]) {
            try await fixture.running(engines[1]) {
                try await worker.connect(to: engines[0], tenant: fixture.tenant)
                try await body(Setting(fixture: fixture, engines: engines, worker: worker))
            }
        }
        #expect(fixture.audit() == [])
    }

    @Test("a throttle lets so many start in each window, over two nodes")
    func throttle() async throws {
        try await set { setting in
            for index in 0..<5 { _ = try await setting.start("wait", at: index % 2) }
            #expect(await setting.reach(.succeeded, 2, within: .seconds(30)))
            #expect(setting.count(.queued) == 3)
            #expect(await setting.reach(.succeeded, 4, within: .seconds(61)))
            #expect(setting.count(.queued) == 1)
            #expect(await setting.reach(.succeeded, 5, within: .seconds(61)))
        }
    }

    @Test("a throttle that drops says when to come again")
    func drop() async throws {
        try await set { setting in
            for _ in 0..<2 { _ = try await setting.start("drop") }
            let error = await #expect(throws: EngineError.self) { _ = try await setting.start("drop", at: 1) }
            #expect(error?.code == .throttled)
            let pause = error?.retryAfter ?? .zero
            #expect((.seconds(50) ... .seconds(60)).contains(pause))
            #expect(await setting.reach(.succeeded, 2, within: .seconds(30)))
            await setting.pass(.seconds(60))
            _ = try await setting.start("drop", at: 1)
            #expect(await setting.reach(.succeeded, 3, within: .seconds(30)))
        }
    }

    @Test("of a quick succession the last starts, after quiet or after the longest wait; the others are cancelled")
    func debounce() async throws {
        try await set { setting in
            let store = setting.fixture.store
            let first = try await setting.start("last")
            await setting.pass(.seconds(5))
            let second = try await setting.start("last", at: 1)
            #expect(await setting.reach(.cancelled, 1, within: .seconds(5)))
            #expect(store.runStates[first] == .cancelled)
            #expect(store.runStates[second] == .queued)
            #expect(await setting.reach(.succeeded, 1, within: .seconds(12)))
            #expect(store.runStates[second] == .succeeded)
            // Asked for each five seconds, it starts all the same.
            let begun = setting.fixture.clock.now
            var asked = 0
            while setting.count(.succeeded) == 1, asked < 20 {
                _ = try await setting.start("last", at: asked % 2)
                asked += 1
                await setting.pass(.seconds(5))
            }
            #expect((.seconds(25) ... .seconds(35)).contains(setting.fixture.clock.now - begun))
            #expect((5...6).contains(asked))
            // The last of them begins a succession of its own, or has taken the place of the one before.
            #expect(await setting.reach(.queued, 0, within: .seconds(15)))
            #expect(await setting.reach(.running, 0, within: .seconds(15)))
            #expect((2...3).contains(setting.count(.succeeded)))
        }
    }

    @Test("a debounced run can be cancelled while it waits, and the next one waits anew")
    func cancelled() async throws {
        try await set { setting in
            let first = try await setting.start("last")
            try await setting.engines[1].cancel(first, reason: "not needed")
            #expect(setting.count(.cancelled) == 1)
            _ = try await setting.start("last")
            await setting.pass(.seconds(8))
            #expect(setting.count(.queued) == 1)
            #expect(await setting.reach(.succeeded, 1, within: .seconds(5)))
        }
    }

    @Test("a run whose time has come still needs its slot")
    func limited() async throws {
        try await set { setting in
            for _ in 0..<3 { _ = try await setting.start("both") }
            #expect(await setting.reach(.succeeded, 2, within: .seconds(30)))
            #expect(await setting.reach(.succeeded, 3, within: .seconds(61)))
        }
    }
}
