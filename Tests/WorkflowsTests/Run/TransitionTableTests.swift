import Expressions
import Foundation
import JSON
import Testing
import Workflows

/// Every state with every event. The tables in `docs/state-machines.md` are what this walk finds, to the letter.
@Suite("All transitions")
struct TransitionTableTests {
    fileprivate static let now = Timestamp(microseconds: 1)
    private static let retry = RetryPolicy(strategy: .fixed, maxAttempts: 2, delay: .seconds(1), jitter: 0)

    private static let events: [(name: String, event: RunEvent)] = [
        ("start", .start),
        ("attempt succeeded", .attemptSucceeded(step: 1, attempt: 1, output: Array("{}".utf8))),
        ("attempt failed, may be retried", failed(retryable: true)),
        ("attempt failed for good", failed(retryable: false)),
        ("cancel", .cancel(reason: "enough")), ("cancel by force", .cancel(reason: "enough", force: true)),
        ("deadline passed", .deadlinePassed), ("pause", .pause), ("resume", .resume),
        ("signal", .signal(RunSignal(name: "go", id: "1", payload: Array("1".utf8)))),
    ]

    /// What can happen to a step that waits.
    private static let waitEvents: [(name: String, event: RunEvent)] = [
        ("attempt succeeded", .attemptSucceeded(step: 0, attempt: 1, output: Array("{}".utf8))),
        ("due", .stepDue(step: 0)), ("signal", .signal(RunSignal(name: "go", id: "1", payload: Array("1".utf8)))),
        ("approved", .decided(step: 0, ApprovalDecision(approver: "ada", verdict: .approve))),
        ("refused", .decided(step: 0, ApprovalDecision(approver: "ada", verdict: .reject))),
        ("child succeeded", .childEnded(step: 0, .succeeded(output: Array("1".utf8)))),
        (
            "child failed",
            .childEnded(step: 0, .failed(StepFailure(kind: .error, message: "boom", retryable: false)))
        ),
        ("outcome found", .outcome(step: 0, .found(output: Array("1".utf8), run: RunDriver.id))),
        ("no outcome", .outcome(step: 0, .missing)),
        ("cancel", .cancel(reason: "enough")),
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

    /// The same with clean-up.
    private static var cleanPlan: Plan {
        Plan(
            name: "table", steps: plan.steps + [PlanStep(id: "f", taskType: "noop")],
            parts: Plan.Parts(main: 0..<3, setup: 3..<3, finally: 3..<4))
    }

    private static func row(_ step: Int32, _ state: StepState) -> StepTransition {
        StepTransition(
            step: step, attempt: 1, state: state,
            failure: state == .succeeded ? nil : StepFailure(kind: .error, message: "boom", retryable: true), at: now,
            revision: 1)
    }

    /// b has one item.
    private static var expanded: StepTransition {
        StepTransition(
            step: 1, attempt: -1, state: .expanded,
            output: Array(#"{"base":\#(plan.steps.count),"items":[1]}"#.utf8), at: now, revision: 1)
    }

    /// Histories that lead b into each of its states.
    private static var stepStates: [(name: String, history: [StepTransition])] {
        let ready = [row(0, .succeeded)]
        return [
            ("pending", []), ("live, 0 failures", ready), ("live, 1 failure", ready + [row(1, .scheduled)]),
            ("open", ready + [expanded]),
            ("succeeded", ready + [row(1, .succeeded)]), ("failed", ready + [row(1, .failed)]),
            ("skipped", ready + [row(1, .skipped)]), ("cancelled", ready + [row(1, .cancelled)]),
        ]
    }

    private static func name(_ status: StepStatus?) -> String {
        switch status {
        case .pending?: "pending"
        case .live(let failures)?: "live, \(failures) failure\(failures == 1 ? "" : "s")"
        case .open?: "open"
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
        case .stopping: "refused: stopping"
        case .alreadyPaused: "refused: already paused"
        case .notPaused: "refused: not paused"
        case .notWaiting: "refused: not waiting"
        case .repeatedSignal: "refused: repeated signal"
        case .tooManySignals: "refused: too many signals"
        case .alreadyDecided: "refused: already decided"
        case .invalidDelegate: "refused: invalid delegate"
        case .tooEarly: "refused: too early"
        case .invalidForm: "refused: invalid form"
        case .notEnded: "refused: not ended"
        case .notFailed: "refused: not failed"
        case .reopened: "refused: reopened"
        case .nothingFailed: "refused: nothing failed"
        case .noInput: "refused: no input"
        }
    }

    private static func table(
        _ states: [(name: String, run: RunState)], events: [(name: String, event: RunEvent)] = events,
        after: (RunState) -> String
    ) -> String {
        var text = "| |" + events.map { " \($0.name) |" }.joined() + "\n|---|" + events.map { _ in "---|" }.joined()
        for (name, run) in states {
            text += "\n| **\(name)** |"
            for (_, event) in events {
                var run = run
                let before = run
                do {
                    let effects = try run.apply(event, at: now, random: 0)
                    text += " \(after(run)) |"
                    let lines = effects.count { if case .record = $0 { true } else { false } }
                    #expect(run.revision == before.revision + Int64(max(1, lines)))
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

    private static func runTable(_ plan: Plan) -> String {
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

    /// A run whose clean-up has begun; f is ready.
    private static var cleaningTable: String {
        let entered = { (failure: StepFailure?) in
            StepTransition(
                step: RunState.stageLine, attempt: 0, state: .entered, output: Array(#""finally""#.utf8),
                failure: failure, at: now, revision: 1)
        }
        let stopped = StepFailure(kind: .cancelled, message: "enough", retryable: false)
        let ended = [row(0, .succeeded), row(1, .succeeded), row(2, .succeeded)]
        let states = [
            ("running", RunState(plan: cleanPlan, lifecycle: .running, revision: 1, history: ended + [entered(nil)])),
            ("paused", RunState(plan: cleanPlan, lifecycle: .paused, revision: 1, history: ended + [entered(nil)])),
            (
                "cancelling",
                RunState(
                    plan: cleanPlan, lifecycle: .cancelling, revision: 1,
                    history: [row(0, .cancelled), row(2, .cancelled), entered(stopped)])
            ),
        ]
        let events =
            events.filter { !$0.name.hasPrefix("attempt") } + [
                ("clean-up succeeded", RunEvent.attemptSucceeded(step: 3, attempt: 1, output: Array("{}".utf8))),
                (
                    "clean-up failed",
                    .attemptFailed(
                        step: 3, attempt: 1, failure: StepFailure(kind: .error, message: "boom", retryable: false))
                ),
            ]
        return table(states, events: events) { $0.lifecycle.text }
    }

    private static var waitTable: String {
        let rules: [(String, StepKind)] = [
            ("a time", .wait(WaitRule(until: .duration(text("1m"))))),
            ("a signal, with timeout", .wait(WaitRule(until: .signal(text("go")), timeout: .seconds(60)))),
            (
                "a signal, or goes on without",
                .wait(WaitRule(until: .signal(text("go")), timeout: .seconds(60), onTimeout: .proceed))
            ),
            ("an approval", .approval(ApprovalRule(timeout: .seconds(60), onTimeout: .reject))),
            ("a child", .workflow(ChildRule(name: text("other")))),
        ]
        let states = (rules + [("another step's outcome", .task)]).map { name, kind in
            var step = PlanStep(id: "w", taskType: "wait", kind: kind)
            if step.isTask { step.outcome = OutcomeRule(purpose: .cache, lifetime: .seconds(1), key: nil, prefix: "") }
            let plan = Plan(name: "waits", steps: [step, PlanStep(id: "x", taskType: "noop")])
            var run = RunState(plan: plan, context: RunContext(run: RunDriver.id))
            #expect(throws: Never.self) { try run.apply(.start, at: now, random: 0) }
            return (name, run)
        }
        return table(states, events: waitEvents) { name($0.status(of: 0)) }
    }

    private static func text(_ text: String) -> Template {
        guard let template = try? Template(.string(text)) else { preconditionFailure("a text is a template") }
        return template
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
        let table = Self.runTable(Self.plan)
        #expect(try document().contains(table), "the walk finds:\n\(table)")
    }

    @Test("the tables of runs with clean-up in the documentation")
    func cleanRuns() throws {
        let table = Self.runTable(Self.cleanPlan)
        #expect(try document().contains(table), "the walk finds:\n\(table)")
        #expect(try document().contains(Self.cleaningTable), "the walk finds:\n\(Self.cleaningTable)")
    }

    @Test("the table of waits in the documentation")
    func waits() throws {
        #expect(try document().contains(Self.waitTable), "the walk finds:\n\(Self.waitTable)")
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
