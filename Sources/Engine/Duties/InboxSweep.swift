import Telemetry
import Workflows

/// Delivers durable messages to runs: those that this node has just written, and those that nobody delivered in time. A
/// message that is delivered twice has no effect the second time.
struct InboxSweep: Sendable {
    let parts: EngineParts

    func runOnce() async throws(StoreError) -> Int {
        let fresh = parts.courier.drain()
        try await deliver(fresh)
        let configuration = parts.configuration
        let known = Set(fresh.map(\.id))
        let messages = try await parts.store.readInbox(
            limit: configuration.inboxLimit, olderThan: configuration.inboxAge)
        parts.metrics.inboxMessages.add(UInt64(messages.count))
        try await deliver(messages.filter { !known.contains($0.id) })
        return messages.count
    }

    private func deliver(_ messages: [InboxMessage]) async throws(StoreError) {
        for message in messages {
            switch message.command {
            case .startChild(let child): try await start(child, message)
            case .seek(let request): try await seek(request, message)
            case .cancel, .signal, .childEnded, .admit:
                parts.router.submit([message], acceptedAt: parts.clock.now)
            }
        }
    }

    private func submit(_ kind: LaneCommand.Kind, _ message: InboxMessage) {
        parts.router.submitOwn(
            LaneCommand(
                key: message.id.key, kind: kind, inbox: message.id, acceptedAt: parts.clock.now, reply: .none))
    }

    // MARK: - Outcomes

    /// Asks for the outcome of another step. Whoever has to wait for one gets this message again from the commit that
    /// settles it.
    private func seek(_ request: OutcomeRequest, _ message: InboxMessage) async throws(StoreError) {
        switch try await parts.store.seek(request, for: message.id.key) {
        case .waits: submit(.acknowledge, message)
        case .answered(let answer):
            var command = LaneCommand(
                key: message.id.key, kind: .event(.outcome(step: request.step, answer)), inbox: message.id,
                acceptedAt: parts.clock.now, reply: .none)
            if answer == .missing, request.purpose == .idempotency { command.outcomeKey = request.key }
            parts.router.submitOwn(command)
        }
    }

    // MARK: - Children

    /// Starts a child, unless its parent no longer waits for it.
    private func start(_ child: ChildStart, _ message: InboxMessage) async throws(StoreError) {
        guard try await isWanted(child, message) else { return submit(.acknowledge, message) }
        let tenant = message.id.key.tenant
        guard let flow = try await parts.plans.plan(child.workflow, version: nil, tenant: tenant) else {
            return fail(
                child, message, .invalid, "unknown_workflow", "there is no workflow \"\(child.workflow)\"")
        }
        let intent: StartIntent
        do throws(EngineError) {
            intent = try StartIntent(
                flow: flow, input: child.input, run: child.run, parent: child.parent, depth: child.depth)
        } catch {
            return fail(child, message, .invalid, error.code.rawValue, error.message)
        }
        let key = RunKey(tenant: tenant, run: child.run)
        let answer = await withCheckedContinuation { continuation in
            parts.router.submitOwn(
                LaneCommand(
                    key: key, kind: .start(intent), acceptedAt: parts.clock.now,
                    deadline: parts.clock.now + parts.configuration.commandTimeout, reply: .caller(continuation)))
        }
        switch answer {
        case .started: try await settle(child, key, message)
        case .failed(let error):
            switch error.code {
            // Under this id there is nothing but this child: it was started before, from another version perhaps.
            case .idempotencyKeyReused: try await settle(child, key, message)
            // The message stays, and is delivered again.
            case .unavailable, .overloaded: break
            default: fail(child, message, .invalid, error.code.rawValue, error.message)
            }
        case .finished, .cancelled, .applied: break
        }
    }

    /// The child runs. If its parent stopped waiting meanwhile, its message to cancel may have found no child yet.
    private func settle(_ child: ChildStart, _ key: RunKey, _ message: InboxMessage) async throws(StoreError) {
        if try await !isWanted(child, message, afresh: true), try await cancelsWithParent(child, message) {
            parts.router.submitOwn(
                LaneCommand(
                    key: key, kind: .cancel(reason: "the parent run no longer waits"), acceptedAt: parts.clock.now,
                    reply: .none))
        }
        submit(.acknowledge, message)
    }

    /// Whether the parent waits for the child. What is in memory may be older than the commit that asked for it: only the
    /// store's word is a no.
    private func isWanted(
        _ child: ChildStart, _ message: InboxMessage, afresh: Bool = false
    ) async throws(StoreError) -> Bool {
        if !afresh, let known = parts.directory.cache(of: message.id.key)[message.id.key], known.waits(for: child) {
            return true
        }
        return try await parts.directory.fresh(message.id.key)?.waits(for: child) ?? false
    }

    private func cancelsWithParent(_ child: ChildStart, _ message: InboxMessage) async throws(StoreError) -> Bool {
        guard let parent = try await parts.directory.fresh(message.id.key),
            case .workflow(let rule)? = parent.planned(child.parent.step)?.step.kind
        else { return false }
        return rule.onParentCancel == .cancel
    }

    private func fail(
        _ child: ChildStart, _ message: InboxMessage, _ kind: StepFailure.Kind, _ code: String, _ text: String
    ) {
        let failure = StepFailure(kind: kind, code: code, message: text, retryable: false)
        submit(.event(.childEnded(step: child.parent.step, .failed(failure))), message)
    }
}

extension RunEntry {
    fileprivate func waits(for child: ChildStart) -> Bool {
        withContents { $0.run.waits[child.parent.step]?.kind == .child && !$0.run.lifecycle.isEnded }
    }
}
