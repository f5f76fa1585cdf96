import Testing
import Workflows

/// Generated runs of generated definitions with everything that a workflow can say: the driver compares each state with
/// its history's, counts tokens, and refuses lines with one key. Every run comes to an end.
@Suite("Histories of the whole language")
struct LanguageHistoryTests {
    @Test(arguments: 0..<400) func anyRunEnds(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) &* 77)
        // Some wait for a slot before they start, and again when they are reopened.
        let limit = seed % 3 == 0 ? "concurrency: {limit: 1}\n" : ""
        var run = try RunDriver(limit + definition(&dice), input: #"{"n": 2, "list": [1, 2, 3], "bad": 5}"#)
        try run.apply(.start)
        var events = 0
        while true {
            if run.ending != nil {
                // A failed run goes on once or twice, where it can.
                let reopening = Reopening(generation: run.run.generation, by: "ada")
                guard run.run.generation < 2, (try? run.apply(.reopen(reopening))) != nil else { return }
                continue
            }
            events += 1
            try #require(events < 2000, "the run does not end")
            guard let event = event(for: run, events, &dice) else {
                Issue.record("the run waits for nothing: \(run.run.statuses)")
                return
            }
            do {
                try run.apply(event, random: dice.next())
            } catch is RunRejection {
                // A race: nothing has changed, as the next event's comparison finds.
            }
        }
    }

    private func event(for run: RunDriver, _ number: Int, _ dice: inout Dice) -> RunEvent? {
        switch dice.below(60) {
        case 0: return .cancel(reason: "enough", force: dice.below(4) == 0)
        case 1 where dice.below(3) == 0: return .deadlinePassed
        case 2: return .pause
        case 3, 4: return .resume
        case 5: return signal("go\(dice.below(3))", "\(number % 7)")
        case 6 where !run.dues.isEmpty: return .stepDue(step: run.dues.sorted()[dice.below(run.dues.count)])
        default: break
        }
        if run.run.lifecycle == .queued { return .start }
        let tokens = run.tokens.sorted()
        guard !tokens.isEmpty else { return nil }
        let step = tokens[dice.below(tokens.count)]
        guard let wait = run.run.waits[step] else {
            let attempt = Int32(number)
            guard dice.below(5) == 0 else {
                return .attemptSucceeded(step: step, attempt: attempt, output: Array("\(number)".utf8))
            }
            let kind: StepFailure.Kind = dice.below(2) == 0 ? .timeout : .error
            let failure = StepFailure(kind: kind, message: "boom", retryable: dice.below(2) == 0)
            return .attemptFailed(step: step, attempt: attempt, failure: failure)
        }
        switch wait.kind {
        case .time: return .stepDue(step: step)
        case .signal: return signal(wait.subject, "w\(number)")
        case .approval:
            return .decided(
                step: step,
                ApprovalDecision(approver: "p\(dice.below(5))", verdict: dice.below(6) == 0 ? .reject : .approve))
        case .outcome:
            let found = OutcomeAnswer.found(output: Array("2".utf8), run: RunDriver.id)
            return .outcome(step: step, dice.below(3) == 0 ? found : .missing)
        case .child:
            let failure = StepFailure(kind: .error, message: "boom", retryable: false)
            return .childEnded(step: step, dice.below(4) == 0 ? .failed(failure) : .succeeded(output: Array("1".utf8)))
        }
    }

    private func signal(_ name: String, _ id: String) -> RunEvent {
        .signal(RunSignal(name: name, id: id, payload: Array("1".utf8)))
    }

    // MARK: Definitions

    private func definition(_ dice: inout Dice) -> String {
        var text = ""
        if dice.below(3) == 0 { text += "setup:\n" + steps("s", 1 + dice.below(2), &dice) }
        text += "steps:\n" + steps("m", 1 + dice.below(7), &dice)
        if dice.below(2) == 0 {
            text += "on_failure:\n"
            if dice.below(2) == 0 { text += "- match: {error: timeout}\n  recover: {was: \"${{ failure.step }}\"}\n" }
            text += "- steps:\n" + steps("h", 1 + dice.below(2), &dice, indent: "  ")
            if dice.below(2) == 0 { text += "  recover: 1\n" }
        }
        if dice.below(2) == 0 { text += "finally:\n" + steps("f", 1 + dice.below(2), &dice) }
        return text
    }

    private func steps(_ prefix: String, _ count: Int, _ dice: inout Dice, indent: String = "") -> String {
        var text = ""
        for index in 0..<count {
            let needs = (0..<index).filter { _ in dice.below(2) == 0 }
            text += "\(indent)- id: \(prefix)\(index)\n"
            var lines = ["needs: [\(needs.map { "\(prefix)\($0)" }.joined(separator: ", "))]"]
            if needs.count > 1 { lines.append(["join: all", "join: any", "join: 2"][dice.below(3)]) }
            if dice.below(8) == 0 { lines.append("if: inputs.n > \(dice.below(4))") }
            if dice.below(7) == 0 { lines.append("background: true") }
            if dice.below(4) == 0 {
                lines.append("for_each: ${{ inputs.\(["list", "list", "list", "bad"][dice.below(4)]) }}")
                lines.append("max_parallel: \(1 + dice.below(3))")
            }
            lines += kind(&dice)
            text += lines.map { "\(indent)  \($0)\n" }.joined()
        }
        return text
    }

    private func kind(_ dice: inout Dice) -> [String] {
        switch dice.below(12) {
        case 0: ["uses: wait", "with: {for: 1m}"]
        case 1: ["uses: wait", "with: {signal: go\(dice.below(3)), timeout: 1h, on_timeout: continue}"]
        case 2: ["uses: wait", "with: {signal: go\(dice.below(3))}"]
        case 3: ["uses: approval", "with: {quorum: 2, timeout: 1h, on_timeout: reject}"]
        case 4: ["uses: workflow", "with: {name: other}"]
        case 5: ["uses: emit", "with: {name: told}"]
        case 6: ["uses: noop", "deadline: 1h", "retry: {max_attempts: 2, delay: 1s}"]
        case 7: ["uses: noop", "cache: 1h"]
        case 8: ["uses: noop", "idempotency: {key: k}", "retry: {max_attempts: 2, delay: 1s}"]
        default: ["uses: noop", "retry: {max_attempts: 2, delay: 1s}"]
        }
    }
}
