import Foundation
import Testing
import Workflows

/// Every state with every event. The tables in `docs/state-machines.md` are what this walk finds, to the letter.
@Suite("All transitions")
struct TransitionTableTests {
    private static let now = Timestamp(microseconds: 1)
    private static let retry = RetryPolicy(strategy: .fixed, maxAttempts: 2, delay: .seconds(1), jitter: 0)

    private static let events: [(name: String, event: RunEvent)] = [
        ("start", .start),
        ("attempt succeeded", .attemptSucceeded(step: 1, attempt: 1, output: Array("{}".utf8))),
        ("attempt failed, may be retried", failed(retryable: true)),
        ("attempt failed for good", failed(retryable: false)),
        ("cancel", .cancel(reason: "enough")), ("deadline passed", .deadlinePassed),
    ]

    private static func failed(retryable: Bool) -> RunEvent {
        .attemptFailed(
            step: 1, attempt: 1, failure: StepFailure(kind: .error, message: "boom", retryable: retryable))
    }

    /// a → b, and c beside them: what happens to b does not end the run.
    private static var plan: Plan {
        Plan(
            name: "table",
            steps: [
                PlanStep(id: "a", taskType: "noop"), PlanStep(id: "b", taskType: "noop", needs: [0], retry: retry),
                PlanStep(id: "c", taskType: "noop"),
            ])
    }

    private static func row(_ step: Int32, _ state: StepState) -> StepTransition {
        StepTransition(
            step: step, attempt: 1, state: state,
            failure: state == .succeeded ? nil : StepFailure(kind: .error, message: "boom", retryable: true), at: now,
            revision: 1)
    }

    /// Histories that lead b into each of its states.
    private static var stepStates: [(name: String, history: [StepTransition])] {
        let ready = [row(0, .succeeded)]
        return [
            ("pending", []), ("live, 0 failures", ready), ("live, 1 failure", ready + [row(1, .scheduled)]),
            ("succeeded", ready + [row(1, .succeeded)]), ("failed", ready + [row(1, .failed)]),
            ("skipped", ready + [row(1, .skipped)]), ("cancelled", ready + [row(1, .cancelled)]),
        ]
    }

    private static func name(_ status: StepStatus?) -> String {
        switch status {
        case .pending?: "pending"
        case .live(let failures)?: "live, \(failures) failure\(failures == 1 ? "" : "s")"
        case .succeeded?: "succeeded"
        case .failed?: "failed"
        case .skipped?: "skipped"
        case .cancelled?: "cancelled"
        case nil: "none"
        }
    }

    private static func name(_ rejection: RunRejection) -> String {
        switch rejection {
        case .notStarted: "refused: not started"
        case .alreadyStarted: "refused: already started"
        case .ended: "refused: ended"
        case .stepNotLive: "refused: not live"
        case .unknownStep: "refused: unknown step"
        }
    }

    private static func table(
        _ states: [(name: String, run: RunState)], after: (RunState) -> String
    ) -> String {
        var text = "| |" + events.map { " \($0.name) |" }.joined() + "\n|---|" + events.map { _ in "---|" }.joined()
        for (name, run) in states {
            text += "\n| **\(name)** |"
            for (_, event) in events {
                var run = run
                let before = run
                do {
                    _ = try run.apply(event, at: now, random: 0)
                    text += " \(after(run)) |"
                    #expect(run.revision == before.revision + 1)
                } catch {
                    text += " \(Self.name(error)) |"
                    #expect(
                        run.statuses == before.statuses && run.lifecycle == before.lifecycle,
                        "a refusal changes nothing")
                    #expect(run.revision == before.revision)
                }
            }
        }
        return text
    }

    private static var runTable: String {
        let states = RunLifecycle.allCases.map { lifecycle in
            (
                lifecycle.text,
                RunState(
                    plan: plan, lifecycle: lifecycle, revision: 1,
                    history: lifecycle == .queued ? [] : [row(0, .succeeded), row(2, .succeeded)])
            )
        }
        return table(states) { $0.lifecycle.text }
    }

    private static var stepTable: String {
        let states = stepStates.map { state in
            (state.name, RunState(plan: plan, lifecycle: .running, revision: 1, history: state.history))
        }
        for (name, run) in states { #expect(Self.name(run.status(of: 1)) == name) }
        return table(states) { name($0.status(of: 1)) }
    }

    private func document() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        return try String(contentsOf: root.appending(path: "docs/state-machines.md"), encoding: .utf8)
    }

    @Test("the table of runs in the documentation")
    func runs() throws {
        #expect(try document().contains(Self.runTable), "the walk finds:\n\(Self.runTable)")
    }

    @Test("the table of steps in the documentation")
    func steps() throws {
        #expect(try document().contains(Self.stepTable), "the walk finds:\n\(Self.stepTable)")
    }

    @Test("an outcome of a step that does not exist is refused", arguments: [-1, 3, Int32.max])
    func unknownStep(step: Int32) {
        var run = RunState(plan: Self.plan, lifecycle: .running, revision: 1, history: [])
        #expect(throws: RunRejection.unknownStep) {
            try run.apply(.attemptSucceeded(step: step, attempt: 1, output: []), at: Self.now, random: 0)
        }
    }

    @Test("a history with a step that does not exist does not trap")
    func foreignHistory() {
        let run = RunState(plan: Self.plan, lifecycle: .running, revision: 1, history: [Self.row(17, .succeeded)])
        #expect(run.endedCount == 0)
    }
}
