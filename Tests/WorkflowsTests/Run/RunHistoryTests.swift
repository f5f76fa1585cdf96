import Expressions
import Testing
import Workflows

/// Generated histories: a state that was rebuilt from what was recorded equals the one that decided it.
@Suite("Run histories")
struct RunHistoryTests {
    @Test(arguments: 0..<200) func rebuiltFromItsHistoryARunIsTheSame(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed))
        let plan = try randomPlan(&dice)
        let context = RunContext(input: Array(#"{"n": 3}"#.utf8))
        var run = RunState(plan: plan, context: context)
        var history: [StepTransition] = []
        var live: [Int32] = []
        var ended: RunLifecycle?

        func take(_ effects: [RunEffect]) {
            for effect in effects {
                switch effect {
                case .record(let transition):
                    history.append(transition)
                    if transition.state.isEnded { live.removeAll { $0 == transition.step } }
                case .ready(let step, _): live.append(step)
                case .retry(let step, _, _): #expect(live.contains(step))
                case .setDeadline: break
                case .dropTokens(let expected): #expect(expected == live.count)
                case .wait, .endWait, .setDue, .clearDue, .dropSteps, .pauseTokens, .resumeTokens, .startChild,
                    .cancelChild, .emit, .seek, .settleOutcome, .moveDue, .reopened:
                    Issue.record("not in these plans: \(effect)")
                case .ended(let lifecycle, _, _):
                    #expect(ended == nil, "a run ends once")
                    ended = lifecycle
                }
            }
        }

        take(try run.apply(.start, at: Timestamp(microseconds: 1), random: 0))
        var attempt: Int32 = 0
        while ended == nil {
            attempt += 1
            let event: RunEvent =
                switch dice.below(40) {
                case 0: .cancel(reason: "enough")
                case 1: .deadlinePassed
                case 2..<14:
                    .attemptFailed(
                        step: live[dice.below(live.count)], attempt: attempt,
                        failure: StepFailure(kind: .error, message: "boom", retryable: dice.below(3) > 0))
                default:
                    .attemptSucceeded(
                        step: live[dice.below(live.count)], attempt: attempt, output: Array("\(attempt)".utf8))
                }
            take(try run.apply(event, at: Timestamp(microseconds: Int64(attempt)), random: dice.next()))
            let rebuilt = RunState(
                plan: plan, context: context, lifecycle: run.lifecycle, revision: run.revision, history: history)
            #expect(rebuilt.statuses == run.statuses)
            #expect(rebuilt.outputs == run.outputs)
            #expect(rebuilt.liveCount == run.liveCount && rebuilt.endedCount == run.endedCount)
            #expect(run.liveCount == live.count || ended != nil)
        }
        #expect(run.lifecycle == ended)
        #expect(run.liveCount == 0)
    }

    private func randomPlan(_ dice: inout Dice) throws -> Plan {
        let retry = RetryPolicy(strategy: .fixed, maxAttempts: 3, delay: .milliseconds(10))
        let count = 1 + dice.below(14)
        let steps = try (0..<count).map { index in
            let needs = (0..<index).filter { _ in dice.below(3) == 0 }.map(Int32.init)
            let condition = try condition(of: needs, &dice).map { try Expression($0) }
            return PlanStep(id: "s\(index)", taskType: "noop", needs: needs, condition: condition, retry: retry)
        }
        return Plan(name: "random", steps: steps)
    }

    private func condition(of needs: [Int32], _ dice: inout Dice) -> String? {
        let need = needs.isEmpty ? nil : needs[dice.below(needs.count)]
        switch (dice.below(9), need) {
        case (0, _): return "false"
        case (1, _): return "inputs.n > 2"
        case (2, _): return "1 / 0 == 1"
        case (3, let need?): return "steps.s\(need).state == 'skipped'"
        case (4, let need?): return "steps.s\(need).output != null && steps.s\(need).output % 2 == 0"
        default: return nil
        }
    }
}

/// SplitMix64: the same seed gives the same history.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
