import Testing
import Workflows

@testable import Engine

@Suite("Batch builder")
struct BatchBuilderTests {
    private let tenant = TenantID(1)
    private let session = SessionID(RunID.Bytes(high: 9, low: 9))
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    /// a → c, b → c
    private func flow(_ name: String = "join", timeout: Duration? = nil) -> FlowPlan {
        let plan = Plan(
            name: name,
            steps: [
                PlanStep(
                    id: "a", taskType: "noop", retry: RetryPolicy(strategy: .fixed, maxAttempts: 2, jitter: 0)),
                PlanStep(id: "b", taskType: "noop"),
                PlanStep(id: "c", taskType: "noop", needs: [0, 1]),
            ], timeout: timeout)
        let bucket = Bucket(tenant: tenant, queue: QueueID(1), route: RouteID(1))
        return FlowPlan(
            flow: FlowVersionID(7), tenant: tenant, name: name, version: 1, plan: plan,
            buckets: Array(repeating: bucket, count: 3))
    }

    private func key(_ number: UInt64) -> RunKey {
        RunKey(tenant: tenant, run: RunID(at: now, random: number))
    }

    private func builder() -> BatchBuilder { BatchBuilder(id: BatchID(RunID.Bytes(high: 1, low: 1)), now: now) }

    private func entry(_ number: UInt64) -> RunEntry {
        var run = RunState(plan: flow().plan)
        _ = try? run.apply(.start, at: now, random: 0)
        return RunEntry(key: key(number), flow: flow(), traceparent: nil, run: run)
    }

    private func intent(_ idempotency: String? = nil, timeout: Duration? = nil) -> StartIntent {
        StartIntent(
            flow: flow(timeout: timeout), input: Array("{}".utf8),
            idempotency: idempotency.map { IdempotencyRecord(key: $0, digest: [1], lifetime: .seconds(60)) })
    }

    private func command(_ kind: LaneCommand.Kind, _ number: UInt64, isAlone: Bool = false) -> LaneCommand {
        LaneCommand(key: key(number), kind: kind, acceptedAt: .zero, reply: .none, isAlone: isAlone)
    }

    private func success(_ step: Int32, _ number: UInt64, attempt: Int32 = 1) -> LaneCommand.Kind {
        .finish(
            FinishCommand(
                fence: AttemptFence(key: key(number), step: step, attempt: attempt, session: session),
                outcome: .success(Array("{}".utf8))))
    }

    @Test("the answer that a step holds its key frees the key when it comes too late, not when it comes twice")
    func lateAnswer() throws {
        let source = "name: join\nsteps: [{id: a, uses: noop, idempotency: {key: one}}]"
        let plan = try Workflow(parsing: Array(source.utf8), file: "join.yaml").plan
        var run = RunState(plan: plan)
        let asked = try run.apply(.start, at: now, random: 0).compactMap { effect -> String? in
            if case .seek(let request) = effect { request.key } else { nil }
        }
        let bucket = Bucket(tenant: tenant, queue: QueueID(1), route: RouteID(1))
        let flow = FlowPlan(
            flow: FlowVersionID(7), tenant: tenant, name: "join", version: 1, plan: plan, buckets: [bucket])
        let entry = RunEntry(key: key(1), flow: flow, traceparent: nil, run: run)
        var answer = command(.event(.outcome(step: 0, .missing)), 1)
        #expect(asked.count == 1)
        answer.outcomeKey = asked.first

        var first = builder()
        #expect(first.advance(answer, entry: entry, isCurrent: true, index: 0, random: 0) == .drafted)
        var second = builder()
        let verdict = second.advance(answer, entry: entry, isCurrent: true, index: 0, random: 0)
        #expect(verdict != .drafted && second.batch.freedOutcomes.isEmpty)

        var third = builder()
        let cancel = command(.cancel(reason: "enough"), 1)
        #expect(third.advance(cancel, entry: entry, isCurrent: true, index: 0, random: 0) == .drafted)
        var fourth = builder()
        _ = fourth.advance(answer, entry: entry, isCurrent: true, index: 0, random: 0)
        #expect(fourth.batch.freedOutcomes.map(\.settlement.key) == asked)
    }

