import Engine
import PostgresStore
import TestSupport
import Testing
import Workflows

/// The whole language through the engine on PostgreSQL: what the virtual time of `EngineTests` cannot show is that the
/// rows are right, which `token_audit` says.
@Suite("PostgresStore: the whole language", .timeLimit(.minutes(5)))
struct LanguageTests {
    private static let definitions = [
        """
        name: main
        setup: [{id: s, uses: noop}]
        steps:
          - {id: each, uses: noop, for_each: [1, 2, 3, 4, 5], max_parallel: 2, deadline: 1h, with: {i: "${{ item }}"}}
          - {id: nap, uses: wait, with: {for: 20ms}}
          - {id: sub, uses: workflow, needs: [each, nap], with: {name: child, inputs: {n: 3}}}
          - {id: risky, uses: noop, needs: [sub]}
          - {id: sig, uses: wait, needs: [risky], with: {signal: go, timeout: 1h}}
          - {id: ok, uses: approval, needs: [sig], with: {quorum: 1, timeout: 1h}}
        on_failure: [{match: {step: risky}, steps: [{id: fix, uses: noop}], recover: {fixed: "${{ steps.fix.output }}"}}]
        finally: [{id: f, uses: noop}]
        output: {each: "${{ steps.each.output }}", sub: "${{ steps.sub.output }}", risky: "${{ steps.risky.output }}"}
        """,
        "name: child\nsteps: [{id: c, uses: noop, with: {n: \"${{ inputs.n }}\"}}]",
        "name: held\nsteps: [{id: a, uses: noop}, {id: b, uses: noop, needs: [a]}]\nfinally: [{id: f, uses: noop}]",
    ]

    @Test("everything in one run, which ends well and leaves nothing behind")
    func everything() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        _ = try await store.apply(
            Self.definitions.map { text in
                let workflow = try Workflow(parsing: Array(text.utf8), file: "test.yaml")
                return DefinitionRecord(
                    name: workflow.definition.name, canonical: workflow.definition.canonical,
                    digest: Array(workflow.definition.name.utf8), source: Array(text.utf8))
            }, tenant: tenant)
        let engine = try await Engine(
            store: store, catalog: store, compiler: { try Plan.compile(canonical: $0.canonical) })
        let worker = TestWorker(session: 1) { task in
            switch task.task.step {
            case "risky": .finish(.failure(StepFailure(kind: .error, message: "boom", retryable: false)))
            case "a", "b": .hold
            default: .finish(.success(task.input))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in engine.services { group.addTask { try await service.run() } }
            defer { group.cancelAll() }
            try await worker.connect(to: engine, tenant: tenant, pools: [.init(name: "io", slots: 4)])
            try await run(engine, store, tenant)
            try await cancelPaused(engine, store, tenant, worker)
        }
        #expect(try await store.auditTokens().isEmpty)
        try await database.discard()
    }

    private func run(_ engine: Engine, _ store: PostgresStore, _ tenant: TenantID) async throws {
        let started = try await engine.start(
            StartCommand(tenant: tenant, workflow: "main", input: Array("{}".utf8)))
        let key = RunKey(tenant: tenant, run: started.run)
        try await engine.signal(key, RunSignal(name: "go", id: "1", payload: Array("1".utf8)))
        // Until the approval waits: it is the sixth step.
        while true {
            do {
                try await engine.decide(
                    StepKey(run: key, step: 5), ApprovalDecision(approver: "ada", verdict: .approve))
                break
            } catch {
                guard error.code == .conflict else { throw error }
                await Task.yield()
            }
        }
        let ending = try await ending(of: key, store)
        #expect(ending.failure == nil)
        #expect(
            ending.output.map { String(decoding: $0, as: UTF8.self) }
                == #"{"each":[{"i":1},{"i":2},{"i":3},{"i":4},{"i":5}],"sub":{"n":3},"risky":{"fixed":{}}}"#)
    }

    private func cancelPaused(
        _ engine: Engine, _ store: PostgresStore, _ tenant: TenantID, _ worker: TestWorker
    ) async throws {
        let started = try await engine.start(
            StartCommand(tenant: tenant, workflow: "held", input: Array("{}".utf8)))
        let key = RunKey(tenant: tenant, run: started.run)
        while worker.held.isEmpty { await Task.yield() }
        try await engine.pause(key)
        worker.finish(try #require(worker.held.first), .success(Array("{}".utf8)))
        while try await record(of: key, store).transitions.isEmpty { await Task.yield() }
        #expect(try await store.auditTokens().isEmpty, "b has one token, and a pause holds it")
        try await engine.resume(key)
        try await engine.pause(key)
        try await engine.cancel(key, reason: "enough")
        _ = try await ending(of: key, store)
        let record = try await record(of: key, store)
        #expect(record.state == .cancelled)
        // Clean-up runs although the run was paused.
        #expect(record.transitions.contains { $0.step == 2 && $0.state == .succeeded })
    }

    private func record(of key: RunKey, _ store: PostgresStore) async throws -> RunRecord {
        try #require(try await store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
    }

    private func ending(of key: RunKey, _ store: PostgresStore) async throws -> RunEnding {
        while true {
            if let ending = try await record(of: key, store).ending { return ending }
            await Task.yield()
        }
    }
}
