import Engine
import Filters
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Jobs over many runs: the rows, and the duty on a real engine.
@Suite("PostgresStore: bulk jobs", .timeLimit(.minutes(5)))
struct BulkTests {
    private func order(_ action: BulkJob.Action, rate: Int32? = nil) -> BulkJob.Order {
        BulkJob.Order(action: action, filter: "state:failed", rate: rate, reason: "why", by: "ada")
    }

    private func make(
        _ fixture: StoreFixture, _ store: PostgresStore, count: Int32, rate: Int32? = nil
    ) async throws -> BulkJob {
        let id = RunID(at: try await store.now(), random: StoreFixture.randomBytes()).bytes
        var items: [BulkItem] = []
        for number in 0..<count {
            items.append(BulkItem(number: number + 1, run: try await fixture.makeKey().run, generation: 2))
        }
        return try await store.createJob(
            BulkJob(
                id: id, tenant: fixture.tenant, order: order(.redrive, rate: rate), total: count,
                createdAt: Timestamp(microseconds: 0)), items: items)
    }

    private let node = SessionID(RunID.Bytes(high: 1, low: 1))
    private let other = SessionID(RunID.Bytes(high: 2, low: 2))

    @Test("one node works on a job, in order, until its lease is over; another goes on where it was")
    func lease() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let fixture = try await StoreFixture.make(on: store)
        let job = try await make(fixture, store, count: 5)
        #expect(job.state == .running && job.total == 5 && job.order == order(.redrive))
        let first = try #require(try await store.claimJob(node: node, lease: .seconds(60), limit: 2))
        #expect(first.job.id == job.id && first.items.map(\.number) == [1, 2] && first.items[0].generation == 2)
        #expect(try await store.claimJob(node: other, lease: .seconds(60), limit: 2) == nil)
        let run = try await fixture.makeKey().run
        let results = [
            BulkResult(item: first.items[0], outcome: .done, newRun: run),
            BulkResult(item: first.items[1], outcome: .failed, detail: "it cannot"),
        ]
        #expect(try await !store.recordResults(results, of: first, node: other, pause: .zero))
        #expect(try await store.recordResults(results, of: first, node: node, pause: .zero))
        #expect(try await !store.recordResults(results, of: first, node: node, pause: .zero), "written once")
        // It dies with the next two, and its lease ends at once.
        _ = try #require(try await store.claimJob(node: node, lease: .zero, limit: 2))
        let second = try #require(try await store.claimJob(node: other, lease: .seconds(60), limit: 9))
        #expect(second.items.map(\.number) == [3, 4, 5])
        let rest = second.items.map { BulkResult(item: $0, outcome: .unchanged, detail: "was so") }
        #expect(try await store.recordResults(rest, of: second, node: other, pause: .zero))
        let ended = try #require(try await store.job(job.id, tenant: fixture.tenant))
        #expect(ended.state == .done && ended.dealtWith == 5 && ended.unchanged == 3 && ended.failed == 1)
        #expect(ended.endedAt != nil)
        let all = try await store.results(of: job.id, outcome: nil, after: 0, limit: 9, tenant: fixture.tenant)
        #expect(Array(all.prefix(2)) == results && all.count == 5)
        let failed = try await store.results(of: job.id, outcome: .failed, after: 0, limit: 9, tenant: fixture.tenant)
        #expect(failed == [results[1]])
        #expect(try await store.claimJob(node: node, lease: .seconds(60), limit: 2) == nil)
        #expect(try await store.job(job.id, tenant: TenantID(fixture.tenant.value + 1)) == nil)
        try await database.discard()
    }

    @Test("a rate bounds what is taken at once and when the next comes; a cancelled job takes nothing more")
    func rateAndCancel() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let fixture = try await StoreFixture.make(on: store)
        let slow = try await make(fixture, store, count: 9, rate: 3)
        let claim = try #require(try await store.claimJob(node: node, lease: .seconds(60), limit: 100))
        #expect(claim.items.count == 3)
        let results = claim.items.map { BulkResult(item: $0, outcome: .done) }
        #expect(try await store.recordResults(results, of: claim, node: node, pause: .seconds(3600)))
        #expect(try await store.claimJob(node: node, lease: .seconds(60), limit: 100) == nil, "not due")

        let quick = try await make(fixture, store, count: 4)
        let taken = try #require(try await store.claimJob(node: node, lease: .seconds(60), limit: 2))
        let cancelled = try await store.cancelJob(quick.id, tenant: fixture.tenant, by: "bob")
        #expect(cancelled?.state == .cancelled && cancelled?.cancelledBy == "bob")
        let done = taken.items.map { BulkResult(item: $0, outcome: .done) }
        #expect(try await store.recordResults(done, of: taken, node: node, pause: .zero), "what was done is known")
        #expect(try await store.job(quick.id, tenant: fixture.tenant)?.dealtWith == 2)
        #expect(try await store.job(quick.id, tenant: fixture.tenant)?.state == .cancelled)
        #expect(try await store.claimJob(node: node, lease: .seconds(60), limit: 2) == nil)
        let again = try await store.cancelJob(quick.id, tenant: fixture.tenant, by: "eve")
        #expect(again?.cancelledBy == "bob")
        let list = try await store.jobs(before: nil, limit: 9, tenant: fixture.tenant)
        #expect(Set(list.map(\.id)) == [slow.id, quick.id])
        let empty = try await make(fixture, store, count: 0)
        #expect(empty.state == .done && empty.endedAt != nil)
        try await database.discard()
    }

    private static let definition = "name: f\nsteps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]"

    @Test("the duty redrives what has failed, cancels what goes on, repeats what has ended; each run once")
    func duty() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        let workflow = try Workflow(parsing: Array(Self.definition.utf8), file: "test.yaml")
        _ = try await store.apply(
            [
                DefinitionRecord(
                    name: "f", canonical: workflow.definition.canonical, digest: [1],
                    source: Array(Self.definition.utf8))
            ], tenant: tenant)
        let engine = try await Engine(
            store: store, catalog: store, compiler: { try Plan.compile(canonical: $0.canonical) })
        let runner = BulkRunner(engine: engine, jobs: store)
        let failure = StepFailure(kind: .error, code: "exit_1", message: "boom", retryable: false)
        let worker = TestWorker(session: 1) { task in
            task.fence.attempt < 1000 ? .finish(.failure(failure)) : .hold
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in engine.services { group.addTask { try await service.run() } }
            group.addTask { try await runner.service.run() }
            defer { group.cancelAll() }
            try await worker.connect(
                to: engine, tenant: tenant,
                pools: [.init(name: "cpu", slots: 50), .init(name: "io", slots: 50)])
            let events = engine.events.subscribe(tenant: tenant)
            var keys: [RunKey] = []
            for _ in 0..<12 {
                let run = try await engine.start(StartCommand(tenant: tenant, workflow: "f", input: Array("{}".utf8)))
                keys.append(RunKey(tenant: tenant, run: run.run))
            }
            try await until(events) {
                try await store.runs(RunQuery(states: [.failed], limit: 50), tenant: tenant).count == 12
            }
            func run(_ action: BulkJob.Action, _ filter: String) async throws -> BulkJob {
                let order = BulkJob.Order(action: action, filter: filter, by: "ada")
                let table = action == .redrive ? DeadLetter.filterKeys : RunQuery.filterKeys
                let predicates = try Filter(parsing: filter, keys: table).predicates(now: 0)
                let match = try await BulkMatch(
                    order, filter: predicates, runs: store, letters: store, tenant: tenant)
                let job = try await store.createJob(
                    BulkJob(
                        id: StoreFixture.randomBytes(), tenant: tenant, order: order, total: Int32(match.items.count),
                        createdAt: Timestamp(microseconds: 0)), items: match.items)
                runner.raise()
                while try await store.job(job.id, tenant: tenant)?.state == .running { await Task.yield() }
                return try #require(try await store.job(job.id, tenant: tenant))
            }
            let redriven = try await run(.redrive, "error:exit_1 replays:0")
            #expect(redriven.total == 12 && redriven.dealtWith == 12 && redriven.unchanged == 0)
            let nothing = try await run(.redrive, "error:exit_1")
            #expect(nothing.total == 0 && nothing.state == .done)
            let cancelled = try await run(.cancel, "workflow:f")
            #expect(cancelled.total == 12 && cancelled.unchanged == 0 && cancelled.failed == 0)
            #expect(try await store.runs(RunQuery(states: [.cancelled], limit: 50), tenant: tenant).count == 12)
            let repeated = try await run(.rerun, "state:cancelled")
            #expect(repeated.total == 12 && repeated.failed == 0)
            let results = try await store.results(
                of: repeated.id, outcome: .done, after: 0, limit: 50, tenant: tenant)
            #expect(Set(results.compactMap(\.newRun)).count == 12)
            events.close()
        }
        #expect(try await store.auditTokens().isEmpty)
        try await database.discard()
    }

    /// Waits for events until the condition holds.
    private func until(_ events: EventSubscription, _ condition: () async throws -> Bool) async throws {
        while try await !condition() { _ = try await events.next() }
    }
}
