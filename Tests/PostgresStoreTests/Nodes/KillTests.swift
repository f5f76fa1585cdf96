import Engine
import JSON
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Two nodes over one database, of which one is killed in the middle: at each of its calls, after or before it took
/// effect. Its clients ask the other one again.
@Suite("PostgresStore: a node dies", .serialized, .timeLimit(.minutes(10)))
struct KillTests {
    /// A point at which the first node dies.
    struct Kill: Sendable, CustomTestStringConvertible {
        var calls: Int
        var tookEffect: Bool
        var testDescription: String { "call \(calls), \(tookEffect ? "carried out" : "lost")" }
    }

    private static let kills = (2...15).map { Kill(calls: $0 * 2, tookEffect: $0 % 2 == 0) }
    private static let success = FinishCommand.Outcome.success(Array(#"{"ok":1}"#.utf8))

    private static let definitions = [
        """
        name: signalled
        steps:
          - { id: first, uses: noop }
          - { id: nap, uses: wait, needs: [first], with: { signal: go } }
        output: { got: "${{ steps.nap.output }}" }
        """,
        """
        name: parent
        steps: [{ id: kid, uses: workflow, with: { name: child } }]
        output: "${{ steps.kid.output }}"
        """,
        "name: child\nsteps: [{ id: only, uses: noop }]\noutput: \"${{ steps.only.output }}\"",
        "name: newest\nconcurrency: { limit: 1, on_conflict: cancel_running }\nsteps: [{ id: only, uses: noop }]",
    ]

    private static var configuration: EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.commandTimeout = .milliseconds(300)
        configuration.inboxInterval = .milliseconds(100)
        configuration.inboxAge = .milliseconds(100)
        return configuration
    }

    private static func run(_ kill: Kill, _ body: @Sendable @escaping (EngineStage) async throws -> Void) async throws {
        try await EngineStage.run(
            definitions, nodes: 2, configuration: configuration, crashAfter: (kill.calls, kill.tookEffect), body)
    }

    /// Asks the first node, and the second if the first does not answer.
    private static func ask<Answer: Sendable>(
        _ stage: EngineStage, _ body: @Sendable (Engine) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body(stage.nodes[0])
        } catch let error as EngineError {
            guard [.unavailable, .runNotFound].contains(error.code) else { throw error }
            return try await body(stage.nodes[1])
        }
    }

    private static func start(_ workflow: String, key: String, _ stage: EngineStage) async throws -> RunKey {
        let started = try await ask(stage) { engine in
            try await engine.start(
                StartCommand(
                    tenant: stage.tenant, workflow: workflow, input: Array("{}".utf8),
                    idempotency: IdempotencyRecord(key: key, digest: [1], lifetime: .seconds(3600))))
        }
        return RunKey(tenant: stage.tenant, run: started.run)
    }

    private static func record(_ key: RunKey, _ stage: EngineStage) async throws -> RunRecord {
        try #require(try await stage.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
    }

    @Test("a signal that comes before its wait is kept, once", arguments: kills)
    func signal(kill: Kill) async throws {
        try await Self.run(kill) { stage in
            let worker = TestWorker("w", session: 1) { _ in .hold }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 2)])
            let key = try await Self.start("signalled", key: "a", stage)
            for payload in ["1", "2"] {
                // The second one is kept too, and not taken.
                _ = try await Self.ask(stage) { engine in
                    try await engine.signal(key, RunSignal(name: "go", id: payload, payload: Array(payload.utf8)))
                    // Its answer was lost: it is sent again.
                    try await engine.signal(key, RunSignal(name: "go", id: payload, payload: Array(payload.utf8)))
                }
            }
            stage.links[0].kill()
            try await stage.until("the step is held") { worker.held.count == 1 }
            for task in worker.held { worker.finish(task, Self.success) }
            try await stage.until("the run ends") { try await stage.state(key)?.isEnded == true }
            let record = try await Self.record(key, stage)
            #expect(record.state == .succeeded)
            #expect(try JSONValue(parsing: record.ending?.output ?? []) == ["got": 1])
            #expect(record.transitions.count { $0.state == .signalled } == 2)
        }
    }

    @Test("a child that ends while its parent's node dies tells its parent", arguments: kills)
    func child(kill: Kill) async throws {
        try await Self.run(kill) { stage in
            let worker = TestWorker("w", session: 1) { _ in .hold }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 2)])
            let key = try await Self.start("parent", key: "a", stage)
            try await stage.until("the child's step is held") { worker.held.count == 1 }
            stage.links[0].kill()
            for task in worker.held { worker.finish(task, Self.success) }
            try await stage.until("the parent ends") { try await stage.state(key)?.isEnded == true }
            let record = try await Self.record(key, stage)
            #expect(record.state == .succeeded)
            let output = try JSONValue(parsing: record.ending?.output ?? [])
            #expect(output == ["ok": 1])
            #expect(try await stage.text("SELECT count(*) FROM runs", key) == "2", "one child")
            try await stage.until("every message is acknowledged") {
                try await stage.text("SELECT count(*) FROM inbox", key) == "0"
            }
        }
    }

    @Test("cancel_running leaves the newest, whichever node dies in between", arguments: kills)
    func newest(kill: Kill) async throws {
        try await Self.run(kill) { stage in
            let worker = TestWorker("w", session: 1) { _ in .hold }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 8)])
            var keys: [RunKey] = []
            for number in 0..<5 {
                if number % 2 == 0 {
                    keys.append(try await Self.start("newest", key: "\(number)", stage))
                } else {
                    keys.append(try await stage.start("newest", on: 1))
                }
                // Run ids go by the milliseconds of their nodes.
                try await Task.sleep(for: .milliseconds(30))
            }
            stage.links[0].kill()
            let runs = keys
            try await stage.until("the others are cancelled, and the newest runs") {
                for key in runs.dropLast() {
                    guard try await stage.state(key) == .cancelled else { return false }
                }
                return try await stage.state(runs[4]) == .running
            }
            try await stage.until("its step is held") { worker.held.contains { $0.run == runs[4].run } }
            for task in worker.held where task.run == runs[4].run { worker.finish(task, Self.success) }
            try await stage.until("it ends") { try await stage.state(runs[4]) == .succeeded }
            #expect(try await stage.text("SELECT count(*) FROM limit_slots", runs[0]) == "0")
        }
    }
}
