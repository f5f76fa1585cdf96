import Testing
import Workflows

@Suite("Run state machine")
struct RunStateTests {
    static let now = Timestamp(microseconds: 1_000_000)
    static let error = StepFailure(kind: .error, message: "boom", retryable: true)

    /// a → b, c → d
    static func diamond(retry: RetryPolicy = .never, timeout: Duration? = nil) -> Plan {
        Plan(
            name: "diamond",
            steps: [
                PlanStep(id: "a", taskType: "noop", retry: retry),
                PlanStep(id: "b", taskType: "noop", needs: [0], retry: retry),
                PlanStep(id: "c", taskType: "noop", needs: [0], retry: retry),
                PlanStep(id: "d", taskType: "noop", needs: [1, 2], retry: retry),
            ], timeout: timeout)
    }

    @Test func joinsWaitForAll() throws {
        var run = RunState(plan: Self.diamond())
        #expect(try run.apply(.start, at: Self.now, random: 0) == [.ready(step: 0)])
        #expect(ready(try run.apply(success(0), at: Self.now, random: 0)) == [1, 2])
        #expect(ready(try run.apply(success(2), at: Self.now, random: 0)) == [])
        #expect(ready(try run.apply(success(1), at: Self.now, random: 0)) == [3])
        let last = try run.apply(success(3), at: Self.now, random: 0)
        #expect(last.last == .ended(.succeeded, output: Array("{}".utf8), failure: nil))
        #expect(run.lifecycle == .succeeded)
        #expect(run.revision == 5)
        #expect(run.liveCount == 0 && run.endedCount == 4)
    }

    @Test func retriesUntilTheBudgetIsUsedUp() throws {
        let policy = RetryPolicy(strategy: .fixed, maxAttempts: 2, delay: .seconds(3), jitter: 0)
        var run = RunState(plan: Self.diamond(retry: policy))
        _ = try run.apply(.start, at: Self.now, random: 0)
        let first = try run.apply(
            .attemptFailed(step: 0, attempt: 1, failure: Self.error), at: Self.now, random: 0)
        #expect(first.contains(.retry(step: 0, attempt: 1, delay: .seconds(3))))
        #expect(run.status(of: 0) == .live(failures: 1))
        let second = try run.apply(
            .attemptFailed(step: 0, attempt: 2, failure: Self.error), at: Self.now, random: 0)
        #expect(run.lifecycle == .failed)
        #expect(run.failure?.step == "a")
        #expect(second.filter { if case .record(let row) = $0 { row.state == .skipped } else { false } }.count == 3)
    }

    @Test func whatCannotHelpIsNotRetried() throws {
        var run = RunState(plan: Self.diamond(retry: RetryPolicy(maxAttempts: 5)))
        _ = try run.apply(.start, at: Self.now, random: 0)
        let invalid = StepFailure(kind: .invalid, message: "bad input", retryable: false)
        _ = try run.apply(.attemptFailed(step: 0, attempt: 1, failure: invalid), at: Self.now, random: 0)
        #expect(run.lifecycle == .failed)
    }

    @Test func independentBranchesGoOn() throws {
        var run = RunState(plan: Self.diamond())
        _ = try run.apply(.start, at: Self.now, random: 0)
        _ = try run.apply(success(0), at: Self.now, random: 0)
        _ = try run.apply(.attemptFailed(step: 1, attempt: 1, failure: Self.error), at: Self.now, random: 0)
        #expect(run.lifecycle == .running)
        #expect(run.status(of: 3) == .skipped)
        let last = try run.apply(success(2), at: Self.now, random: 0)
        guard case .ended(.failed, _, let failure)? = last.last else {
            Issue.record("the run has not failed: \(last)")
            return
        }
        #expect(failure?.step == "b")
    }

    @Test func cancelDropsEveryTokenAndCountsThem() throws {
        var run = RunState(plan: Self.diamond())
        _ = try run.apply(.start, at: Self.now, random: 0)
        _ = try run.apply(success(0), at: Self.now, random: 0)
        let effects = try run.apply(.cancel(reason: "enough"), at: Self.now, random: 0)
        #expect(effects.first == .dropTokens(expected: 2))
        #expect(run.status(of: 1) == .cancelled && run.status(of: 2) == .cancelled)
        #expect(run.status(of: 3) == .pending(missing: 2))
        #expect(run.lifecycle == .cancelled && run.liveCount == 0)
    }

    @Test func aDeadlineIsSetAtTheStartAndEndsTheRun() throws {
        var run = RunState(plan: Self.diamond(timeout: .seconds(60)))
        #expect(try run.apply(.start, at: Self.now, random: 0).contains(.setDeadline(.seconds(60))))
        _ = try run.apply(.deadlinePassed, at: Self.now, random: 0)
        #expect(run.lifecycle == .timedOut)
        #expect(run.failure?.code == "run_deadline")
    }

    @Test func tenThousandStepsEndOneByOne() throws {
        // 100 layers of 100, each step needing two of the layer before.
        let steps = (0..<10_000).map { index -> PlanStep in
            let layer = index / 100
            let needs: [Int32] =
                layer == 0
                ? [] : [Int32((layer - 1) * 100 + index % 100), Int32((layer - 1) * 100 + (index + 1) % 100)]
            return PlanStep(id: "s\(index)", taskType: "noop", needs: needs)
        }
        var run = RunState(plan: Plan(name: "layers", steps: steps))
        var waiting = ready(try run.apply(.start, at: Self.now, random: 0))
        var done = 0
        while let next = waiting.popLast() {
            waiting += ready(try run.apply(success(next), at: Self.now, random: 0))
            done += 1
        }
        #expect(done == 10_000)
        #expect(run.lifecycle == .succeeded)
    }

    private func success(_ step: Int32) -> RunEvent {
        .attemptSucceeded(step: step, attempt: 1, output: Array("{}".utf8))
    }

    private func ready(_ effects: [RunEffect]) -> [Int32] {
        effects.compactMap { if case .ready(let step, _) = $0 { step } else { nil } }
    }
}
