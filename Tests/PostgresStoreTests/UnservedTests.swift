import Engine
import Foundation
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Measures, rather than checks, whether steps that nobody can serve slow the others: set BEAMLINE_MEASURE to run it.
@Suite(
    "PostgresStore: unserved steps", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil))
struct UnservedTests {
    @Test("50,000 steps without and beside 100,000 held and 100,000 ready ones that no worker serves")
    func unserved() async throws {
        let cluster = try await PostgresCluster.own(settings: ["shared_buffers": "512MB", "max_wal_size": "8GB"])
        let database = try await StoreDatabase.make(in: cluster, lanes: 1)
        let fixture = try await StoreFixture.make(on: database.store)
        let session = try await fixture.openSession(lease: .seconds(3600))
        let before = try await serve(50_000, fixture, database, session)
        try await fill(100_000, fixture, database)
        let beside = try await serve(50_000, fixture, database, session)
        print("UNSERVED alone \(before) a step, beside 200,000 others \(beside) a step")
        #expect(try await database.store.sweepLimits(limit: 500).missed == 0)
        try await database.discard()
        try await cluster.cluster.stop()
    }

    /// Ready steps of the same queue and of a route of their own, with lower ranks; held ones of a limit that is full.
    private func fill(_ count: Int, _ fixture: StoreFixture, _ database: StoreDatabase) async throws {
        let route = try await database.store.route(taskType: "nobody", pool: "gpu")
        let other = Bucket(tenant: fixture.tenant, queue: fixture.bucket.queue, route: route)
        let limit = fixture.limit(.step, "full", slots: 1)
        for _ in 0..<(count / 500) {
            let now = try await database.store.now()
            var batch = fixture.makeBatch()
            for index in 0..<1000 {
                let key = RunKey(tenant: fixture.tenant, run: RunID(at: now, random: StoreFixture.randomBytes()))
                batch.starts.append(fixture.start(key))
                var row = fixture.ready(key, rank: Rank(index))
                row.bucket = other
                if index % 2 == 0 {
                    batch.ready.append(row)
                } else {
                    batch.held.append(HeldRow(token: row, limit: limit))
                }
            }
            _ = try await database.store.commit(batch)
        }
    }

    private func serve(
        _ count: Int, _ fixture: StoreFixture, _ database: StoreDatabase, _ session: SessionID
    ) async throws -> Duration {
        let size = 500
        let begun = ContinuousClock.now
        for _ in 0..<(count / size) {
            let now = try await database.store.now()
            var start = fixture.makeBatch()
            for _ in 0..<size {
                let key = RunKey(tenant: fixture.tenant, run: RunID(at: now, random: StoreFixture.randomBytes()))
                start.starts.append(fixture.start(key))
                start.ready.append(fixture.ready(key))
            }
            _ = try await database.store.commit(start)
            let tasks = try await fixture.claim(Array(repeating: session, count: size))
            #expect(tasks.count == size)
            var finish = fixture.makeBatch()
            for task in tasks {
                var advance = fixture.advance(task.fence.key, from: 1, to: .succeeded, output: "{}")
                advance.ending?.hasDeadline = false
                finish.advances.append(advance)
                finish.finishes.append(task.fence)
                finish.transitions.append(fixture.transition(task.fence.key, revision: 2, session: session))
            }
            #expect(try await database.store.commit(finish).excluded.isEmpty)
        }
        return (ContinuousClock.now - begun) / count
    }
}
