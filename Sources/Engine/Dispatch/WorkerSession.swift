public import Workflows

/// A connected worker, as its stream's reader drives it. Every method returns at once; answers come through the sink.
public final class WorkerSession: Sendable {
    public let id: SessionID
    public let tenant: TenantID
    public let worker: String
    /// The lease, and how often the worker shall be heard from.
    public let lease: Duration
    public let heartbeat: Duration

    private let registration: UInt64
    private let parts: EngineParts
    private let late: LateOutcomes
    private let sink: any TaskSink

    init(
        hello: WorkerHello, registration: UInt64, parts: EngineParts, late: LateOutcomes, sink: any TaskSink
    ) {
        id = hello.session
        tenant = hello.tenant
        worker = hello.worker
        lease = parts.configuration.lease
        heartbeat = parts.configuration.renewalInterval
        self.registration = registration
        self.parts = parts
        self.late = late
        self.sink = sink
    }

    /// The worker runs the attempt.
    public func started(_ task: TaskName) {
        heard()
        let at = parts.storeClock.now
        parts.dispatcher.withState { [id] in $0.started(id, task, at: at) }
    }

    /// The attempt has ended; the sink is told `acknowledge` when that is durable or judged.
    public func finish(_ task: TaskName, _ outcome: FinishCommand.Outcome) {
        let now = parts.clock.now
        let removed = parts.dispatcher.withState { [id, registration] state in
            state.heard(id, registration: registration, now: now)
            return state.remove(id, task)
        }
        guard let held = removed else {
            late.append(
                LateOutcomes.Outcome(
                    tenant: tenant, session: id, task: task, outcome: outcome, worker: worker, sink: sink))
            return
        }
        let timing = AttemptTiming(held.lease, worker: worker, startedAt: held.startedAt)
        parts.router.submitOwn(
            LaneCommand(
                key: held.lease.fence.key,
                kind: .finish(FinishCommand(fence: held.lease.fence, outcome: outcome, timing: timing)),
                acceptedAt: now, reply: .worker(sink, task)))
    }

    /// The worker is alive and holds this many attempts.
    public func heartbeat(held: Int) {
        heard()
        if parts.dispatcher.withState({ [id] in $0.heartbeat(id, held: held) }) { sink.requestInventory() }
    }

    /// Any other sign of life (progress, logs).
    public func heard() {
        let now = parts.clock.now
        parts.dispatcher.withState { [id, registration] in $0.heard(id, registration: registration, now: now) }
    }

    /// The stream that refused an offer takes tasks again.
    public func hasRoom() {
        parts.dispatcher.withState { [id, registration] in $0.hasRoom(id, registration: registration) }
    }

    /// Answer to `requestInventory`: what the worker does not know returns to its queue, what the server does not know is
    /// cancelled at the worker.
    public func inventory(_ tasks: [TaskName]) {
        heard()
        let held = Set(tasks)
        let (lost, unknown): ([LeasedTask], [TaskName]) = parts.dispatcher.withState { [id] state in
            guard let session = state.sessions[id] else { return ([], tasks) }
            let lost = session.held.values.filter { task in
                guard let name = task.name, !held.contains(name) else { return false }
                switch task.progress {
                // An assignment may still be on its way to the worker; if not, it is revoked in time.
                case .leased, .waitsAlone, .offered: return false
                case .started: return true
                }
            }
            let unknown = tasks.filter { session.names[$0] == nil }
            for task in lost { _ = state.remove(id, task.lease.held) }
            return (lost.map(\.lease), unknown)
        }
        parts.dispatcher.giveBack(lost)
        for task in unknown { sink.cancel(task, reason: "the attempt is not leased to this worker") }
    }

    /// The worker takes no more tasks; it leaves when those that it holds have ended.
    public func draining() {
        heard()
        parts.dispatcher.withState { [id, registration] in $0.drain(id, registration: registration) }
    }

    /// The stream is gone. The lease runs on for a while, so that the worker may come back with what it holds.
    public func disconnected() {
        parts.dispatcher.withState { [id, registration] in _ = $0.disconnect(id, registration: registration) }
    }

    /// The worker has left for good: what it held returns to its queues at once.
    public func close() async throws(EngineError) {
        let wasPresent = parts.dispatcher.withState { [id, registration] in
            $0.disconnect(id, registration: registration) != nil
        }
        guard wasPresent else { return }
        do {
            try await parts.store.closeSession(id)
        } catch {
            throw .unavailable(error)
        }
        try await scan()
    }

    private func scan() async throws(EngineError) {
        do {
            try await parts.dispatcher.scan()
        } catch {
            throw .unavailable(error)
        }
    }
}
