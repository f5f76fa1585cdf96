import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// Each reason has a scenario on a real database, and what it says is compared with the rows.
@Suite("PostgresStore: explain", .timeLimit(.minutes(5)))
struct ExplainTests {
    private static func workflow(_ name: String, more: String = "", step: String = "", rest: String = "") -> String {
        "name: \(name)\n\(more)\nsteps: [{ id: only, uses: noop\(step) }, { id: after, uses: noop, needs: [only] }]\n\(rest)"
    }

    private static let retry = ", retry: { strategy: fixed, max_attempts: 3, delay: 1h, jitter: 0 }"

    private static let definitions = [
        workflow("plain", step: retry, rest: "finally: [{ id: last, uses: noop }]"),
        "name: parts\nsteps: [{ id: each, uses: noop, for_each: [1, 2, 3] }]",
        "name: nap\nsteps: [{ id: only, uses: wait, with: { signal: go } }]",
        workflow("rated", step: ", rate: { limit: 1, per: 1h }"),
        workflow("stepwise", step: ", concurrency: { limit: 1 }"),
        workflow("runwise", more: "concurrency: { limit: 1 }"),
        workflow("throttled", more: "throttle: { limit: 1, per: 1h }"),
        workflow("debounced", more: "debounce: { quiet: 1h, longest: 2h }"),
        workflow("guarded", more: "queue: narrow"), workflow("shut", step: #", breaker: { target: "t" }"#),
    ]

    @Test("the reason, and its evidence in the database", arguments: WaitReason.Kind.allCases)
    func reason(kind: WaitReason.Kind) async throws {
        try await EngineStage.run(Self.definitions) { stage in
            let (key, step) = try await Self.scene(kind, stage)
            let name: String? = step == HeldRow.run ? nil : Self.names[kind] ?? "only"
            let found = try await stage.engine.explain(key)
            let explanation = try #require(found.first { $0.step == name }, "\(found)")
            #expect(explanation.reason.kind == kind)
            try await Self.compare(explanation.reason, key, step, stage)
        }
    }

    /// Steps that are not called `only`.
    private static let names: [WaitReason.Kind: String] = [.dependencies: "after", .stage: "last", .parts: "each"]

    // MARK: - Scenes

    /// Brings a run into such a state; answers it and the step, or `HeldRow.run`.
    private static func scene(_ kind: WaitReason.Kind, _ stage: EngineStage) async throws -> (RunKey, Int32) {
        switch kind {
        case .dependencies: return (try await stage.start("plain"), 1)
        case .stage: return (try await stage.start("plain"), 2)
        case .parts: return (try await stage.start("parts"), 0)
        case .noWorker: return (try await stage.start("plain"), 0)
        case .outside: return (try await stage.start("nap"), 0)
        case .paused:
            let key = try await stage.start("plain")
            try await stage.engine.pause(key)
            return (key, 0)
        case .rate: return (try await second("rated", stage), 0)
        case .limit: return (try await second("stepwise", stage), 0)
        case .throttle: return (try await second("throttled", stage), HeldRow.run)
        case .debounce: return (try await stage.start("debounced"), HeldRow.run)
        case .starting:
            let key = try await second("runwise", stage)
            // It has just been let in, and its message is on its way to a node that has died.
            try await stage.connection.query(
                "UPDATE held SET limit_id = NULL WHERE tenant = \(key.tenant.value) AND step = -1")
            return (key, HeldRow.run)
        case .queuePaused:
            let key = try await stage.start("plain")
            _ = try await stage.engine.changeQueue(named: "default", tenant: stage.tenant, .paused(true))
            return (key, 0)
        case .queueLimit:
            _ = try await stage.engine.createQueue(
                named: "narrow", settings: QueueSettings(concurrency: 1), tenant: stage.tenant)
            try await worker(stage, slots: 4)
            let first = try await stage.start("guarded")
            try await stage.until("the first runs") { try await leased(first, stage) }
            return (try await stage.start("guarded"), 0)
        case .quota:
            _ = try await stage.engine.setQuotas(TenantQuotas(tenant: stage.tenant, limits: [.concurrentSteps: 1]))
            try await worker(stage, slots: 4)
            let first = try await stage.start("plain")
            try await stage.until("the first runs") { try await leased(first, stage) }
            return (try await stage.start("plain"), 0)
        case .turn:
            try await worker(stage, slots: 1)
            let first = try await stage.start("plain")
            try await stage.until("the first runs") { try await leased(first, stage) }
            _ = try await stage.start("plain")
            return (try await stage.start("plain"), 0)
        case .running:
            try await worker(stage, slots: 1)
            let key = try await stage.start("plain")
            try await stage.until("it runs") { try await leased(key, stage) }
            return (key, 0)
        case .retry:
            let worker = TestWorker("w", session: 1) { _ in
                .finish(.failure(StepFailure(kind: .error, message: "no", retryable: true)))
            }
            try await worker.connect(to: stage.engine, tenant: stage.tenant, pools: [.init(name: "io", slots: 1)])
            let key = try await stage.start("plain")
            try await stage.until("it waits for its retry") {
                try await stage.text("SELECT count(*) FROM timers WHERE run = $2 AND step = 0", key) == "1"
            }
            return (key, 0)
        case .breaker:
            let worker = TestWorker("w", session: 1) { _ in
                .finish(.failure(StepFailure(kind: .error, message: "no", retryable: false)))
            }
            try await worker.connect(to: stage.engine, tenant: stage.tenant, pools: [.init(name: "io", slots: 1)])
            for _ in 0..<5 {
                let key = try await stage.start("shut")
                try await stage.until("it fails") { try await stage.state(key) == .failed }
            }
            return (try await stage.start("shut"), 0)
        }
    }

    private static func second(_ workflow: String, _ stage: EngineStage) async throws -> RunKey {
        _ = try await stage.start(workflow)
        return try await stage.start(workflow)
    }

    private static func worker(_ stage: EngineStage, slots: Int) async throws {
        let worker = TestWorker("w", session: 1) { _ in .hold }
        try await worker.connect(to: stage.engine, tenant: stage.tenant, pools: [.init(name: "io", slots: slots)])
    }

    private static func leased(_ key: RunKey, _ stage: EngineStage) async throws -> Bool {
        try await stage.text("SELECT count(*) FROM attempts WHERE run = $2", key) == "1"
    }

    // MARK: - Evidence

    private static func compare(
        _ reason: WaitReason, _ key: RunKey, _ step: Int32, _ stage: EngineStage
    ) async throws {
        func sql(_ text: String) async throws -> String? { try await stage.text(text, key) }
        let mine = "tenant = $1 AND run = $2 AND step = \(step)"
        let tokens = """
            SELECT (SELECT count(*) FROM ready WHERE \(mine)) + (SELECT count(*) FROM attempts WHERE \(mine))
                + (SELECT count(*) FROM timers WHERE \(mine)) + (SELECT count(*) FROM held WHERE \(mine))
                + (SELECT count(*) FROM waits WHERE \(mine))
            """
        #expect(try await sql(tokens) == ([.dependencies, .stage, .parts].contains(reason.kind) ? "0" : "1"))
        switch reason {
        case .dependencies(let needs):
            #expect(needs == ["only"])
            #expect(try await sql("SELECT count(*) FROM steps WHERE run = $2 AND step = 0 AND state = 7") == "0")
        case .stage(let name): #expect(name == "main")
        case .parts(let unended):
            #expect(try await sql("SELECT count(*) FROM ready WHERE run = $2 AND step > 0") == "\(unended)")
        case .paused(let since):
            #expect(try await stage.time("enqueued_at", from: "held", key, step: step) == since)
            #expect(try await sql("SELECT reason FROM held WHERE \(mine)") == "paused")
        case .retry(let due):
            #expect(try await stage.time("due", from: "timers", key, step: step) == due)
            #expect(try await sql("SELECT rate_id FROM timers WHERE \(mine)") == nil)
        case .rate(let name, let due):
            #expect(try await stage.time("due", from: "timers", key, step: step) == due)
            let rate = "SELECT r.name FROM rates r JOIN timers t ON t.rate_id = r.id WHERE t.run = $2"
            #expect(try await sql(rate) == name)
        case .throttle(let name, let due):
            #expect(try await stage.time("due", from: "held", key, step: step) == due)
            #expect(
                try await sql("SELECT t.name FROM throttles t JOIN held h ON h.pacing_id = t.id WHERE h.run = $2")
                    == name)
        case .debounce(let name, let due):
            #expect(try await stage.time("due", from: "held", key, step: step) == due)
            #expect(
                try await sql("SELECT d.name FROM debounces d JOIN held h ON h.pacing_id = d.id WHERE h.run = $2")
                    == name)
        case .limit(let limit):
            let held = "FROM held h JOIN limits l ON l.id = h.limit_id WHERE h.run = $2"
            #expect(
                try await sql("SELECT l.name || '/' || l.slots || '/' || l.level \(held)")
                    == "\(limit.name)/\(limit.slots)/\(limit.level.rawValue)")
            #expect(try await stage.time("enqueued_at", from: "held", key, step: step) == limit.since)
            let holders =
                "SELECT string_agg(s.run || '/' || s.step, ' ') FROM limit_slots s JOIN held h ON h.limit_id = s.limit_id WHERE h.run = $2"
            #expect(
                try await sql(holders) == limit.holders.map { "\($0.run.uuidText)/\($0.step)" }.joined(separator: " "))
            #expect(limit.ahead == 0 && limit.holders.count == 1)
        case .starting: #expect(try await sql("SELECT limit_id FROM held WHERE run = $2") == nil)
        case .breaker(let breaker):
            let rows = "FROM breakers b JOIN held h ON h.limit_id = b.id WHERE h.run = $2"
            #expect(
                try await sql("SELECT b.name || '/' || b.phase || '/' || b.probes || '/' || h.reason \(rows)")
                    == "\(breaker.name)/2/\(breaker.probes)/breaker")
            guard case .open(let until?) = breaker.phase else { throw Unmet(description: "\(breaker)") }
            let times =
                "SELECT (extract(epoch FROM b.open_until) * 1000000)::int8 || '/' || (extract(epoch FROM b.changed_at) * 1000000)::int8 \(rows)"
            #expect(try await sql(times) == "\(until.microseconds)/\(breaker.changedAt.microseconds)")
        case .queuePaused(let queue):
            #expect(
                try await sql(
                    "SELECT q.name FROM queues q JOIN ready r ON r.queue = q.id WHERE q.paused AND r.run = $2") == queue
            )
        case .queueLimit(let queue, let places, let running):
            let row = """
                SELECT q.name || '/' || q.concurrency || '/' || (SELECT count(*) FROM attempts a WHERE a.queue = q.id)
                FROM queues q JOIN ready r ON r.queue = q.id WHERE r.run = $2
                """
            #expect(try await sql(row) == "\(queue)/\(places)/\(running)")
        case .quota(let places, let running):
            let row = """
                SELECT u.concurrent_steps || '/' || (SELECT count(*) FROM attempts a WHERE a.tenant = u.tenant)
                FROM quotas u JOIN ready r ON r.tenant = u.tenant WHERE r.run = $2
                """
            #expect(try await sql(row) == "\(places)/\(running)")
        case .noWorker(let taskType, let pool):
            #expect(
                try await sql(
                    "SELECT o.task_type || '/' || o.pool FROM routes o JOIN ready r ON r.route = o.id WHERE r.run = $2")
                    == "\(taskType)/\(pool)")
            #expect(try await sql("SELECT count(*) FROM worker_sessions") == "0")
        case .turn(let queue, let ahead, let workers):
            let before = "SELECT count(*) FROM ready x JOIN ready r ON r.run = $2 AND x.rank < r.rank"
            #expect(try await sql(before) == "\(ahead)")
            #expect(try await sql("SELECT count(*) FROM worker_sessions WHERE leased_until > now()") == "\(workers)")
            #expect(ahead == 1 && queue == "default")
        case .running(let worker, let since):
            #expect(try await stage.time("leased_at", from: "attempts", key, step: step) == since)
            #expect(
                try await sql("SELECT w.worker FROM worker_sessions w JOIN attempts a USING (session) WHERE a.run = $2")
                    == worker)
        case .outside(let since): #expect(try await stage.time("since", from: "waits", key, step: step) == since)
        }
    }
}
