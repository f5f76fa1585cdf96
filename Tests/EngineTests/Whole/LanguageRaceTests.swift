import Engine
import TestSupport
import Testing
import Workflows

/// Two things that exclude one another happen to a run at once, each at another node. Seeds vary who runs when.
@Suite("Races of the language", .timeLimit(.minutes(2)))
struct LanguageRaceTests {
    private static let definitions = [
        "name: signal\nsteps: [{id: w, uses: wait, with: {signal: go, timeout: 1s, on_timeout: continue}}]",
        "name: approval\nsteps: [{id: w, uses: approval, with: {timeout: 1s, on_timeout: continue}}]",
        """
        name: spread
        steps:
          - {id: a, uses: noop}
          - {id: each, uses: noop, needs: [a], for_each: [1, 2, 3], max_parallel: 2}
        finally: [{id: f, uses: noop}]
        """,
        "name: parent\nsteps: [{id: sub, uses: workflow, with: {name: child}}]\nfinally: [{id: f, uses: noop}]",
        "name: child\nsteps: [{id: a, uses: noop}]",
    ]

    private let fixture: EngineFixture
    private let worker: TestWorker

    /// Step `a` is held until the test lets it go.
    private init(seed: UInt64) async throws {
        let plans = try Self.definitions.map { try Workflow(parsing: Array($0.utf8), file: "test.yaml").plan }
        fixture = try await EngineFixture(plans: plans, seed: seed)
        worker = TestWorker("w", session: 1) { task in
            task.task.step == "a" ? .hold : .finish(.success(Array("1".utf8)))
        }
    }

    init() async throws { try await self.init(seed: 0) }

    /// Runs a body with two nodes; the worker is at the first.
    private func running(_ body: @Sendable @escaping (_ near: Engine, _ far: Engine) async throws -> Void) async throws
    {
        let (near, far) = (try await fixture.makeEngine(), try await fixture.makeEngine())
        try await fixture.running(near) {
            try await fixture.running(far) {
                try await worker.connect(
                    to: near, tenant: fixture.tenant, pools: [.init(name: "io", slots: 4)])
                try await body(near, far)
            }
        }
        #expect(fixture.audit() == [])
    }

    private func ends(_ key: RunKey) async -> RunLifecycle? {
        let ended = await fixture.clock.advance(
            until: {
                worker.heartbeat()
                return fixture.store.runStates[key]?.isEnded ?? false
            }, limit: .seconds(120))
        return ended ? fixture.store.runStates[key] : nil
    }

    private func successes(_ key: RunKey, of step: Int32) -> [[UInt8]?] {
        fixture.store.history(key).map(\.transition).filter { $0.step == step && $0.state == .succeeded }.map(\.output)
    }

    /// Does what a caller asks for; it may come too late.
    private func attempt(_ body: @Sendable () async throws -> Void) async throws -> Bool {
        do {
            try await body()
            return true
        } catch let error as EngineError {
            #expect(error.code == .runEnded || error.code == .conflict)
            return false
        }
    }

    @Test("a signal against the wait's end", arguments: UInt64(0)..<8)
    func signalAgainstDue(seed: UInt64) async throws {
        let test = try await LanguageRaceTests(seed: seed)
        try await test.running { near, far in
            let key = test.fixture.key(try await near.start(test.fixture.start("signal")))
            test.fixture.clock.advance(by: .milliseconds(900 + Int(seed) * 25))
            async let told = test.attempt {
                try await far.signal(key, RunSignal(name: "go", id: "1", payload: Array("7".utf8)))
            }
            #expect(await test.ends(key) == .succeeded)
            let outputs = test.successes(key, of: 0)
            #expect(outputs.count == 1)
            #expect(try await told || outputs == [Array("null".utf8)])
        }
    }

    @Test("a decision against the approval's end", arguments: UInt64(0)..<8)
    func decisionAgainstDue(seed: UInt64) async throws {
        let test = try await LanguageRaceTests(seed: seed)
        try await test.running { near, far in
            let key = test.fixture.key(try await near.start(test.fixture.start("approval")))
            test.fixture.clock.advance(by: .milliseconds(900 + Int(seed) * 25))
            async let decided = test.attempt {
                try await far.decide(
                    StepKey(run: key, step: 0), ApprovalDecision(approver: "ada", verdict: .approve))
            }
            #expect(await test.ends(key) == .succeeded)
            let outputs = test.successes(key, of: 0)
            #expect(outputs.count == 1)
            let wasDecided = try await decided
            #expect(wasDecided == (outputs != [Array("null".utf8)]), "who was told so has decided")
        }
    }

    @Test("a cancel against the spreading of a for_each", arguments: UInt64(0)..<8)
    func cancelAgainstExpansion(seed: UInt64) async throws {
        let test = try await LanguageRaceTests(seed: seed)
        try await test.running { near, far in
            let key = test.fixture.key(try await near.start(test.fixture.start("spread")))
            #expect(await test.fixture.clock.advance(until: { !test.worker.held.isEmpty }))
            async let cancelled = test.attempt { try await far.cancel(key, reason: "enough") }
            for task in test.worker.held { test.worker.finish(task, .success(Array("1".utf8))) }
            let state = await test.ends(key)
            #expect(try await cancelled ? state == .cancelled : state == .succeeded)
            #expect(test.successes(key, of: 2).count == 1, "the clean-up has run once")
        }
    }

    @Test("a child's end against its parent's cancel", arguments: UInt64(0)..<8)
    func childAgainstCancel(seed: UInt64) async throws {
        let test = try await LanguageRaceTests(seed: seed)
        try await test.running { near, far in
            let key = test.fixture.key(try await near.start(test.fixture.start("parent")))
            #expect(await test.fixture.clock.advance(until: { !test.worker.held.isEmpty }))
            async let cancelled = test.attempt { try await far.cancel(key, reason: "enough") }
            for task in test.worker.held { test.worker.finish(task, .success(Array("1".utf8))) }
            let state = await test.ends(key)
            #expect(try await cancelled ? state == .cancelled : state == .succeeded)
            // The child ends too, one way or the other, and no message is left.
            #expect(
                await test.fixture.clock.advance(
                    until: {
                        test.worker.heartbeat()
                        return test.fixture.store.runStates.values.allSatisfy(\.isEnded)
                            && test.fixture.store.inboxCount == 0
                    }, limit: .seconds(120)))
        }
    }
}
