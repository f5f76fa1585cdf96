import Engine
import TestSupport
import Testing
import Workflows

/// A redriven run is let in as a new one would be: by its key's limit, over all nodes, and by its tenant's quotas.
@Suite("Redrives under limits and quotas", .timeLimit(.minutes(1)))
struct RedriveTests {
    private static let failure = FinishCommand.Outcome.failure(
        StepFailure(kind: .error, message: "boom", retryable: false))
    private static let success = FinishCommand.Outcome.success(Array("{}".utf8))

    private static func plan(_ name: String, _ policy: ConflictPolicy? = nil) -> Plan {
        Plan(
            name: name, steps: [PlanStep(id: "a", taskType: "noop"), PlanStep(id: "b", taskType: "noop", needs: [0])],
            limit: policy.map { PlanLimit(slots: 1, onConflict: $0) })
    }

    /// Two nodes; the worker, at the second, holds what it gets.
    private func running(
        _ plan: Plan, _ body: @Sendable @escaping (EngineFixture, [Engine], TestWorker) async throws -> Void
    ) async throws {
        let fixture = try await EngineFixture(plans: [plan])
        let nodes = [try await fixture.makeEngine(), try await fixture.makeEngine()]
        let worker = TestWorker(session: 1) { _ in .hold }
        try await fixture.running(nodes[0]) {
            try await fixture.running(nodes[1]) {
                try await worker.connect(to: nodes[1], tenant: fixture.tenant)
                try await body(fixture, nodes, worker)
            }
        }
        #expect(fixture.audit() == [])
    }

