internal import Audit
public import Workflows

extension Engine {
    /// Starts a run; it is durable when this returns.
    ///
    /// The same idempotency key (or run id) with the same body answers the run that it started before.
    public func start(_ command: StartCommand) async throws(EngineError) -> Started {
        let flow = try await flow(command)
        var prepared = try prepare(command, flow: flow)
        if parts.quotas[command.tenant] != nil { prepared.intent.standing = try await admit(prepared) }
        let (key, intent) = prepared
        let answer = await withCheckedContinuation { continuation in
            parts.router.submit(laneCommand(intent, key: key, reply: .caller(continuation)))
        }
        return try started(answer, of: command.tenant)
    }

    /// Starts many runs in as few commits as they fit; each has an answer of its own, in their order.
    public func startBatch(_ commands: [StartCommand]) async -> [Result<Started, EngineError>] {
        let reply = BatchReply(count: commands.count)
        for (index, command) in commands.enumerated() {
            do throws(EngineError) {
                var prepared = try prepare(command, flow: try await flow(command))
                if parts.quotas[command.tenant] != nil { prepared.intent.standing = try await admit(prepared) }
                parts.router.submit(
                    laneCommand(prepared.intent, key: prepared.key, reply: .batch(reply, index: index)))
            } catch {
                reply.answer(.failed(error), at: index)
            }
        }
        return await reply.wait().map { answer in
            do throws(EngineError) {
                return .success(try started(answer, of: nil))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Cancels a run: its tokens go in one commit, and workers are told to stop. Its clean-up runs first, if it has one;
    /// a second cancel, or force, ends it at once.
    ///
    /// - Throws: `run_not_found`, `run_ended`.
    public func cancel(_ key: RunKey, reason: String, force: Bool = false) async throws(EngineError) {
        if force { return try await apply(.cancel(reason: reason, force: true), to: key) }
        try await submit(.cancel(reason: reason), to: key)
    }

    /// Sends a signal to a run. It is kept until a step waits for it; one whose id the run knows has no effect.
    ///
    /// - Throws: `run_not_found`, `run_ended`, `conflict` when the run keeps too many.
    public func signal(_ key: RunKey, _ signal: RunSignal) async throws(EngineError) {
        try await apply(.signal(signal), to: key)
    }

    /// Records somebody's decision about an approval. Whether they may decide is for the caller to know.
    ///
    /// - Throws: `run_not_found`, `run_ended`, `step_not_found`, `conflict`, `invalid_input` for the form.
    public func decide(_ step: StepKey, _ decision: ApprovalDecision) async throws(EngineError) {
        try await apply(.decided(step: step.step, decision), to: step.run)
    }

    /// No step of the run begins until it is resumed; those that run go on.
    ///
    /// - Throws: `run_not_found`, `run_ended`, `conflict`.
    public func pause(_ key: RunKey) async throws(EngineError) { try await apply(.pause, to: key) }

    /// - Throws: `run_not_found`, `run_ended`, `conflict` when it is not paused.
    public func resume(_ key: RunKey) async throws(EngineError) { try await apply(.resume, to: key) }

    func apply(_ event: RunEvent, to key: RunKey) async throws(EngineError) {
        try await submit(.event(event), to: key)
    }

    func submit(_ kind: LaneCommand.Kind, to key: RunKey) async throws(EngineError) {
        let context = AuditContext.current
        let answer = await withCheckedContinuation { continuation in
            parts.router.submit(
                LaneCommand(
                    key: key, kind: kind, acceptedAt: parts.clock.now,
                    deadline: parts.clock.now + parts.configuration.commandTimeout, reply: .caller(continuation),
                    audit: context))
        }
        if case .failed(let error) = answer { throw error }
        context?.noteRecorded()
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
        case .started, .cancelled, .applied: preconditionFailure("an outcome is answered as one")
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
        if let queue = parts.queues.draining(among: flow.queues) {
            throw EngineError(
                .queueDraining, "the queue \"\(queue)\" of workflow \"\(flow.name)\" takes no new runs: it is draining")
        }
        if let priority = command.priority, !Standing.priorities.contains(priority) {
            throw EngineError(.invalidInput, "the priority \(priority) is not within -1000 and 1000")
        }
        let now = parts.storeClock.now
        let run = command.run ?? RunID(at: now, random: parts.random())
        var intent = try StartIntent(flow: flow, input: command.input, run: run, labels: command.labels)
        intent.idempotency = command.idempotency
        intent.traceparent = command.traceparent
        intent.urgency = Urgency(priority: command.priority, deadline: command.deadline.map { now + $0 })
        return (RunKey(tenant: command.tenant, run: run), intent)
    }

    /// Lets the run in under its tenant's quotas. One over the quota of active runs goes on when it may repeat one that
    /// was let in before: the commit knows.
    func admit(_ prepared: (key: RunKey, intent: StartIntent)) async throws(EngineError) -> QuotaStanding? {
        do throws(EngineError) {
            let lane = RunDirectory.lane(of: prepared.key, count: parts.configuration.lanes)
            return try await parts.quotas.admit(
                prepared.key, lane: Int32(lane), inputBytes: prepared.intent.input.count
            ).map { .unit($0) }
        } catch {
            guard error.quota == .activeRuns, prepared.intent.idempotency != nil else { throw error }
            return .over(error)
        }
    }

    func laneCommand(_ intent: StartIntent, key: RunKey, reply: Reply) -> LaneCommand {
        let now = parts.clock.now
        return LaneCommand(
            key: key, kind: .start(intent), acceptedAt: now, deadline: now + parts.configuration.commandTimeout,
            reply: reply)
    }

    func started(_ answer: Answer, of tenant: TenantID?) throws(EngineError) -> Started {
        switch answer {
        case .started(var started):
            if let tenant { started.warnings = parts.quotas.warnings(of: tenant) }
            return started
        case .failed(let error): throw error
        case .finished, .cancelled, .applied: preconditionFailure("a start is answered as one")
        }
    }
}
