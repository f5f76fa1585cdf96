import JSON
import Workflows

/// How a failed run is taken up once more.
extension Engine {
    /// Longest chain of generations of one run, unless the caller says otherwise.
    public static let mostReplays: Int32 = 10

    /// Reopens a failed run: its failed steps begin anew, in the same run, in a new generation.
    ///
    /// It is let in as a new run would be: under its tenant's quotas, and, where its workflow limits its runs, when it has a
    /// slot of its key. Until then it is queued.
    ///
    /// - Parameters:
    ///   - generation: The generation that has failed, if the caller knows it: then asking twice is asking once.
    ///   - inputs: JSON text of objects by the step's name, in place of what the definition makes.
    ///   - mostReplays: A run that was redriven so often is refused.
    /// - Throws: `run_not_found`, `step_not_found`, `invalid_input`, `conflict`, `concurrency_limit`,
    ///   `quota_exceeded`.
    public func redrive(
        _ key: RunKey, generation: Int32? = nil, inputs: [String: [UInt8]] = [:],
        mostReplays: Int32 = Engine.mostReplays, by: String
    ) async throws(EngineError) {
        let run = try await committed(key)
        let failed = generation ?? run.generation
        guard failed < mostReplays else {
            throw EngineError(
                .conflict, "the run was redriven \(failed) times already, and the longest chain is \(mostReplays)")
        }
        var numbers: [Int32: [UInt8]] = [:]
        for (name, input) in inputs { numbers[try Self.step(name, of: run)] = try Self.checked(input, of: name) }
        let reopening = Reopening(generation: failed, inputs: numbers, by: by)
        do throws(RunRejection) {
            try run.requireReopenable(reopening)
        } catch {
            throw EngineError(error)
        }
        var standing: QuotaStanding?
        if parts.quotas[key.tenant] != nil {
            let lane = RunDirectory.lane(of: key, count: parts.configuration.lanes)
            // Runs that other runs started belong to these, also when they go on alone.
            standing = try await parts.quotas.admit(
                key, lane: Int32(lane), inputBytes: 0, isPart: run.context.parent != nil
            )
            .map { .unit($0) }
        }
        try await submit(.reopen(reopening, standing), to: key)
    }

    /// Repeats an ended run, all of it or in part, as a new run that is linked to it, with the same version of the
    /// definition.
    ///
    /// - Throws: `run_not_found`, `step_not_found`, `invalid_input`, `conflict`, and what starts throw.
    public func rerun(_ command: RerunCommand) async throws(EngineError) -> Started {
        let record = try await record(of: command.key)
        guard record.state.isEnded else {
            throw EngineError(.conflict, "the run goes on still: cancel it first, or wait for its end")
        }
        let flow = try await flow(record.flow)
        let old = RunState(
            plan: flow.plan,
            context: RunContext(run: record.key.run, input: record.input, parent: record.parent, depth: record.depth),
            lifecycle: record.state, revision: record.revision, history: record.transitions)
        let run = RunID(at: parts.storeClock.now, random: parts.random())
        var intent = try StartIntent(
            flow: flow, input: command.input ?? record.input, run: run, labels: record.labels)
        intent.origin = record.key.run
        intent.idempotency = command.idempotency
        intent.traceparent = command.traceparent
        intent.urgency = Urgency(priority: record.urgency.priority, deadline: nil)
        intent.carried = try Self.carried(command.scope, from: old, history: record.transitions)
        let key = RunKey(tenant: command.key.tenant, run: run)
        if parts.quotas[key.tenant] != nil { intent.standing = try await admit((key, intent)) }
        let prepared = intent
        let answer = await withCheckedContinuation { continuation in
            parts.router.submit(laneCommand(prepared, key: key, reply: .caller(continuation)))
        }
        return try started(answer, of: key.tenant)
    }

    private static func carried(
        _ scope: RerunCommand.Scope, from run: RunState, history: [StepTransition]
    ) throws(EngineError) -> Carried? {
        guard let origin = run.context.run else { return nil }
        var carried = Carried(origin: origin)
        switch scope {
        case .whole: return nil
        case .failed:
            guard run.lifecycle != .succeeded else {
                throw EngineError(.conflict, "the run has succeeded: rerun it whole, or from a step")
            }
            carried.outputs = run.carried(repeating: nil, history: history)
        case .step(let name, let input):
            let step = try step(name, of: run)
            guard run.plan.parts.main.contains(step), let planned = run.template(of: step) else {
                throw EngineError(
                    .invalidInput,
                    "a rerun begins with a step under `steps`; \"\(name)\" is none (or is an item of one)")
            }
            carried.outputs = run.carried(repeating: step, history: history)
            if let input {
                guard planned.isTask, planned.fanOut == nil else {
                    throw EngineError(
                        .invalidInput, "step \"\(name)\" takes no edited input: it is no task, or has items")
                }
                carried.inputs[step] = try checked(input, of: name)
            }
        }
        return carried.isEmpty ? nil : carried
    }

    private static func step(_ name: String, of run: RunState) throws(EngineError) -> Int32 {
        guard let step = run.number(of: name) else {
            throw EngineError(.stepNotFound, "run \(run.context.run?.description ?? "") has no step \"\(name)\"")
        }
        return step
    }

    private static func checked(_ input: [UInt8], of step: String) throws(EngineError) -> [UInt8] {
        guard case .object? = try? JSONValue(parsing: input) else {
            throw EngineError(.invalidInput, "the input of step \"\(step)\" must be a JSON object")
        }
        return input
    }

    // MARK: Runs as the store has them

    private func record(of key: RunKey) async throws(EngineError) -> RunRecord {
        let records: [RunRecord]
        do {
            records = try await parts.store.loadRuns([RunLoad(key: key, knownRevision: nil)])
        } catch {
            throw .unavailable(error)
        }
        guard let record = records.first else { throw EngineError(.runNotFound, "there is no run \(key.run)") }
        return record
    }

    func committed(_ key: RunKey) async throws(EngineError) -> RunState {
        let entry: RunEntry?
        do {
            entry = try await parts.directory.fresh(key)
        } catch {
            throw .unavailable(error)
        }
        guard let entry else { throw EngineError(.runNotFound, "there is no run \(key.run)") }
        return entry.withContents { $0.run }
    }

    private func flow(_ version: FlowVersionID) async throws(EngineError) -> FlowPlan {
        let flow: FlowPlan?
        do {
            flow = try await parts.plans.plan(version)
        } catch {
            throw .unavailable(error)
        }
        guard let flow else { throw EngineError(.workflowNotFound, "the run's definition is gone") }
        return flow
    }
}
