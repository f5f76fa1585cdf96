import Engine
import Synchronization
import TestSupport
import Workflows

/// Reads every transaction of the store in the order of effects and judges it, and what the engine's clients are told.
///
/// It keeps a model of its own, as small as the rules: it knows nothing of the engine's caches, nor of the store's rows.
final class Ledger: Sendable {
    struct State: Sendable {
        var runs: [RunKey: RunLedger] = [:]
        var sessions: [SessionID: Timestamp] = [:]
        var names: [String: RunID] = [:]
        var creations: [RunID: Int] = [:]
        var positions: [EventPosition] = []
        /// What was answered `stale`, to be looked for in the end.
        var stale: [(key: RunKey, attempt: RunLedger.Attempt)] = []
        var outcomes = 0
        /// By name, as the last change left them.
        var queues: [String: QueueRecord] = [:]
        /// Requests that were refused for good.
        var refused: Set<String> = []
        /// Runs whose cancel was acknowledged.
        var stopped: Set<RunKey> = []
    }

    let world: World
    let plans: [FlowVersionID: Plan]
    let tenant: TenantID
    let state = Mutex(State())

    init(world: World, plans: [FlowVersionID: Plan], tenant: TenantID) {
        self.world = world
        self.plans = plans
        self.tenant = tenant
    }

    func withState<Result: Sendable>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    // MARK: Looking

    var allEnded: Bool { withState { $0.runs.values.allSatisfy(\.lifecycle.isEnded) } }

    var unended: [String] {
        withState { state in
            state.runs.filter { !$0.value.lifecycle.isEnded }
                .map { "\($0.key.run) (\($0.value.lifecycle), tokens \($0.value.tokens))" }.sorted()
        }
    }

    var runCount: Int { withState { $0.runs.count } }
    /// Steps that an attempt ran.
    var stepCount: Int { withState { $0.runs.values.reduce(0) { $0 + $1.ran.count } } }
    var attemptCount: Int {
        withState { $0.runs.values.reduce(0) { $0 + $1.attempts.values.reduce(0) { $0 + Int($1) } } }
    }

    func isLeased(_ fence: AttemptFence) -> Bool {
        withState { $0.runs[fence.key]?.tokens[fence.step] == .leased(fence) }
    }

    func lifecycle(_ key: RunKey) -> RunLifecycle? { withState { $0.runs[key]?.lifecycle } }

    func stepIndex(_ task: TaskName) -> Int32? {
        withState { $0.runs[RunKey(tenant: tenant, run: task.run)]?.plan.index(of: task.step) }
    }

    /// What steps of runs wait for, in an order that follows from their ids.
    var waits: [(step: StepKey, request: WaitRequest)] {
        withState { state in
            state.runs.values.filter { !$0.lifecycle.isEnded }.flatMap { run in
                run.fold.waits.map { (StepKey(run: run.key, step: $0.key), $0.value) }
            }
        }.sorted { ($0.0.run.run, $0.0.step) < ($1.0.run.run, $1.0.step) }
    }

    /// Runs in one of these states, in the order of their ids.
    func runs(in states: Set<RunLifecycle>) -> [RunKey] {
        withState { $0.runs.values.filter { states.contains($0.lifecycle) }.map(\.key) }.sorted { $0.run < $1.run }
    }

    func queue(_ name: String) -> QueueRecord? { withState { $0.queues[name] } }

    // MARK: What clients and workers are told

    /// A start was refused for good.
    func refuse(_ name: String, _ code: EngineError.Code) {
        withState { _ = $0.refused.insert(name) }
        world.cover("start refused: \(code.rawValue)")
    }

    /// A signal was acknowledged.
    func signalled(_ key: RunKey, _ id: String) {
        if withState({ $0.runs[key]?.signals.contains(id) }) != true {
            world.violate(.signalsOnce, "\(key.run) does not have the signal \(id), which was acknowledged")
        }
    }

    /// A start was acknowledged.
    func acknowledge(_ name: String, _ started: Started) {
        let problem: String? = withState { state in
            if let known = state.names[name], known != started.run {
                return "\(name) names \(known) and \(started.run)"
            }
            state.names[name] = started.run
            guard state.runs[RunKey(tenant: tenant, run: started.run)] != nil else {
                return "\(name) was acknowledged as \(started.run), which does not exist"
            }
            if started.created { state.creations[started.run, default: 0] += 1 }
            return state.creations[started.run, default: 0] > 1 ? "\(name) was created twice" : nil
        }
        world.cover("run \(started.created ? "none" : "known") × start")
        if let problem { world.violate(.acknowledgedRunKept, problem) }
    }

