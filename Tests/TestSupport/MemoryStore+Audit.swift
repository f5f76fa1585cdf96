public import Engine
import Synchronization
public import Workflows

extension MemoryStore {
    /// What is wrong with the rows, if anything: each live step of a live run has one token, ended runs have none.
    ///
    /// - Parameter plan: Of a flow version.
    public func audit(plan: (FlowVersionID) -> Plan?) -> [String] {
        state.withLock { tables in
            var violations = tables.violations
            for (key, run) in tables.runs {
                guard let plan = plan(run.flow) else { continue }
                let fold = RunState(
                    plan: plan, lifecycle: run.state, revision: run.revision,
                    history: run.history.map(\.transition))
                for step in plan.steps.indices {
                    let token = MemoryTables.TokenKey(run: key, step: Int32(step))
                    let count =
                        (tables.ready[token] == nil ? 0 : 1) + (tables.attempts[token] == nil ? 0 : 1)
                        + (tables.timers[token] == nil ? 0 : 1)
                    let expected: Int = if case .live? = fold.status(of: Int32(step)) { 1 } else { 0 }
                    if count != expected {
                        violations.append(
                            "step \(step) of \(key.run) (\(run.state)) has \(count) tokens, its fold says \(expected)")
                    }
                }
                let successes = run.history.filter { $0.transition.state == .succeeded }.map(\.transition.step)
                if Set(successes).count != successes.count {
                    violations.append("\(key.run) has a step that succeeded twice")
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

    /// Tokens of all kinds.
    public var tokens: (ready: Int, attempts: Int, timers: Int) {
        state.withLock { ($0.ready.count, $0.attempts.count, $0.timers.count) }
    }
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
