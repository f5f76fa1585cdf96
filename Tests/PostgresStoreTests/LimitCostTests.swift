import Engine
import Foundation
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Measures, rather than checks, what a limit costs: set BEAMLINE_MEASURE to run it.
@Suite(
    "PostgresStore: cost of limits", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil))
struct LimitCostTests {
    @Test(
        "Backend CPU and throughput of single-step runs without a limit and under 1,000 keys", arguments: [false, true])
    func cost(limited: Bool) async throws {
        let cluster = try await PostgresCluster.own(settings: ["shared_buffers": "512MB", "max_wal_size": "8GB"])
        let database = try await StoreDatabase.make(in: cluster, lanes: 1)
        let fixture = try await StoreFixture.make(on: database.store)
        let session = try await fixture.openSession(lease: .seconds(3600))
        let administrator = try await database.connect()
        try await fixture.startRun()
        _ = try await fixture.claim([session])
        let pid = try await administrator.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'beamline lanes'"
        ).decode(row: 0, column: 0, as: Int32.self)
        let keys = (0..<1000).map { fixture.limit(.step, "key-\($0)", slots: 1) }
        let size = 500
        let rounds = 30
        let begun = ContinuousClock.now
        let before = try seconds(pid)
        for round in 0..<rounds {
            let now = try await database.store.now()
            var start = fixture.makeBatch()
            for index in 0..<size {
                let key = RunKey(tenant: fixture.tenant, run: RunID(at: now, random: StoreFixture.randomBytes()))
                start.starts.append(fixture.start(key))
                let row = fixture.ready(key)
                if limited {
                    start.held.append(HeldRow(token: row, limit: keys[(round * size + index) % keys.count]))
                } else {
                    start.ready.append(row)
                }
            }
            _ = try await database.store.commit(start)
            let tasks = try await fixture.claim(Array(repeating: session, count: size))
            #expect(tasks.count == size)
            let names = Dictionary(start.held.map { ($0.token.key, $0.limit.id) }) { first, _ in first }
            var finish = fixture.makeBatch()
            for task in tasks {
                var advance = fixture.advance(task.fence.key, from: 1, to: .succeeded, output: "{}")
                advance.ending?.hasDeadline = false
                finish.advances.append(advance)
                finish.finishes.append(task.fence)
                finish.transitions.append(fixture.transition(task.fence.key, revision: 2, session: session))
                if let limit = names[task.fence.key] {
                    finish.releases.append(LimitRelease(key: task.fence.key, step: 0, limit: limit))
                }
            }
            #expect(try await database.store.commit(finish).excluded.isEmpty)
        }
        let runs = Double(rounds * size)
        let cpu = (try seconds(pid) - before) / runs * 1_000_000
        let wall = ContinuousClock.now - begun
        print(
            "LIMIT COST limited \(limited): \(cpu.rounded()) µs of backend CPU a run, \(wall / (rounds * size)) of wall"
        )
        await administrator.close()
        try await database.discard()
        try await cluster.cluster.stop()
    }

    /// CPU seconds of a process so far, by the scheduler's count in nanoseconds.
    private func seconds(_ pid: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/schedstat", encoding: .utf8)
        return (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1_000_000_000
    }
}