    /// A cancel was answered.
    func cancelled(_ key: RunKey, isDone: Bool) {
        let lifecycle = lifecycle(key)
        world.cover("run \(isDone ? "running" : lifecycle.map(\.text) ?? "none") × cancel")
        // Its clean-up may run; one that was late already stays so.
        let isStopped = [.cancelled, .cancelling, .timedOut].contains(lifecycle)
        if isDone, !isStopped {
            world.violate(.cancelledIsCancelled, "\(key.run) is \(String(describing: lifecycle))")
        }
        if isDone { withState { _ = $0.stopped.insert(key) } }
        if !isDone, lifecycle?.isEnded != true {
            world.violate(
                .servicesLive, "a cancel of \(key.run) was refused as late; it is \(String(describing: lifecycle))")
        }
    }

    /// A worker's outcome was answered.
    func judge(_ task: TaskName, _ outcome: FinishCommand.Outcome?, _ answer: FinishAnswer) {
        let key = RunKey(tenant: tenant, run: task.run)
        let problem: Violation? = withState { state in
            state.outcomes += 1
            guard let run = state.runs[key], let step = run.plan.index(of: task.step) else {
                return Violation(invariant: .recordedIsInHistory, detail: "\(task) is of no known run")
            }
            let event = if case .success? = outcome { "success" } else { "failure" }
            let attempt = RunLedger.Attempt(step: step, attempt: task.attempt)
            let recorded = run.outcomes[attempt]
            if answer != .recorded { world.cover("step \(run.place(of: step)) × late \(event)") }
            switch answer {
            case .recorded:
                guard let recorded, let outcome, Self.isRecord(recorded, of: outcome) else {
                    return Violation(
                        invariant: .recordedIsInHistory,
                        detail: "\(task) \(String(describing: outcome)): \(String(describing: recorded))")
                }
            case .alreadyRecorded:
                if recorded == nil {
                    return Violation(invariant: .recordedIsInHistory, detail: "\(task) was recorded before: nowhere")
                }
            case .stale:
                state.stale.append((key, attempt))
                if let recorded {
                    return Violation(invariant: .staleIsNotInHistory, detail: "\(task): \(recorded)")
                }
            }
            return nil
        }
        world.cover("answer \(answer)")
        if let problem { world.violate(problem.invariant, problem.detail) }
    }

    private static func isRecord(_ transition: StepTransition, of outcome: FinishCommand.Outcome) -> Bool {
        switch outcome {
        case .success(SimulatedWorker.unstorable): transition.failure?.code == "output_refused"
        case .success(let output): transition.state == .succeeded && transition.output == output
        case .failure(let failure): transition.state != .succeeded && transition.failure == failure
        }
    }

    /// A task was offered.
    func offered(_ assignment: Assignment) {
        let problem: String? = withState { state in
            guard let run = state.runs[assignment.fence.key] else { return "of a run that does not exist" }
            // What others read may change as long as their needs have not ended.
            guard run.fold.template(of: assignment.fence.step)?.join == .all else { return nil }
            do {
                let expected = try run.fold.makeInput(of: assignment.fence.step)
                guard expected != assignment.input else { return nil }
                return "\(String(decoding: assignment.input, as: UTF8.self)) is not "
                    + String(decoding: expected, as: UTF8.self)
            } catch {
                return "could not be made: \(error)"
            }
        }
        if let problem { world.violate(.inputsAreCommitted, "the input of \(assignment.idempotencyKey): \(problem)") }
    }
}

extension Ledger {
    /// The position of the event row after this one, if there is one already.
    func position(after position: EventPosition) -> EventPosition? {
        withState { state in
            var (low, high) = (0, state.positions.count)
            while low < high {
                let middle = (low + high) / 2
                if state.positions[middle] <= position { low = middle + 1 } else { high = middle }
            }
            return low < state.positions.count ? state.positions[low] : nil
        }
    }

    var lastTransaction: UInt64 { withState { $0.positions.last?.transaction ?? 0 } }
}

extension Ledger {
    /// What can be said only when nothing moves any more.
    func judgeTheEnd() {
        let violations: [Violation] = withState { state in
            var found: [Violation] = []
            for (name, run) in state.names where state.runs[RunKey(tenant: tenant, run: run)] == nil {
                found.append(Violation(invariant: .acknowledgedRunKept, detail: "\(name), \(run)"))
            }
            for (key, attempt) in state.stale where state.runs[key]?.outcomes[attempt] != nil {
                found.append(Violation(invariant: .staleIsNotInHistory, detail: "\(key.run) \(attempt)"))
            }
            let roots = state.runs.values.count { $0.context.parent == nil }
            let refused = state.refused.count { state.names[$0] == nil }
            if roots + refused != world.workload.requests.count {
                found.append(
                    Violation(
                        invariant: .acknowledgedRunKept,
                        detail: "\(roots) runs and \(refused) refusals for \(world.workload.requests.count) names"))
            }
            for key in state.stopped {
                guard let run = state.runs[key], run.lifecycle != .cancelled, run.lifecycle != .timedOut else {
                    continue
                }
                found.append(
                    Violation(invariant: .cancelledIsCancelled, detail: "\(key.run) ended as \(run.lifecycle)"))
            }
            return found
        }
        for violation in violations { world.violate(violation.invariant, violation.detail) }
    }
}
