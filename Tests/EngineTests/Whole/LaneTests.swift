import Engine
import Telemetry
import TestSupport
import Testing
import Workflows

@Suite("Batches of a lane", .timeLimit(.minutes(1)))
struct LaneTests {
    static let single = Plan(name: "single", steps: [PlanStep(id: "only", taskType: "noop")])

    private static func configuration(eager: Int) -> EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.lanes = 1
        configuration.eagerCommands = eager
        return configuration
    }

    @Test("while one is written, what comes is gathered into the next, which goes after it", arguments: [1, 2, 64])
    func gathers(eager: Int) async throws {
        let fixture = try await EngineFixture(plans: [Self.single])
        let store = CrashingStore(fixture.store)
        let engine = try await fixture.makeEngine(store: store, configuration: Self.configuration(eager: eager))
        try await fixture.running(engine) {
            store.holdCommits()
            try await withThrowingTaskGroup(of: Started.self) { group in
                group.addTask { try await engine.start(fixture.start("single")) }
                await fixture.clock.executor.idle()
                for _ in 0..<5 {
                    group.addTask { try await engine.start(fixture.start("single")) }
                    await fixture.clock.executor.idle()
                }
                // One commit at a time.
                #expect(store.commits.map(\.count) == [1])
                #expect(!engine.isDrained)
                store.releaseCommits()
                let started = try await group.reduce(into: 0) { count, _ in count += 1 }
                #expect(started == 6)
            }
            await fixture.clock.executor.idle()
            #expect(store.commits.map(\.count) == [1, 5])
            #expect(engine.isDrained)
        }
        #expect(fixture.audit() == [])
    }

    @Test("what comes for a run that is being written waits for what that comes to", arguments: [1, 64])
    func defers(eager: Int) async throws {
        let fixture = try await EngineFixture(plans: [Self.single])
        let store = CrashingStore(fixture.store)
        let engine = try await fixture.makeEngine(store: store, configuration: Self.configuration(eager: eager))
        try await fixture.running(engine) {
            let key = fixture.key(try await engine.start(fixture.start("single")))
            store.holdCommits()
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await engine.pause(key)
                    return true
                }
                await fixture.clock.executor.idle()
                group.addTask {
                    try await engine.cancel(key, reason: "enough")
                    return true
                }
                group.addTask {
                    _ = try await engine.start(fixture.start("single"))
                    return true
                }
                await fixture.clock.executor.idle()
                store.releaseCommits()
                for try await isDone in group { #expect(isDone) }
            }
            #expect(fixture.store.runStates[key] == .cancelled)
            let races = engine.metrics.first { $0.name == "beamline_lost_races_total" }?.samples.first?.value
            #expect(races == 0)
        }
        #expect(fixture.audit() == [])
    }

    @Test(
        "when the store goes away, both batches are applied again, and nothing is lost or done twice", arguments: 1...10
    )
    func fails(seed: UInt64) async throws {
        let fixture = try await EngineFixture(plans: [Self.single], seed: seed)
        let store = CrashingStore(fixture.store)
        let engine = try await fixture.makeEngine(store: store, configuration: Self.configuration(eager: 1))
        try await fixture.running(engine) {
            store.holdCommits()
            let keys = try await withThrowingTaskGroup(of: Started.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await engine.start(fixture.start("single")) }
                    await fixture.clock.executor.idle()
                }
                store.setAway(true)
                store.releaseCommits()
                await fixture.clock.pass(.seconds(2))
                store.setAway(false)
                await fixture.clock.pass(.seconds(2))
                return try await group.reduce(into: Set<RunKey>()) { $0.insert(fixture.key($1)) }
            }
            #expect(keys.count == 4)
            #expect(Set(fixture.store.runStates.keys) == keys)
        }
        #expect(fixture.audit() == [])
    }
}
