import Expressions
import Workflows

extension Engine {
    /// Starts a run; it is durable when this returns.
    ///
    /// The same idempotency key (or run id) with the same body answers the run that it started before.
    public func start(_ command: StartCommand) async throws(EngineError) -> Started {
        let flow = try await flow(command)
        let prepared = try prepare(command, flow: flow)
        let answer = await withCheckedContinuation { continuation in
            parts.router.submit(laneCommand(prepared.intent, key: prepared.key, reply: .caller(continuation)))
        }
        return try started(answer)
    }

    /// Starts many runs in as few commits as they fit; each has an answer of its own, in their order.
    public func startBatch(_ commands: [StartCommand]) async -> [Result<Started, EngineError>] {
        let reply = BatchReply(count: commands.count)
        for (index, command) in commands.enumerated() {
            do throws(EngineError) {
                let prepared = try prepare(command, flow: try await flow(command))
                parts.router.submit(
                    laneCommand(prepared.intent, key: prepared.key, reply: .batch(reply, index: index)))
            } catch {
                reply.answer(.failed(error), at: index)
            }
        }
        return await reply.wait().map { answer in
            do throws(EngineError) {
                return .success(try started(answer))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Cancels a run: its tokens go in one commit, and workers are told to stop.
    ///
    /// - Throws: `run_not_found`, `run_ended`.
    public func cancel(_ key: RunKey, reason: String) async throws(EngineError) {
        let answer = await withCheckedContinuation { continuation in
            parts.router.submit(
                LaneCommand(
                    key: key, kind: .cancel(reason: reason), acceptedAt: parts.clock.now,
                    deadline: parts.clock.now + parts.configuration.commandTimeout, reply: .caller(continuation)))
        }
        if case .failed(let error) = answer { throw error }
    }

    /// Records the outcome of an attempt, for workers without a stream; those with one use their `WorkerSession`.
    public func finish(_ command: FinishCommand) async throws(EngineError) -> FinishAnswer {
        let answer = await withCheckedContinuation { continuation in
            parts.router.submitOwn(
                LaneCommand(
                    key: command.fence.key, kind: .finish(command), acceptedAt: parts.clock.now,
                    deadline: parts.clock.now + parts.configuration.commandTimeout, reply: .caller(continuation)))
        }
        switch answer {
        case .finished(let finished): return finished
        case .failed(let error): throw error
        case .started, .cancelled: preconditionFailure("an outcome is answered as one")
        }
    }

    // MARK: Preparation

    private func flow(_ command: StartCommand) async throws(EngineError) -> FlowPlan {
        if let known = parts.plans.cached(command.workflow, version: command.version, tenant: command.tenant) {
            return known
        }
        let flow: FlowPlan?
        do {
            flow = try await parts.plans.plan(command.workflow, version: command.version, tenant: command.tenant)
        } catch {
            throw .unavailable(error)
        }
        guard let flow else {
            let version = command.version.map { " version \($0)" } ?? ""
            throw EngineError(.workflowNotFound, "there is no workflow \"\(command.workflow)\"\(version)")
        }
        return flow
    }

    private func prepare(
        _ command: StartCommand, flow: FlowPlan
    ) throws(EngineError) -> (key: RunKey, intent: StartIntent) {
        let input = try flow.checkInput(command.input)
        if let queue = parts.queues.draining(among: flow.queues) {
            throw EngineError(
                .queueDraining, "the queue \"\(queue)\" of workflow \"\(flow.name)\" takes no new runs: it is draining")
        }
        if let priority = command.priority, !Standing.priorities.contains(priority) {
            throw EngineError(.invalidInput, "the priority \(priority) is not within -1000 and 1000")
        }
        let now = parts.storeClock.now
        let run = command.run ?? RunID(at: now, random: parts.random())
        try checkLimitKey(of: flow, run: run, input: input)
        let intent = StartIntent(
            flow: flow, input: input, idempotency: command.idempotency, traceparent: command.traceparent,
            labels: command.labels,
            urgency: Urgency(priority: command.priority, deadline: command.deadline.map { now + $0 }))
        return (RunKey(tenant: command.tenant, run: run), intent)
    }

    /// The keys of the run's limit and pacing must be there before the run is.
    private func checkLimitKey(of flow: FlowPlan, run: RunID, input: [UInt8]) throws(EngineError) {
        guard flow.plan.limit?.key != nil || flow.plan.pacing?.key != nil else { return }
        let state = RunState(plan: flow.plan, context: RunContext(run: run, input: input))
        var what = "concurrency"
        do {
            _ = try state.runLimitName()
            what = "throttle or debounce"
            _ = try state.pacingName()
        } catch {
            throw EngineError(.invalidInput, "the key of the workflow's \(what) cannot be made: \(error.message)")
        }
    }

    private func laneCommand(_ intent: StartIntent, key: RunKey, reply: Reply) -> LaneCommand {
        let now = parts.clock.now
        return LaneCommand(
            key: key, kind: .start(intent), acceptedAt: now, deadline: now + parts.configuration.commandTimeout,
            reply: reply)
    }

    private func started(_ answer: Answer) throws(EngineError) -> Started {
        switch answer {
        case .started(let started): return started
        case .failed(let error): throw error
        case .finished, .cancelled: preconditionFailure("a start is answered as one")
        }
    }
}
