import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("Pool", .timeLimit(.minutes(3)))
struct PostgresPoolTests {
    @Test func connectionsAreLentAndReused() async throws {
        let pool = PostgresPool(try await PostgresCluster.shared().options(), .init(minimum: 1, maximum: 1))
        try await running({ await pool.run() }) {
            let first = try await pool.withConnection { await $0.processID }
            let second = try await pool.withConnection { await $0.processID }
            #expect(first == second)
            #expect(pool.statistics.idle == 1)
            #expect(try await pool.query("SELECT \(7)")[0].decode(0) == 7)
        }
        #expect(try await kind { try await pool.query("SELECT 1") } == .closed)
    }

    @Test func aWaiterIsRefusedAtItsDeadlineWithTheReason() async throws {
        let pool = PostgresPool(.init("host=/nowhere/at/all"), .init(waitLimit: .milliseconds(200)))
        try await running({ await pool.run() }) {
            try await until { pool.lastFailure != nil }
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .poolTimeout)
            #expect(error?.reason?.contains("/nowhere/at/all") == true)
        }
    }

    @Test func aFullPoolMakesOthersWaitTheirTurn() async throws {
        var options = try await PostgresCluster.shared().options()
        options.applicationName = "a full pool"
        let pool = PostgresPool(options, .init(minimum: 2, maximum: 2))
        try await running({ await pool.run() }) {
            let sessions = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await pool.query(
                            """
                            SELECT (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'a full pool'),
                                pg_sleep(0.005)
                            """)[0].decode(0)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sessions.count == 40)
            #expect(sessions.max() == 2)
        }
    }

    @Test func aCancelledWaiterDoesNotKeepAConnection() async throws {
        let pool = PostgresPool(try await PostgresCluster.shared().options(), .init(minimum: 1, maximum: 1))
        try await running({ await pool.run() }) {
            try await pool.withConnection { _ in
                let outcome = try await withThrowingTaskGroup(of: PostgresError.Kind?.self) { group in
                    group.addTask { try await kind { try await pool.query("SELECT 1") } }
                    try await until { pool.statistics.waiting > 0 }
                    group.cancelAll()
                    return try await group.next() ?? nil
                }
                #expect(outcome == .cancelled)
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test func theStatementTimeoutOfAReadPoolHolds() async throws {
        var options = try await PostgresCluster.shared().options()
        options.settings["statement_timeout"] = "50ms"
        let pool = PostgresPool(options)
        try await running({ await pool.run() }) {
            let outcome = try await kind { try await pool.query("SELECT pg_sleep(30)") }
            #expect(outcome == .server(.queryCanceled))
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test func killedBackendsAreReplaced() async throws {
        let cluster = try await PostgresCluster.shared()
        let name = try await cluster.makeDatabase()
        let pool = PostgresPool(cluster.options(database: name), .init(minimum: 3, maximum: 3))
        try await running({ await pool.run() }) {
            try await until { pool.statistics.idle == 3 }
            let killed = try await cluster.killBackends(database: name)
            #expect(killed == 3)
            // The loss is noticed by itself: a connection that is lent afterwards is a new one.
            try await until { pool.statistics.idle < 3 }
            try await until { pool.statistics.idle == 3 }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
        try await cluster.dropDatabase(name)
    }

    /// PostgreSQL crashes three times under load. What was acknowledged is there, what was refused is not, and
    /// everything goes on by itself.
    @Test func aRestartUnderLoadLosesNothingThatWasAcknowledged() async throws {
        let cluster = try await PostgresCluster.own()
        let pool = PostgresPool(cluster.options(), .init(minimum: 4, maximum: 4))
        let tally = Tally()
        try await running({ await pool.run() }) {
            try await pool.withConnection { try await $0.run(script: "CREATE TABLE marks (id int8 PRIMARY KEY)") }
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { await tally.write(to: pool) }
                }
                for round in 1...3 {
                    try await tally.waitForProgress()
                    if round == 2 {
                        try await cluster.cluster.signal(9)
                    } else {
                        try await cluster.cluster.stop(.immediate)
                    }
                    try await cluster.cluster.start()
                }
                try await tally.waitForProgress()
                tally.state.withLock { $0.isOver = true }
                try await group.waitForAll()
            }
            let present = Set(try await pool.query("SELECT id FROM marks").column(0, as: Int.self))
            tally.state.withLock { state in
                #expect(state.acknowledged.subtracting(present).isEmpty)
                #expect(state.refused.intersection(present).isEmpty)
                #expect(present.subtracting(state.acknowledged).isSubset(of: state.unknown))
                #expect(state.acknowledged.count >= 800)
                // Three crashes under load leave traces, or the test has tested nothing.
                #expect(!state.refused.isEmpty || !state.unknown.isEmpty)
            }
        }
        try await cluster.cluster.destroy()
    }
}

/// What became of each row that was written.
private final class Tally: Sendable {
    struct State {
        var acknowledged: Set<Int> = []
        var refused: Set<Int> = []
        var unknown: Set<Int> = []
        var next = 0
        var isOver = false
    }

    let state = Mutex(State())

    private static let insert = PostgresStatement("INSERT INTO marks VALUES ($1)", [.int8])

    /// Writes row after row until it is over.
    func write(to pool: PostgresPool) async {
        while !Task.isCancelled, let id = take() {
            var pipeline = PostgresPipeline()
            pipeline.add(Self.insert, id)
            do {
                _ = try await pool.execute(pipeline)
                state.withLock { _ = $0.acknowledged.insert(id) }
            } catch {
                // A pool without its database refuses at once: leave the threads to those who bring it back.
                await Task.yield()
                state.withLock { state in
                    _ = error.kind == .unknownOutcome ? state.unknown.insert(id) : state.refused.insert(id)
                }
            }
        }
    }

    /// Returns when 200 more rows are acknowledged.
    func waitForProgress() async throws {
        let goal = state.withLock { $0.acknowledged.count } + 200
        try await until { state.withLock { $0.acknowledged.count } >= goal }
    }

    private func take() -> Int? {
        state.withLock { state in
            state.next += 1
            return state.isOver ? nil : state.next
        }
    }
}
