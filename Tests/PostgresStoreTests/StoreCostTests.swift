import Engine
import Foundation
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Measures, rather than checks, the backend's CPU time a run: set BEAMLINE_MEASURE to run it.
@Suite("PostgresStore: cost", .serialized, .enabled(if: ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil))
struct StoreCostTests {
    @Test("Backend CPU of a single-step run", arguments: [50, 500], [true, false])
    func cost(batch size: Int, fastPath: Bool) async throws {
        var settings = ["shared_buffers": "512MB", "max_wal_size": "8GB"]
        let explains = ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] == "explain"
        if explains {
            settings["session_preload_libraries"] = "auto_explain"
            settings["auto_explain.log_min_duration"] = "0"
            settings["auto_explain.log_analyze"] = "on"
        }
        let cluster = try await PostgresCluster.own(settings: settings)
        let database = try await StoreDatabase.make(in: cluster, lanes: 1)
        let fixture = try await StoreFixture.make(on: database.store)
        let session = try await fixture.openSession(lease: .seconds(3600))
        let administrator = try await database.connect()
        try await administrator.query("VACUUM ANALYZE")
        try await fixture.startRun()
        _ = try await fixture.claim([session])
        try await administrator.query("CREATE TABLE yardstick (id uuid PRIMARY KEY, content text)")
        let yardstickConnection = try await database.connect()
        let yardstickPid = await yardstickConnection.processID
        let pid = try await administrator.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'beamline lanes'"
        ).decode(row: 0, column: 0, as: Int32.self)
        let rounds = explains ? 10 : max(1, 30_000 / size)
        var phases: [String: Double] = [:]
        for round in 0..<(rounds + rounds / 5) {
            let warm = round >= rounds / 5
            func phase<Answer>(_ name: String, _ body: () async throws -> Answer) async throws -> Answer {
                let process = name == "yardstick" ? yardstickPid : pid
                let before = ticks(process)
                let answer = try await body()
                if warm { phases[name, default: 0] += ticks(process) - before }
                return answer
            }
            // What the machine costs now: rows of a run's size into a table with a primary key, in the same way.
            let yardstick = PostgresQuery(
                unescaped:
                    "INSERT INTO yardstick SELECT gen_random_uuid(), repeat('x', 100) FROM generate_series(1, \(size))")
            try await phase("yardstick") { _ = try await yardstickConnection.query(yardstick) }
            let now = try await database.store.now()
            var start = fixture.makeBatch()
            for _ in 0..<size {
                let key = RunKey(tenant: fixture.tenant, run: RunID(at: now, random: StoreFixture.randomBytes()))
                start.starts.append(fixture.start(key, input: #"{"name":"Ada","n":12345}"#))
                start.ready.append(fixture.ready(key, lease: fastPath ? session : nil))
            }
            let begun = start
            let outcome = try await phase("start") { try await database.store.commit(begun) }
            var tasks = outcome.leased
            if !fastPath {
                tasks = try await phase("claim") {
                    try await fixture.claim(Array(repeating: session, count: size))
                }
            }
            var finish = fixture.makeBatch()
            for task in tasks {
                var advance = fixture.advance(task.fence.key, from: 1, to: .succeeded, output: #"{"greeting":"Hello"}"#)
                advance.ending?.hasDeadline = false
                finish.advances.append(advance)
                finish.finishes.append(task.fence)
                finish.transitions.append(
                    fixture.transition(
                        task.fence.key, revision: 2, output: #"{"greeting":"Hello"}"#, session: session))
            }
            let ended = finish
            let done = try await phase("finish") { try await database.store.commit(ended) }
            #expect(done.excluded.isEmpty)
        }
        let runs = Double(rounds * size)
        let text = phases.sorted { $0.key < $1.key }
            .map { "\($0.key) \((($0.value / runs * 1_000_000) * 10).rounded() / 10)" }.joined(separator: ", ")
        let total = phases.filter { $0.key != "yardstick" }.values.reduce(0, +) / runs * 1_000_000
        print("COST batch \(size) fastPath \(fastPath): \((total * 10).rounded() / 10) µs a run (\(text))")
        await administrator.close()
        await yardstickConnection.close()
        try await database.discard()
        try await cluster.cluster.stop()
    }

    /// CPU seconds of a process so far, from the scheduler's own count in nanoseconds.
    private func ticks(_ pid: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/schedstat", encoding: .utf8),
            let nanoseconds = text.split(separator: " ").first.flatMap({ Double($0) })
        else { return 0 }
        return nanoseconds / 1_000_000_000
    }
}