    @Test("a start makes its roots ready, with the deadline of the run")
    func start() {
        var builder = builder()
        #expect(builder.start(intent(timeout: .seconds(5)), key: key(1), command: 0, random: 0) == .drafted)
        let batch = builder.finish()
        #expect(batch.starts.map(\.revision) == [1])
        #expect(batch.starts.map(\.state) == [.running])
        #expect(batch.ready.map(\.step) == [0, 1])
        #expect(batch.ready.allSatisfy { $0.attempt == 0 && $0.lease == nil })
        #expect(batch.timers.map(\.delay) == [.seconds(5)])
        let event = EventFragment.parse([UInt8(ascii: "[")] + batch.starts[0].event + [UInt8(ascii: "]")])
        #expect(event?.first?.steps.map(\.state) == [.ready, .ready])
    }

    @Test("a promised slot is asked for, and shown as running")
    func lease() {
        var builder = builder()
        _ = builder.start(intent(), key: key(1), command: 0, random: 0)
        #expect(builder.readyBuckets.count == 2)
        let batch = builder.finish(leases: [session, nil])
        #expect(batch.ready.map(\.lease) == [session, nil])
        let event = EventFragment.parse([UInt8(ascii: "[")] + batch.starts[0].event + [UInt8(ascii: "]")])
        #expect(event?.first?.steps.map(\.state) == [.running, .ready])
        #expect(event?.first?.steps.map(\.attempt) == [1, 0])
    }

    @Test("a failure that was sent twice counts once: the second waits for what the first comes to")
    func repeatedFailure() {
        var builder = builder()
        let entry = entry(1)
        let failure = FinishCommand(
            fence: AttemptFence(key: key(1), step: 0, attempt: 1, session: session),
            outcome: .failure(StepFailure(kind: .error, message: "once", retryable: true)))
        let verdicts = (0..<2).map { index in
            builder.advance(command(.finish(failure), 1), entry: entry, isCurrent: true, index: index, random: 0)
        }
        #expect(verdicts == [.drafted, .deferred])
        let batch = builder.finish()
        #expect(batch.finishes.count == 1)
        #expect(batch.timers.count == 1)
        #expect(batch.transitions.map(\.transition.state) == [.scheduled])
    }

