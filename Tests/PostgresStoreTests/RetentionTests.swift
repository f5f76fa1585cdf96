import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: retention by tenant", .timeLimit(.minutes(5)))
struct RetentionTests {
    /// A tenant whose runs may be as old as one likes.
    private struct Scene {
        let database: StoreDatabase
        let fixture: StoreFixture
        let connection: PostgresConnection

        init() async throws {
            database = try await StoreDatabase.make()
            fixture = try await StoreFixture.make(on: database.store)
            connection = try await database.connect()
        }

        /// A run that has been started so many days ago, with a line of its log and a dead letter; it has ended as many
        /// days ago, if it has.
        func run(started: Int64, ended: Int64?, parent: RunContext.Parent? = nil) async throws -> RunKey {
            let day: Int64 = 86_400_000_000
            let now = try await database.store.now()
            let id = RunID(
                at: Timestamp(microseconds: now.microseconds - started * day), random: StoreFixture.randomBytes())
            let key = RunKey(tenant: fixture.tenant, run: id)
            var start = fixture.start(key, input: #"{"n":1}"#)
            start.parent = parent
            var batch = fixture.makeBatch()
            batch.starts = [start]
            batch.ready = [fixture.ready(key)]
            _ = try await database.store.commit(batch)
            try await database.store.append([
                LogLine(key: key, step: 0, attempt: 1, sequence: 1, stream: .output, at: now, text: "0123456789")
            ])
            guard let ended else { return key }
            batch = fixture.makeBatch()
            batch.advances = [fixture.advance(key, from: 1, to: .failed, output: #"{"m":22}"#)]
            batch.transitions = [fixture.transition(key, revision: 2, output: #"{"k":333}"#)]
            batch.drops = [TokenDrop(key: key, expected: 1)]
            batch.deadLetters = [
                DeadLetterRow(
                    key: key, revision: 2, step: 0, name: "a", attempt: 1, generation: 0, flow: fixture.flow,
                    failure: StepFailure(kind: .error, message: "x", retryable: false), input: nil)
            ]
            #expect(try await database.store.commit(batch).excluded.isEmpty)
            let uuid = id.bytes.uuidText
            for table in ["runs", "run_index"] {
                try await connection.query(
                    PostgresQuery(
                        unescaped:
                            "UPDATE \(table) SET ended_at = now() - \(ended) * interval '1 day' WHERE run = '\(uuid)'"))
            }
            return key
        }

        /// The tables that have rows of a run, without its tokens.
        func places(_ key: RunKey) async throws -> [String] {
            var found: [String] = []
            for table in ["runs", "run_index", "steps", "logs", "dead_letters"] {
                let rows = try await connection.query(
                    PostgresQuery(unescaped: "SELECT count(*) FROM \(table) WHERE run = '\(key.run.bytes.uuidText)'"))
                if try rows.decode(row: 0, column: 0, as: Int64.self) > 0 { found.append(table) }
            }
            return found
        }

        func keep(_ runs: Int32?, logs: Int32?, limits: [QuotaKind: Int64] = [:]) async throws {
            _ = try await database.store.setQuotas(
                TenantQuotas(
                    tenant: fixture.tenant, limits: limits, retention: TenantRetention(runDays: runs, logDays: logs)))
        }

        func discard() async throws {
            await connection.close()
            try await database.discard()
        }
    }

    private static let all = ["runs", "run_index", "steps", "logs", "dead_letters"]

    @Test("runs and logs whose days are over go with all that they have left; what is active or younger stays")
    func days() async throws {
        let scene = try await Scene()
        let store = scene.database.store
        let old = try await scene.run(started: 50, ended: 40)
        let late = try await scene.run(started: 50, ended: 20)
        let fresh = try await scene.run(started: 50, ended: 5)
        let active = try await scene.run(started: 50, ended: nil)
        #expect(try await store.removeExpired() == RemovedRuns(), "nobody has said how long")
        #expect(try await scene.places(old) == Self.all)

        try await scene.keep(30, logs: 10)
        #expect(try await store.removeExpired(batch: 1) == RemovedRuns(runs: 1, logs: 1))
        #expect(try await scene.places(old) == [])
        #expect(try await scene.places(late) == Self.all.filter { $0 != "logs" })
        #expect(try await scene.places(fresh) == Self.all)
        #expect(try await scene.places(active) == ["runs", "logs"])
        #expect(try await store.removeExpired() == RemovedRuns())
        #expect(try await store.auditTokens() == [])
        try await scene.discard()
    }

    @Test("a run stays as long as the one that started it goes on")
    func children() async throws {
        let scene = try await Scene()
        let parent = try await scene.run(started: 60, ended: nil)
        let child = try await scene.run(
            started: 50, ended: 40, parent: RunContext.Parent(run: parent.run, step: 0))
        try await scene.keep(30, logs: nil)
        #expect(try await scene.database.store.removeExpired() == RemovedRuns())
        #expect(try await scene.places(child) == Self.all)
        try await scene.connection.query(
            PostgresQuery(
                unescaped:
                    "UPDATE runs SET ended_at = now() - interval '1 day' WHERE run = '\(parent.run.bytes.uuidText)'"))
        #expect(try await scene.database.store.removeExpired() == RemovedRuns(runs: 1))
        #expect(try await scene.places(child) == [])
        try await scene.discard()
    }

    @Test("another tenant's runs stay, and what goes gives its bytes back")
    func bytes() async throws {
        let scene = try await Scene()
        let store = scene.database.store
        _ = try await scene.run(started: 50, ended: 40)
        _ = try await scene.run(started: 50, ended: 20)
        let other = try await StoreFixture.make(on: store)
        _ = try await store.setQuotas(TenantQuotas(tenant: other.tenant, retention: TenantRetention(runDays: 1)))
        try await scene.keep(30, logs: 10, limits: [.payloadBytes: 1000, .logBytes: 1000])
        // 7 of the input, 8 of the output, 9 of the step's.
        var used = try await store.usage(of: scene.fixture.tenant, withRuns: false)
        #expect(used[.payloadBytes] == 48 && used[.logBytes] == 20)
        #expect(try await store.removeExpired() == RemovedRuns(runs: 1, logs: 1))
        used = try await store.usage(of: scene.fixture.tenant, withRuns: false)
        #expect(used[.payloadBytes] == 24 && used[.logBytes] == 0)
        try await store.recountBytes(of: scene.fixture.tenant)
        #expect(try await store.usage(of: scene.fixture.tenant, withRuns: false)[.payloadBytes] == 24)
        try await scene.discard()
    }
}
