import Engine
import PostgresStore
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: lists for people", .timeLimit(.minutes(5)))
struct ReaderTests {
    @Test("Runs by state, workflow and page")
    func lists() async throws {
        let database = try await StoreDatabase.make()
        let reader = database.store
        let fixture = try await StoreFixture.make(on: reader)
        let session = try await fixture.openSession()
        var keys: [RunKey] = []
        for _ in 0..<5 { keys.append(try await fixture.startRun(steps: 2, lease: session).key) }
        keys.sort { $0.run < $1.run }
        for key in keys[0...1] {
            var batch = fixture.makeBatch()
            batch.advances = [
                fixture.advance(
                    key, from: 1, to: .failed,
                    failure: StepFailure(kind: .error, code: "exit_1", message: "no", retryable: false, step: "a"))
            ]
            batch.drops = [TokenDrop(key: key, expected: 2)]
            _ = try await reader.commit(batch)
        }
        func list(_ query: RunQuery) async throws -> [RunKey] {
            try await reader.runs(query, tenant: fixture.tenant).map(\.key)
        }
        #expect(try await list(RunQuery(limit: 10)) == keys.reversed())
        #expect(try await list(RunQuery(states: [.running], limit: 10)) == keys[2...].reversed())
        #expect(try await list(RunQuery(states: [.failed], limit: 10)) == keys[0...1].reversed())
        #expect(try await list(RunQuery(states: [.running, .failed], limit: 3)) == keys[2...].reversed())
        #expect(try await list(RunQuery(states: [.running], before: keys[4].run, limit: 1)) == [keys[3]])
        #expect(try await list(RunQuery(before: keys[2].run, limit: 10)) == keys[0...1].reversed())
        #expect(try await list(RunQuery(workflow: "flow", limit: 1)) == [keys[4]])
        #expect(try await list(RunQuery(states: [.failed, .running], workflow: "other", limit: 9)).isEmpty)
        let failed = try #require(
            try await reader.runs(RunQuery(states: [.failed], limit: 1), tenant: fixture.tenant).first)
        #expect(failed.workflow == "flow" && failed.version == 1 && failed.endedAt != nil)
        #expect(failed.failure?.code == "exit_1" && failed.failure?.step == "a")
        let overview = try await reader.overview(window: .seconds(3600), tenant: fixture.tenant)
        #expect(overview.runs == [.running: 3, .failed: 2])
        #expect(overview.running == 6 && overview.ready == 0 && overview.workers == 1)
        #expect(try await reader.queueLoads(tenant: fixture.tenant) == [fixture.bucket.queue: QueueLoad(running: 6)])
        _ = try await fixture.startRun(steps: 3)
        #expect(
            try await reader.queueLoads(tenant: fixture.tenant)
                == [fixture.bucket.queue: QueueLoad(ready: 3, running: 6)])
        let workers = try await reader.workers(tenant: fixture.tenant)
        #expect(workers.map(\.running) == [6])
        #expect(try await reader.workflows(after: nil, limit: 10, tenant: fixture.tenant).map(\.name) == ["flow"])
        #expect(try await reader.versions(of: "flow", tenant: fixture.tenant).map(\.version) == [1])
        try await database.discard()
    }

    @Test("One run with its history, lost attempts and tokens")
    func detail() async throws {
        let database = try await StoreDatabase.make()
        let reader = database.store
        let fixture = try await StoreFixture.make(on: reader)
        let (live, dead) = (try await fixture.openSession(), try await fixture.openSession(lease: .zero))
        let (key, _) = try await fixture.startRun(lease: dead)
        #expect(try await reader.rescue(limit: 10).count == 1)
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 1)]
        batch.transitions = [fixture.transition(key, revision: 2, step: 9, attempt: 0, state: .skipped)]
        batch.ready = [fixture.ready(key, step: 1, rank: 1, lease: live)]
        batch.timers = [TimerRow(kind: .token(fixture.ready(key, step: 2, attempt: 3)), delay: .seconds(60))]
        _ = try await reader.commit(batch)
        let run = try #require(try await reader.run(key))
        #expect(run.summary.state == .running && run.revision == 2 && run.input == Array("{}".utf8))
        #expect(run.history.map(\.transition.state).contains(.lost))
        #expect(run.history.first { $0.transition.state == .lost }?.session == dead)
        #expect(run.tokens.map(\.step) == [0, 1, 2])
        #expect(run.tokens.map(\.state) == [.ready, .running, .scheduled])
        #expect(run.tokens[1].worker == "worker" && run.tokens[2].dueAt != nil)
        #expect(try await reader.run(RunKey(tenant: TenantID(0), run: key.run)) == nil, "another tenant's")
        try await database.discard()
    }

    @Test("A chunk of output sent twice is stored once, and pages follow on")
    func logs() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        let key = try await fixture.makeKey()
        let lines = (0..<5).map { number in
            LogLine(
                key: key, step: Int32(number % 2), attempt: 1, sequence: Int64(number), stream: .output,
                at: Timestamp(microseconds: 1_000_000), text: number == 3 ? "a\0b" : "line \(number)")
        }
        try await database.store.append(lines)
        try await database.store.append(lines)
        let first = try await database.store.logs(LogQuery(key: key, limit: 3))
        #expect(first.map(\.sequence) == [0, 2, 4])
        let last = try #require(first.last)
        let rest = try await database.store.logs(
            LogQuery(
                key: key, after: LogPosition(step: last.step, attempt: last.attempt, sequence: last.sequence), limit: 3)
        )
        #expect(rest.map(\.sequence) == [1, 3])
        #expect(rest.last?.text == "a\u{FFFD}b")
        #expect(try await database.store.logs(LogQuery(key: key, step: 1, limit: 9)).count == 2)
        try await database.discard()
    }
}
