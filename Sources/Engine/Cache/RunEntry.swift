import Synchronization
import Workflows

/// A run in memory: the fold of what is committed, plus (while its lane has a commit in flight) what that will add.
///
/// Only the run's lane changes it. Others may read inputs of steps that are live by what is committed (`isSettledLive`),
/// because what such a step reads was committed before.
final class RunEntry: Sendable {
    struct Contents: Sendable {
        var run: RunState
        /// Bytes of all outputs.
        var outputBytes: Int
        /// The revision that the store is known to have had; what is beyond it belongs to a commit in flight, which may
        /// yet lose its race.
        var settled: Int64
    }

    let key: RunKey
    let flow: FlowPlan
    let traceparent: String?
    let urgency: Urgency
    private let contents: Mutex<Contents>

    init(key: RunKey, flow: FlowPlan, traceparent: String?, urgency: Urgency = .usual, run: RunState) {
        self.key = key
        self.flow = flow
        self.traceparent = traceparent
        self.urgency = urgency
        contents = Mutex(
            Contents(
                run: run, outputBytes: run.outputs.values.reduce(0) { $0 + $1.count }, settled: run.revision))
    }

    func withContents<Result: Sendable, Failure: Error>(
        _ body: (inout Contents) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try contents.withLock { (contents) throws(Failure) in try body(&contents) }
    }

    /// Grows with each commit.
    var revision: Int64 { withContents { $0.run.revision } }

    /// The commit in flight has come through.
    func settle() { withContents { $0.settled = $0.run.revision } }

    /// Whether the step is live by committed transitions alone: what it reads is committed then too.
    func isSettledLive(_ step: Int32) -> Bool {
        withContents { contents in
            guard contents.run.revision == contents.settled else { return false }
            return if case .live? = contents.run.status(of: step) { true } else { false }
        }
    }

    /// An estimate of its memory.
    var cost: Int {
        withContents { contents in
            512 + contents.run.context.input.count + contents.outputBytes
                + contents.run.statuses.count * MemoryLayout<StepStatus>.stride
        }
    }
}

extension RunEntry {
    /// The fold of a run's committed transitions.
    convenience init(_ record: RunRecord, flow: FlowPlan) {
        let run = RunState(
            plan: flow.plan,
            context: RunContext(
                run: record.key.run, input: record.input, parent: record.parent, depth: record.depth),
            lifecycle: record.state,
            revision: record.revision, history: record.transitions)
        self.init(key: record.key, flow: flow, traceparent: record.traceparent, urgency: record.urgency, run: run)
    }

    /// The index of the plan's step that a step is or was made of.
    func templateIndex(of step: Int32) -> Int32 {
        if step < flow.plan.steps.count { return step }
        guard let index = withContents({ $0.run.templateIndex(of: step) }) else {
            preconditionFailure("step \(step) of run \(key.run) is not in its history")
        }
        return index
    }

    /// The step of the plan that a step is or was made of, and the step's name on the wire.
    func planned(_ step: Int32) -> (step: PlanStep, name: String)? {
        named(step).map { (flow.plan.steps[$0.index], $0.name) }
    }

    /// The place of that step in the plan, and the name.
    func named(_ step: Int32) -> (index: Int, name: String)? {
        if step >= 0, step < flow.plan.steps.count { return (Int(step), flow.plan.steps[Int(step)].id) }
        return withContents { contents in
            guard let index = contents.run.templateIndex(of: step), let name = contents.run.name(of: step) else {
                return nil
            }
            return (Int(index), name)
        }
    }

    /// What the worker gets for a step, and how many attempts have failed before.
    ///
    /// - Parameter mark: stands in the input where secrets will stand.
    func task(_ step: Int32, mark: SecretMark? = nil) -> Result<(input: [UInt8], failures: Int32), any Error> {
        withContents { contents in
            Result {
                let failures: Int32 =
                    if case .live(let failures)? = contents.run.status(of: step) { failures } else { 0 }
                // A key that cannot be made has let the step pass its limit: it fails here.
                _ = try contents.run.limitName(of: step)
                _ = try contents.run.rateName(of: step)
                _ = try contents.run.breakerName(of: step)
                return (try contents.run.makeInput(of: step, mark: mark), failures)
            }
        }
    }
}
