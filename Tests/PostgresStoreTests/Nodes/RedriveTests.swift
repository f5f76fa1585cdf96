import Engine
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Redrives over two nodes and a real database, under the limit of a key.
@Suite("PostgresStore: redrives", .timeLimit(.minutes(5)))
struct RedriveTests {
    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))
    private static let failure = FinishCommand.Outcome.failure(
        StepFailure(kind: .error, message: "boom", retryable: false))

    private static func definition(_ policy: ConflictPolicy) -> String {
        """
        name: keyed
        concurrency: { key: "${{ inputs.k }}", limit: 1, on_conflict: \(policy.rawValue) }
        steps: [{ id: a, uses: noop }, { id: nap, uses: wait, needs: [a], with: { for: 1ms } }]
        """
    }

    private func run(
        _ policy: ConflictPolicy, _ body: @Sendable @escaping (EngineStage, TestWorker) async throws -> Void
    ) async throws {
        try await EngineStage.run([Self.definition(policy)], nodes: 2) { stage in
            let worker = TestWorker("w", session: 1) { _ in .hold }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 8)])
            try await body(stage, worker)
        }
    }

    private func start(_ stage: EngineStage, on node: Int) async throws -> RunKey {
        // Run ids go by the milliseconds of their nodes.
        try await Task.sleep(for: .milliseconds(20))
        return try await stage.start("keyed", input: #"{"k":"x"}"#, on: node)
    }

    private func end(
        _ key: RunKey, _ outcome: FinishCommand.Outcome, _ stage: EngineStage, _ worker: TestWorker
    ) async throws {
        try await stage.until("the run's step is held") { worker.held.contains { $0.run == key.run } }
        for task in worker.held where task.run == key.run { worker.finish(task, outcome) }
        try await stage.until("the run ends") { try await stage.state(key)?.isEnded == true }
    }

    @Test("queue: the redriven run waits for its slot, keeps its place in no list of ended runs, and ends well")
    func queues() async throws {
        try await run(.queue) { stage, worker in
            let first = try await start(stage, on: 0)
            try await end(first, Self.failure, stage, worker)
            let second = try await start(stage, on: 1)
            try await stage.until("the second runs") { try await stage.state(second) == .running }
            try await stage.nodes[0].redrive(first, by: "ada")
            #expect(try await stage.state(first) == .queued)
            let indexed = "SELECT count(*) FROM run_index WHERE tenant = $1 AND run = $2"
            #expect(try await stage.text(indexed, first) == "0")
            #expect(try await stage.nodes[1].explain(first).map(\.reason.kind) == [.limit])
            try await end(second, Self.success, stage, worker)
            try await end(first, Self.success, stage, worker)
            #expect(try await stage.state(first) == .succeeded)
            #expect(try await stage.text("SELECT count(*) FROM limit_slots", first) == "0")
        }
    }

    @Test("reject: it is refused while another has the slot, and taken when it is free")
    func rejects() async throws {
        try await run(.reject) { stage, worker in
            let first = try await start(stage, on: 0)
            try await end(first, Self.failure, stage, worker)
            let second = try await start(stage, on: 1)
            let error = await #expect(throws: EngineError.self) { try await stage.nodes[0].redrive(first, by: "ada") }
            #expect(error?.code == .concurrencyLimit)
            #expect(try await stage.state(first) == .failed)
            try await end(second, Self.success, stage, worker)
            try await stage.nodes[1].redrive(first, by: "ada")
            try await end(first, Self.success, stage, worker)
            #expect(try await stage.state(first) == .succeeded)
        }
    }

    @Test("cancel_running: the redriven run is the newest, until another comes")
    func cancelsRunning() async throws {
        try await run(.cancelRunning) { stage, worker in
            let first = try await start(stage, on: 0)
            try await end(first, Self.failure, stage, worker)
            let second = try await start(stage, on: 1)
            try await stage.until("the second runs") { try await stage.state(second) == .running }
            try await Task.sleep(for: .milliseconds(20))
            try await stage.nodes[0].redrive(first, by: "ada")
            try await stage.until("the second made room") {
                guard try await stage.state(second) == .cancelled else { return false }
                return try await stage.state(first) == .running
            }
            let third = try await start(stage, on: 1)
            try await stage.until("the redriven one made room") {
                guard try await stage.state(first) == .cancelled else { return false }
                return try await stage.state(third) == .running
            }
        }
    }

    @Test(
        "active runs: many redrives and starts over two nodes are never more than the quota, and nothing is miscounted")
    func quota() async throws {
        try await EngineStage.run(["name: one\nsteps: [{ id: a, uses: noop }]"], nodes: 2) { stage in
            let worker = TestWorker("w", session: 1) { task in task.fence.attempt < 1000 ? .finish(Self.failure) : .hold
            }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 50)])
            var keys: [RunKey] = []
            for _ in 0..<12 { keys.append(try await stage.start("one")) }
            for key in keys { try await stage.until("it fails") { try await stage.state(key) == .failed } }
            let quotas = TenantQuotas(tenant: stage.tenant, limits: [.activeRuns: 5])
            for node in stage.nodes { _ = try await node.setQuotas(quotas) }
            var admitted = 0
            for (number, key) in keys.enumerated() {
                do throws(EngineError) {
                    try await stage.nodes[number % 2].redrive(key, by: "ada")
                    admitted += 1
                } catch {
                    #expect(error.quota == .activeRuns)
                }
            }
            // A node may have reserved a place to spare.
            #expect((3...5).contains(admitted))
            #expect(try await stage.store.recountRuns(of: stage.tenant) == 0)
            try await stage.until("they end") {
                for task in worker.held { worker.finish(task, Self.success) }
                return try await stage.text("SELECT count(*) FROM runs WHERE ended_at IS NULL", keys[0]) == "0"
            }
            #expect(try await stage.store.recountRuns(of: stage.tenant) == 0)
        }
    }
}
