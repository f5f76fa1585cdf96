import Engine
import TestSupport
import Testing
import Workflows

@Suite("Caches and idempotency keys in the engine", .timeLimit(.minutes(1)))
struct OutcomeTests {
    private let fixture: EngineFixture

    private static let definitions = [
        "name: cached\nsteps: [{id: a, uses: noop, cache: 5s, with: {x: \"${{ inputs.x }}\"}}]",
        "name: keyed\nsteps: [{id: a, uses: noop, idempotency: {key: \"${{ inputs.x }}\"}}]",
        "name: plain\nsteps: [{id: a, uses: noop}]",
    ]

    init() async throws {
        let plans = try Self.definitions.map { try Workflow(parsing: Array($0.utf8), file: "test.yaml").plan }
        fixture = try await EngineFixture(plans: plans)
    }

    private func until(_ worker: TestWorker, _ condition: @Sendable @escaping () -> Bool) async -> Bool {
        await fixture.clock.advance(until: {
            worker.heartbeat()
            return condition()
        })
    }

    private func settles(_ keys: [RunKey], _ state: RunLifecycle, _ worker: TestWorker) async -> Bool {
        await until(worker) { keys.allSatisfy { fixture.store.runStates[$0] == state } }
    }

    private func running(
        _ behaviour: @escaping TestWorker.Behaviour, store: (any Store)? = nil,
        _ body: @Sendable @escaping (Engine, TestWorker) async throws -> Void
    ) async throws {
        let engine = try await fixture.makeEngine(store: store)
        let worker = TestWorker(session: 1, behaviour: behaviour)
        try await fixture.running(engine) {
            try await worker.connect(
                to: engine, tenant: fixture.tenant,
                pools: [.init(name: "cpu", slots: 50), .init(name: "io", slots: 50)])
            try await body(engine, worker)
        }
        #expect(fixture.audit() == [])
    }

    private func start(_ engine: Engine, _ workflow: String, _ x: Int) async throws -> RunKey {
        fixture.key(try await engine.start(fixture.start(workflow, input: "{\"x\":\(x)}")))
    }

    private func record(_ key: RunKey) async throws -> RunRecord {
        try #require(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
    }

    private func output(_ key: RunKey) async throws -> String? {
        try await record(key).ending?.output.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("the second run takes what the first has left; another input, or a later day, runs anew")
    func cache() async throws {
        try await running { _ in
            .finish(.success(Array("[1]".utf8)))
        } _: { engine, worker in
            let first = try await start(engine, "cached", 1)
            #expect(await settles([first], .succeeded, worker))
            let second = try await start(engine, "cached", 1)
            #expect(await settles([second], .succeeded, worker))
            #expect(worker.assignments.count == 1)
            #expect(try await output(second) == "[1]")
            let line = try await record(second).transitions.last { $0.state == .succeeded }
            #expect(line?.failure?.code == "cached" && line?.attempt == 0)
            let other = try await start(engine, "cached", 2)
            #expect(await settles([other], .succeeded, worker))
            #expect(worker.assignments.count == 2)
            let end = fixture.clock.now + .seconds(6)
            #expect(await until(worker) { fixture.clock.now >= end })
            let late = try await start(engine, "cached", 1)
            #expect(await settles([late], .succeeded, worker))
            #expect(worker.assignments.count == 3)
        }
    }

    @Test("of many runs with one key one works, and all have its outcome")
    func key() async throws {
        try await running { _ in
            .hold
        } _: { engine, worker in
            var keys: [RunKey] = []
            for _ in 0..<20 { keys.append(try await start(engine, "keyed", 7)) }
            let other = try await start(engine, "keyed", 8)
            #expect(await until(worker) { worker.held.count == 2 && fixture.store.waiting.count == 19 })
            for task in worker.held { worker.finish(task, .success(Array("42".utf8))) }
            let all = keys
            #expect(await settles(all + [other], .succeeded, worker))
            #expect(worker.assignments.count == 2)
            for key in keys { #expect(try await output(key) == "42") }
        }
    }

    @Test("when the one that works fails or is cancelled, another goes on")
    func failure() async throws {
        try await running { _ in
            .hold
        } _: { engine, worker in
            let keys = [
                try await start(engine, "keyed", 7), try await start(engine, "keyed", 7),
                try await start(engine, "keyed", 7),
            ]
            #expect(await until(worker) { worker.held.count == 1 && fixture.store.waiting.count == 2 })
            let first = try #require(worker.held.first)
            worker.finish(
                first, .failure(StepFailure(kind: .error, message: "boom", retryable: false)))
            #expect(await until(worker) { worker.held.count == 1 && worker.held.first != first })
            let second = try #require(worker.held.first)
            let run = try #require(keys.first { $0.run == second.run })
            try await engine.cancel(run, reason: "enough")
            #expect(await until(worker) { worker.held.contains { $0.run != second.run } })
            let third = try #require(worker.held.first { $0.run != second.run })
            worker.finish(third, .success(Array("3".utf8)))
            let last = try #require(keys.first { $0.run == third.run })
            #expect(await settles([last], .succeeded, worker))
            #expect(try await output(last) == "3")
        }
    }

    @Test("runs without a key ask nothing: one commit to start, one to finish")
    func cost() async throws {
        let store = fixture.store
        try await running { _ in
            .finish(.success(Array("1".utf8)))
        } _: { engine, worker in
            let key = try await start(engine, "plain", 1)
            #expect(await settles([key], .succeeded, worker))
            let record = try await record(key)
            #expect(record.revision == 2 && record.transitions.count == 1)
            #expect(try await store.readInbox(limit: 10, olderThan: .zero).isEmpty)
        }
    }
}
