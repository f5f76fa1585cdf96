import TestSupport
import Testing
import Workflows

@testable import Engine

/// Each reason has a scenario in which an engine gives it, with its evidence.
@Suite("Explain", .timeLimit(.minutes(1)))
struct ExplainTests {
    private static func plan(
        _ name: String, run: PlanLimit? = nil, step: PlanLimit? = nil, rate: PlanRate? = nil
    ) -> Plan {
        let retry = RetryPolicy(strategy: .fixed, maxAttempts: 5, delay: .seconds(3600), jitter: 0)
        var only = PlanStep(id: "only", taskType: "noop", retry: retry)
        only.limit = step
        only.rate = rate
        return Plan(name: name, steps: [only, PlanStep(id: "after", taskType: "noop", needs: [0])], limit: run)
    }

    private static let plans = [
        plan("plain"), plan("paced", rate: PlanRate(bucket: TokenBucket(interval: 60_000_000, burst: 1))),
        Plan(
            name: "throttled", steps: [PlanStep(id: "only", taskType: "noop")],
            pacing: PlanPacing(.throttle(Throttle(limit: 1, per: .seconds(60))))),
        Plan(
            name: "debounced", steps: [PlanStep(id: "only", taskType: "noop")],
            pacing: PlanPacing(.debounce(Debounce(quiet: .seconds(60), longest: .seconds(600))))),
        plan("step", step: PlanLimit(slots: 1)), plan("run", run: PlanLimit(slots: 1)),
    ]

    private static let parts = """
        name: parts
        steps:
          - { id: each, uses: noop, for_each: [1, 2], max_parallel: 1 }
          - { id: nap, uses: wait, with: { signal: go } }
        finally: [{ id: f, uses: noop }]
        """

    @Test("every reason")
    func everyReason() async throws {
        let parts = try Workflow(parsing: Array(Self.parts.utf8), file: "parts.yaml").plan
        let fixture = try await EngineFixture(plans: Self.plans + [parts])
        let engine = try await fixture.makeEngine()
        let tenant = fixture.tenant
        let told = SharedValue<Set<String>>([])
        try await fixture.running(engine) {
            func start(_ workflow: String) async throws -> RunKey {
                // Ranks go by time.
                fixture.clock.advance(by: .milliseconds(2))
                return fixture.key(try await engine.start(fixture.start(workflow)))
            }
            func reasons(_ key: RunKey) async throws -> [Explanation] {
                let found = try await engine.explain(key)
                told.withLock { $0.formUnion(found.map(\.reason.code)) }
                return found
            }
            let first = try await start("plain")
            let second = try await start("plain")
            #expect(
                try await reasons(first) == [
                    Explanation(step: "only", reason: .noWorker(taskType: "noop", pool: "cpu")),
                    Explanation(step: "after", reason: .dependencies(["only"])),
                ])
            _ = try await engine.changeQueue(named: "default", tenant: tenant, .paused(true))
            #expect(try await reasons(first)[0].reason == .queuePaused(queue: "default"))
            _ = try await engine.changeQueue(named: "default", tenant: tenant, .paused(false))
            _ = try await engine.changeBreaker(named: "noop", tenant: tenant, .rule(BreakerRule()))
            _ = try await engine.changeBreaker(named: "noop", tenant: tenant, .trip(nil))
            guard case .breaker(let breaker) = try await reasons(first)[0].reason else {
                throw Unmet(description: "no breaker")
            }
            #expect(breaker.kind == .taskType && breaker.name == "noop" && breaker.phase == .open(until: nil))
            _ = try await engine.changeBreaker(named: "noop", tenant: tenant, .removal)

            let failing = StepFailure(kind: .error, message: "no", retryable: true)
            let worker = TestWorker("w1", session: 1) { _ in .hold }
            try await worker.connect(to: engine, tenant: tenant, pools: [.init(name: "cpu", slots: 1)])
            #expect(await fixture.clock.advance(until: { worker.held.count == 1 }, limit: .seconds(10)))
            guard case .running("w1", _) = try await reasons(first)[0].reason else {
                throw Unmet(description: "not running")
            }
            #expect(try await reasons(second)[0].reason == .turn(queue: "default", ahead: 0, workers: 1))
            _ = try await engine.changeQueue(
                named: "default", tenant: tenant, .settings(QueueSettings(concurrency: 1)))
            #expect(try await reasons(second)[0].reason == .queueLimit(queue: "default", places: 1, running: 1))

            _ = try await engine.changeQueue(named: "default", tenant: tenant, .settings(QueueSettings()))
            _ = try await engine.setQuotas(TenantQuotas(tenant: tenant, limits: [.concurrentSteps: 1]))
            #expect(try await reasons(second)[0].reason == .quota(places: 1, running: 1))
            _ = try await engine.setQuotas(TenantQuotas(tenant: tenant))
            _ = try await engine.changeQueue(
                named: "default", tenant: tenant, .settings(QueueSettings(concurrency: 1)))

            let holder = try await start("step")
            let held = try await start("step")
            guard case .limit(let limit) = try await reasons(held)[0].reason else {
                throw Unmet(description: "not held")
            }
            #expect(limit.name == "step/only" && limit.slots == 1 && limit.ahead == 0)
            #expect(limit.holders.map(\.run) == [holder.run] && limit.holders.map(\.step) == [0])

            let admitted = try await start("run")
            let queued = try await start("run")
            let waiting = try await reasons(queued)
            #expect(waiting.count == 1 && waiting[0].step == nil)
            guard case .limit(let runs) = waiting[0].reason else { throw Unmet(description: "not queued") }
            #expect(runs.level == .run && runs.holders.map(\.run) == [admitted.run])

            _ = try await start("paced")
            let paced = try await reasons(try await start("paced"))
            guard case .rate("paced/only", _) = paced[0].reason else { throw Unmet(description: "\(paced)") }

            _ = try await start("throttled")
            let before = try await fixture.store.now()
            guard case .throttle("throttled/run", let next) = try await reasons(try await start("throttled"))[0].reason,
                case .debounce("debounced/run", let due) = try await reasons(try await start("debounced"))[0].reason
            else { throw Unmet(description: "not paced") }
            #expect((.seconds(59) ... .seconds(61)).contains(next - before))
            #expect((.seconds(59) ... .seconds(61)).contains(due - before))

            let task = try #require(worker.held.first)
            worker.finish(task, .failure(failing))
            #expect(await fixture.clock.advance(until: { !worker.answers(task).isEmpty }, limit: .seconds(10)))
            guard case .retry = try await reasons(first)[0].reason else { throw Unmet(description: "no retry") }

            let whole = try await start("parts")
            let items = try await reasons(whole)
            #expect(items.map(\.step) == ["each", "nap", "f", "each:3"])
            #expect(items[0].reason == .parts(unended: 2) && items[2].reason == .stage("main"))
            guard case .outside = items[1].reason else { throw Unmet(description: "\(items)") }
            try await engine.pause(whole)
            guard case .paused = try await reasons(whole)[3].reason else { throw Unmet(description: "not paused") }

            let nobody = RunKey(tenant: tenant, run: RunID(RunID.Bytes(high: 1, low: 2)))
            let error = await #expect(throws: EngineError.self) { _ = try await engine.explain(nobody) }
            #expect(error?.code == .runNotFound)
        }
        // Between two commits: told by the function itself.
        let rest = [WaitReason(.held(nil))]
        #expect(rest == [.starting])
        #expect(told.value.union(rest.map(\.code)) == WaitReason.codes, "a reason has no scenario")
    }
}
