public import Engine
import Synchronization
public import Workflows

extension MemoryStore {
    /// What is wrong with the rows, if anything: each live step of a live run has one token, ended runs have none.
    ///
    /// - Parameter plan: Of a flow version.
    public func audit(plan: (FlowVersionID) -> Plan?) -> [String] {
        state.withLock { tables in
            var violations = tables.violations + tables.limitViolations
            for (key, run) in tables.runs {
                guard let plan = plan(run.flow) else { continue }
                let fold = RunState(
                    plan: plan,
                    context: RunContext(run: key.run, input: run.input, parent: run.parent, depth: run.depth),
                    lifecycle: run.state, revision: run.revision,
                    history: run.history.map(\.transition))
                for step in fold.statuses.indices {
                    let count = tables.tokens(of: MemoryTables.TokenKey(run: key, step: Int32(step)))
                    let expected: Int = if case .live? = fold.status(of: Int32(step)) { 1 } else { 0 }
                    if count != expected {
                        violations.append(
                            "step \(step) of \(key.run) (\(run.state)) has \(count) tokens, its fold says \(expected)")
                    }
                }
                // A run that was reopened does its clean-up once more.
                let generation = run.history.lastIndex { $0.transition.state == .reopened } ?? 0
                let successes = run.history[generation...].filter { $0.transition.state == .succeeded }
                    .map(\.transition.step)
                if Set(successes).count != successes.count {
                    violations.append("\(key.run) has a step that succeeded twice")
                }
                if run.state.isEnded, tables.dues.keys.contains(where: { $0.run == key }) {
                    violations.append("\(key.run) has ended, and a step of it is due")
                }
                let outcomes = run.history.filter { $0.transition.attempt > 0 }
                    .map { [$0.transition.step, $0.transition.attempt] }
                if Set(outcomes).count != outcomes.count {
                    violations.append("\(key.run) has an attempt recorded twice")
                }
            }
            return violations
        }
    }

    /// Every run's state.
    public var runStates: [RunKey: RunLifecycle] { state.withLock { $0.runs.mapValues(\.state) } }

    /// A run's history.
    public func history(_ key: RunKey) -> [TransitionRow] { state.withLock { $0.runs[key]?.history ?? [] } }

    /// Every dead letter, in the order of the commits.
    public var deadLetters: [MemoryDeadLetter] { state.withLock { $0.deadLetters } }

    /// The run that a run repeats.
    public func origin(of key: RunKey) -> RunID? { state.withLock { $0.runs[key]?.origin } }

    /// Steps with a token in `waits`.
    public var waiting: [StepKey] { state.withLock { $0.waits.values.map(\.step) } }

    /// Tokens that a pause holds.
    public var parkedCount: Int { state.withLock { $0.parked.count } }

    /// Messages that nobody has applied yet.
    public var inboxCount: Int { state.withLock { $0.inbox.count } }

    /// Tokens of the kinds that attempts go through.
    public var tokens: (ready: Int, attempts: Int, timers: Int) {
        state.withLock { ($0.ready.count, $0.attempts.count, $0.timers.count) }
    }

    /// Steps and runs that wait for a slot.
    public var heldCount: Int { state.withLock { $0.held.values.count { $0.limit != nil } } }
}

extension MemoryStore {
    /// The workflow's name by its version's id.
    public var flowNames: [FlowVersionID: String] {
        state.withLock { tables in
            Dictionary(tables.definitions.map { ($0.flow, $0.name) }) { first, _ in first }
        }
    }
}

extension MemoryStore {
    /// The whole event log, in order.
    public var allEvents: [EventRow] { state.withLock { $0.events } }
}
