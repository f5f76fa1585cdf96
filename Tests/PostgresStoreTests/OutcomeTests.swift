import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// What the store answers when the database or the connection fails it.
@Suite("PostgresStore: failures", .timeLimit(.minutes(5)))
struct OutcomeTests {
    @Test("A commit whose answer is lost is answered as it was, and happens once")
    func lostAnswer() async throws {
        let database = try await StoreDatabase.make()
        let proxy = try SocketProxy(to: database.cluster.cluster.socketDirectory)
        let store = try await database.store(through: proxy)
        let fixture = try await StoreFixture.make(on: store)
        let session = try await fixture.openSession()
        let (loser, _) = try await fixture.startRun()
        let keys = [try await fixture.makeKey(), try await fixture.makeKey()]
        var batch = fixture.makeBatch()
        for key in keys {
            batch.starts.append(fixture.start(key))
            batch.ready.append(fixture.ready(key, rank: key == keys[0] ? 1 : 5000, lease: session))
        }
        batch.advances = [fixture.advance(loser, from: 7)]
        let lost = proxy.lostAnswers
        proxy.loseNextAnswer()
        let outcome = try await store.commit(batch)
        #expect(proxy.lostAnswers == lost + 1)
        #expect(Array(outcome.excluded.keys) == [loser])
        // The second's rank is behind the waiting run's, so only the first was leased.
        #expect(outcome.leased.map(\.fence.key) == [keys[0]])
        #expect(outcome.committedAt.microseconds > 0)

        proxy.loseNextAnswer()
        let ended = try await store.commit(fixture.finishBatch(outcome.leased[0].fence))
        #expect(proxy.lostAnswers == lost + 2)
        #expect(ended.excluded.isEmpty)
        let record = try #require(try await store.loadRuns([RunLoad(key: keys[0], knownRevision: nil)]).first)
        #expect(record.revision == 2)
        #expect(record.transitions.count == 1)
        let connection = try await database.connect()
        let events = try await connection.query("SELECT count(*) FROM events WHERE batch IS NOT NULL")
        #expect(try events.decode(row: 0, column: 0, as: Int64.self) == 3)
        #expect(try await database.store.auditTokens().isEmpty)
        await connection.close()
        await store.close()
        proxy.close()
        try await database.discard()
    }

    @Test("A run whose data the database refuses fails alone")
    func refusedData() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for index in 0..<37 {
            let key = try await fixture.makeKey()
            batch.starts.append(fixture.start(key, input: index == 23 ? "\"\0\"" : "{}"))
            batch.ready.append(fixture.ready(key))
            keys.append(key)
        }
        let outcome = try await database.store.commit(batch)
        #expect(Array(outcome.excluded.keys) == [keys[23]])
        guard case .refused(let code, _)? = outcome.excluded[keys[23]] else {
            Issue.record("\(outcome.excluded)")
            return
        }
        #expect(code.hasPrefix("22"))
        let records = try await database.store.loadRuns(keys.map { RunLoad(key: $0, knownRevision: nil) })
        #expect(records.count == 36)
        #expect(try await database.store.auditTokens().isEmpty)
        try await database.discard()
    }

    @Test("Without its database the store says so, and goes on when it is back")
    func restart() async throws {
        let cluster = try await PostgresCluster.own()
        let database = try await StoreDatabase.make(in: cluster)
        let fixture = try await StoreFixture.make(on: database.store)
        let (key, _) = try await fixture.startRun()
        try await cluster.cluster.stop(.immediate)
        await #expect(throws: StoreError.self) { try await fixture.startRun() }
        do {
            _ = try await database.store.loadRuns([RunLoad(key: key, knownRevision: nil)])
            Issue.record("a stopped database answered")
        } catch .unavailable(let hint, _) {
            #expect(hint > .zero)
        }
        try await cluster.cluster.start()
        let session = try await fixture.openSession()
        let task = try #require(try await fixture.claim([session]).first)
        #expect(task.fence.key == key)
        #expect(try await database.store.commit(fixture.finishBatch(task.fence)).excluded.isEmpty)
        #expect(try await database.store.auditTokens().isEmpty)
        await database.store.close()
        try await cluster.cluster.stop()
    }

    @Test("Killed backends cost nothing that was acknowledged")
    func killedBackends() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        var acknowledged: [RunKey] = []
        for round in 0..<30 {
            if round % 3 == 0 { try await database.cluster.killBackends(database: database.name) }
            do {
                acknowledged.append(try await fixture.startRun().key)
            } catch StoreError.unavailable {
                continue
            }
        }
        #expect(acknowledged.count >= 10)
        let records = try await database.store.loadRuns(acknowledged.map { RunLoad(key: $0, knownRevision: nil) })
        #expect(records.count == acknowledged.count)
        #expect(try await database.store.auditTokens().isEmpty)
        try await database.discard()
    }

    @Test("Opening a store on another database raises the epoch of positions")
    func epoch() async throws {
        let database = try await StoreDatabase.make()
        let before = try await database.store.readEvents(after: nil, limit: 1).position
        let connection = try await database.connect()
        try await connection.query("UPDATE cluster SET identity = 'restored'")
        let other = try await PostgresStore.open(
            PostgresStore.Configuration(postgres: database.cluster.options(database: database.name)))
        let after = try await other.readEvents(after: before, limit: 1)
        #expect(after.gap)
        #expect(after.position.epoch == before.epoch + 1)
        await connection.close()
        await other.close()
        try await database.discard()
    }

    @Test("Partitions are made ahead, and strays move into them")
    func partitions() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        let connection = try await database.connect()
        let now = try await database.store.now()
        // Six days ahead there is no partition yet.
        let key = RunKey(
            tenant: fixture.tenant,
            run: RunID(at: now + .seconds(6 * 86_400), random: StoreFixture.randomBytes()))
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key)]
        _ = try await database.store.commit(batch)
        func place() async throws -> String {
            try await connection.query(
                "SELECT tableoid::regclass::text FROM runs WHERE tenant = \(key.tenant.value)"
            ).decode(row: 0, column: 0)
        }
        #expect(try await place() == "runs_default")
        #expect(try await database.store.maintainPartitions(daysAhead: 7) > 0)
        #expect(try await place().hasPrefix("runs_2"))
        #expect(try await database.store.maintainPartitions(daysAhead: 7) == 0)
        #expect(try await database.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).count == 1)
        await connection.close()
        try await database.discard()
    }

    @Test("A reader whose position has been deleted is told of the gap")
    func prunedEvents() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        let before = try await database.store.readEvents(after: nil, limit: 1).position
        for _ in 0..<3 { try await fixture.startRun() }
        #expect(try await database.store.pruneEvents(olderThan: .seconds(3600), limit: 10) == 0)
        #expect(!(try await database.store.readEvents(after: before, limit: 10).gap))
        #expect(try await database.store.pruneEvents(olderThan: .zero, limit: 2) == 2)
        let page = try await database.store.readEvents(after: before, limit: 10)
        #expect(page.gap && page.rows.isEmpty)
        try await database.discard()
    }
}