    @Test("two outcomes of one run fold to one advance, and the join becomes ready once")
    func folds() {
        var builder = builder()
        let entry = entry(1)
        #expect(
            builder.advance(command(success(0, 1), 1), entry: entry, isCurrent: true, index: 0, random: 0) == .drafted)
        #expect(
            builder.advance(command(success(1, 1), 1), entry: entry, isCurrent: true, index: 1, random: 0) == .drafted)
        let batch = builder.finish()
        #expect(batch.advances.map(\.expectedRevision) == [1])
        #expect(batch.advances.map(\.revision) == [3])
        #expect(batch.finishes.map(\.step) == [0, 1])
        #expect(batch.transitions.map(\.transition.revision) == [2, 3])
        #expect(batch.ready.map(\.step) == [2])
        #expect(builder.drafts[key(1)]?.commands == [0, 1])
    }

    @Test("a cancel after an outcome drops only tokens that were there before")
    func cancelAfterOutcome() {
        var builder = builder()
        let entry = entry(1)
        _ = builder.advance(command(success(0, 1), 1), entry: entry, isCurrent: true, index: 0, random: 0)
        _ = builder.advance(command(success(1, 1), 1), entry: entry, isCurrent: true, index: 1, random: 0)
        _ = builder.advance(command(.cancel(reason: "x"), 1), entry: entry, isCurrent: true, index: 2, random: 0)
        let batch = builder.finish()
        #expect(batch.ready.isEmpty, "the join was never written")
        #expect(batch.drops.map(\.expected) == [0])
        #expect(batch.advances.map(\.state) == [.cancelled])
        #expect(batch.advances[0].ending?.failure?.message == "x")
    }

    @Test("a cancel beside a retry does not count the timer that was never written")
    func cancelAfterRetry() {
        var builder = builder()
        let entry = entry(1)
        let failure = FinishCommand(
            fence: AttemptFence(key: key(1), step: 0, attempt: 1, session: session),
            outcome: .failure(StepFailure(kind: .error, message: "again", retryable: true)))
        _ = builder.advance(command(.finish(failure), 1), entry: entry, isCurrent: true, index: 0, random: 0)
        _ = builder.advance(command(.cancel(reason: "x"), 1), entry: entry, isCurrent: true, index: 1, random: 0)
        let batch = builder.finish()
        #expect(batch.timers.isEmpty)
        #expect(batch.drops.map(\.expected) == [1], "b's token alone")
    }

    @Test("what depends on the batch itself waits for the next one")
    func deferred() {
        var builder = builder()
        #expect(builder.start(intent("k"), key: key(1), command: 0, random: 0) == .drafted)
        #expect(builder.start(intent("k"), key: key(2), command: 1, random: 0) == .deferred)
        let entry = entry(3)
        #expect(
            builder.advance(command(.cancel(reason: ""), 3), entry: entry, isCurrent: true, index: 2, random: 0)
                == .drafted)
        #expect(
            builder.advance(command(success(0, 3), 3), entry: entry, isCurrent: true, index: 3, random: 0) == .deferred)
    }

    @Test("an outcome of a step that is not live is looked up; a cancel of an ended run is nothing")
    func rejected() {
        let entry = entry(1)
        var first = builder()
        _ = first.advance(command(.cancel(reason: ""), 1), entry: entry, isCurrent: true, index: 0, random: 0)
        var second = builder()
        #expect(
            second.advance(command(success(0, 1), 1), entry: entry, isCurrent: true, index: 0, random: 0) == .historical
        )
        #expect(
            second.advance(command(.cancel(reason: ""), 1), entry: entry, isCurrent: true, index: 1, random: 0)
                == .ended)
        #expect(second.isEmpty)
        #expect(second.advance(command(.deadline, 1), entry: entry, isCurrent: true, index: 2, random: 0) == .ended)
        #expect(!second.isEmpty, "the timer of an ended run is deleted")
        #expect(second.finish().firedRunTimers == [key(1)])
    }

    @Test("a run in memory that refuses a command is doubted, and nothing is concluded from it")
    func doubtful() {
        let entry = entry(1)
        var first = builder()
        _ = first.advance(
            command(.cancel(reason: ""), 1), entry: entry, isCurrent: false, index: 0, random: 0)
        var second = builder()
        for (index, kind) in [success(0, 1), .cancel(reason: ""), .deadline].enumerated() {
            let verdict = second.advance(
                command(kind, 1), entry: entry, isCurrent: false, index: index, random: 0)
            #expect(verdict == .doubtful)
        }
        #expect(second.isEmpty)
    }

    @Test("a command that goes alone shares no batch with others of its run")
    func alone() {
        var builder = builder()
        let entry = entry(1)
        #expect(
            builder.advance(
                command(success(0, 1), 1, isAlone: true), entry: entry, isCurrent: true, index: 0, random: 0)
                == .drafted)
        #expect(
            builder.advance(
                command(success(1, 1), 1, isAlone: true), entry: entry, isCurrent: true, index: 1, random: 0)
                == .deferred)
    }

    @Test("ranks follow the time in the run's id, to the microsecond")
    func rank() {
        for microseconds in [0, 1, 499, 500, 999] as [Int64] {
            let at = Timestamp(microseconds: now.microseconds + microseconds)
            let key = RunKey(tenant: tenant, run: RunID(at: at, random: 5))
            #expect(key.createdAt == at)
        }
    }
}
