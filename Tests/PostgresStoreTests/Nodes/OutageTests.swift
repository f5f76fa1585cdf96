import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// PostgreSQL goes away three times, each time for longer than a lease, while a step runs: nobody is to blame for that
/// (engine rule 23).
@Suite("PostgresStore: outages", .timeLimit(.minutes(5)))
struct OutageTests {
    /// On a busy machine a worker's heartbeats may come a second late, and that is no outage.
    private static let lease: Duration = .seconds(3)

    private static var configuration: EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.lease = lease
        configuration.renewalInterval = .milliseconds(200)
        configuration.rescueInterval = .milliseconds(100)
        configuration.commandTimeout = .seconds(60)
        return configuration
    }

    /// A worker that lives through the outages, as a real one does: it tells that it is alive, and connects again.
    private static func keepAlive(_ worker: TestWorker, _ stage: EngineStage) async {
        while !Task.isCancelled {
            if worker.isAwaitingReconnect {
                // Refused while the database is away.
                _ = try? await worker.connect(
                    to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 4)])
            }
            worker.heartbeat()
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// What a fresh connection is answered; those of before the outage are broken.
    private static func number(_ sql: String, _ stage: EngineStage) async throws -> Int64 {
        let connection = try await stage.database.connect()
        defer { Task { await connection.close() } }
        return try await connection.query(PostgresQuery(unescaped: sql)).decode(row: 0, column: 0)
    }

    @Test("a step that runs through three crashes of PostgreSQL loses no attempt, and its outcome is recorded")
    func threeOutages() async throws {
        let cluster = try await PostgresCluster.own()
        let definition = "name: long\nsteps: [{ id: only, uses: noop }]"
        try await EngineStage.run([definition], nodes: 2, configuration: Self.configuration, in: cluster) { stage in
            let worker = TestWorker("w", session: 1) { _ in .hold }
            try await worker.connect(to: stage.nodes[1], tenant: stage.tenant, pools: [.init(name: "io", slots: 4)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await Self.keepAlive(worker, stage) }
                let key = try await stage.start("long")
                try await stage.until("the step is held") { worker.held.count == 1 }
                let task = try #require(worker.held.first)
                for outage in 1...3 {
                    try await cluster.cluster.stop(.immediate)
                    // So long that every lease ends meanwhile.
                    try await Task.sleep(for: Self.lease * 2)
                    // The last outcome comes while nobody can write it down.
                    if outage == 3 { worker.finish(task, .success(Array("1".utf8))) }
                    try await cluster.cluster.start()
                    try await stage.until("the session is alive again") {
                        let sql = "SELECT count(*) FROM worker_sessions WHERE leased_until > now()"
                        return try await Self.number(sql, stage) == 1
                    }
                    // By now what has no live session would be taken away.
                    try await Task.sleep(for: Self.lease * 2)
                }
                try await stage.until("the outcome is recorded") { !worker.answers(task).isEmpty }
                let record = try #require(try await stage.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
                #expect(record.state == .succeeded)
                #expect(record.transitions.map(\.state) == [.succeeded] && record.transitions[0].attempt == 1)
                #expect(worker.assignments.count == 1, "it was handed out once")
                group.cancelAll()
            }
            #expect(try await Self.number("SELECT count(*) FROM lost_attempts", stage) == 0)
            #expect(try await Self.number("SELECT count(*) FROM dead_letters", stage) == 0)
        }
        try await cluster.cluster.destroy()
    }
}