    /// Ends the next attempt of a run.
    private func end(
        _ key: RunKey, _ outcome: FinishCommand.Outcome, _ fixture: EngineFixture, _ worker: TestWorker
    ) async throws -> TaskName {
        #expect(
            await fixture.clock.advance(until: {
                worker.heartbeat()
                return worker.held.contains { $0.run == key.run }
            }))
        let task = try #require(worker.held.first { $0.run == key.run })
        worker.finish(task, outcome)
        #expect(await fixture.clock.advance(until: { !worker.answers(task).isEmpty }))
        return task
    }

    private func failed(
        _ fixture: EngineFixture, _ nodes: [Engine], _ worker: TestWorker
    ) async throws -> RunKey {
        let key = fixture.key(try await nodes[0].start(fixture.start("a")))
        _ = try await end(key, Self.failure, fixture, worker)
        #expect(fixture.store.runStates[key] == .failed)
        fixture.clock.advance(by: .milliseconds(5))
        return key
    }

    @Test("queue: it waits until the run that has the slot has ended, and then the next one waits for it")
    func queues() async throws {
        try await running(Self.plan("a", .queue)) { fixture, nodes, worker in
            let first = try await failed(fixture, nodes, worker)
            let second = fixture.key(try await nodes[1].start(fixture.start("a")))
            await fixture.clock.executor.idle()
            try await nodes[0].redrive(first, by: "ada")
            #expect(fixture.store.runStates[first] == .queued)
            let explained = try await nodes[1].explain(first)
            #expect(explained.map(\.reason.kind) == [.limit] && explained.first?.step == nil)
            let again = await #expect(throws: EngineError.self) { try await nodes[1].redrive(first, by: "bob") }
            #expect(again?.code == .conflict)
            for _ in 0..<2 { _ = try await end(second, Self.success, fixture, worker) }
            #expect(await fixture.clock.advance(until: { fixture.store.runStates[first] == .running }))
            let third = fixture.key(try await nodes[1].start(fixture.start("a")))
            #expect(fixture.store.runStates[third] == .queued)
            #expect(try await end(first, Self.success, fixture, worker).attempt > 1000)
            _ = try await end(first, Self.success, fixture, worker)
            #expect(fixture.store.runStates[first] == .succeeded)
            _ = try await end(third, Self.failure, fixture, worker)
        }
    }

    @Test("one that waits for its slot is cancelled, and leaves the line")
    func cancelledInLine() async throws {
        try await running(Self.plan("a", .queue)) { fixture, nodes, worker in
            let first = try await failed(fixture, nodes, worker)
            let second = fixture.key(try await nodes[1].start(fixture.start("a")))
            await fixture.clock.executor.idle()
            try await nodes[0].redrive(first, by: "ada")
            try await nodes[1].cancel(first, reason: "no")
            #expect(fixture.store.runStates[first] == .cancelled)
            for _ in 0..<2 { _ = try await end(second, Self.success, fixture, worker) }
            let third = fixture.key(try await nodes[1].start(fixture.start("a")))
            _ = try await end(third, Self.failure, fixture, worker)
        }
    }

    @Test("reject: it is refused while another run has the slot, stays failed, and may be asked for again")
    func rejects() async throws {
        try await running(Self.plan("a", .reject)) { fixture, nodes, worker in
            let first = try await failed(fixture, nodes, worker)
            let second = fixture.key(try await nodes[1].start(fixture.start("a")))
            let error = await #expect(throws: EngineError.self) { try await nodes[0].redrive(first, by: "ada") }
            #expect(error?.code == .concurrencyLimit)
            #expect(fixture.store.runStates[first] == .failed)
            #expect(fixture.store.deadLetters.allSatisfy { $0.redrivenBy == nil })
            for _ in 0..<2 { _ = try await end(second, Self.success, fixture, worker) }
            try await nodes[1].redrive(first, by: "ada")
            for _ in 0..<2 { _ = try await end(first, Self.success, fixture, worker) }
            #expect(fixture.store.runStates[first] == .succeeded)
        }
    }

    @Test("cancel_running: it takes the place of the run that has the slot, and gives it to a newer one")
    func cancelsRunning() async throws {
        try await running(Self.plan("a", .cancelRunning)) { fixture, nodes, worker in
            let first = try await failed(fixture, nodes, worker)
            let second = fixture.key(try await nodes[1].start(fixture.start("a")))
            #expect(await fixture.clock.advance(until: { worker.held.contains { $0.run == second.run } }))
            fixture.clock.advance(by: .milliseconds(5))
            try await nodes[0].redrive(first, by: "ada")
            #expect(
                await fixture.clock.advance(until: {
                    fixture.store.runStates[second] == .cancelled && fixture.store.runStates[first] == .running
                }))
            fixture.clock.advance(by: .milliseconds(5))
            let third = fixture.key(try await nodes[1].start(fixture.start("a")))
            #expect(
                await fixture.clock.advance(until: {
                    fixture.store.runStates[first] == .cancelled && fixture.store.runStates[third] == .running
                }))
        }
    }

    @Test("active runs: a redriven run takes a place, over both nodes, and leaves it at its end")
    func activeRuns() async throws {
        try await running(Self.plan("a")) { fixture, nodes, worker in
            _ = try await nodes[0].setQuotas(TenantQuotas(tenant: fixture.tenant, limits: [.activeRuns: 1]))
            await fixture.clock.pass(.seconds(2))
            let first = try await failed(fixture, nodes, worker)
            let second = fixture.key(try await nodes[1].start(fixture.start("a")))
            let over = await #expect(throws: EngineError.self) { try await nodes[0].redrive(first, by: "ada") }
            #expect(over?.code == .quotaExceeded && over?.quota == .activeRuns)
            #expect(fixture.store.runStates[first] == .failed)
            try await nodes[1].cancel(second, reason: "room")
            await fixture.clock.pass(.seconds(6))
            try await nodes[0].redrive(first, by: "ada")
            await #expect(throws: EngineError.self) { _ = try await nodes[1].start(fixture.start("a")) }
            for _ in 0..<2 { _ = try await end(first, Self.success, fixture, worker) }
            await fixture.clock.pass(.seconds(6))
            _ = try await nodes[1].start(fixture.start("a"))
            // Nothing had to be put right.
            #expect(try await fixture.store.recountRuns(of: fixture.tenant) == 0)
        }
    }

    @Test("pending steps: while too many wait, a redrive is refused as a start is")
    func pendingSteps() async throws {
        try await running(Self.plan("a")) { fixture, nodes, worker in
            let first = try await failed(fixture, nodes, worker)
            _ = try await nodes[0].setQuotas(
                TenantQuotas(tenant: fixture.tenant, limits: [.pendingSteps: 2, .concurrentSteps: 1]))
            _ = await nodes[0].startBatch((0..<4).map { _ in fixture.start("a") })
            await fixture.clock.pass(.seconds(2))
            let over = await #expect(throws: EngineError.self) { try await nodes[0].redrive(first, by: "ada") }
            #expect(over?.code == .quotaExceeded && over?.quota == .pendingSteps)
        }
    }
}
