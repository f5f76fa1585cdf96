import Logging
import Supervision
import Synchronization
import Telemetry
import Workflows

/// Matches ready tokens with free slots of the workers whose streams end in this node.
///
/// Most tokens are leased by the very commit that makes them ready (the fast path: `reserve`, then `committed`); the
/// others are claimed in batches when a slot is free and a bucket is known to wait. The decisions are `DispatchState`'s.
final class Dispatcher: Sendable {
    private let store: any Store
    private let directory: RunDirectory
    private let router: CommandRouter
    private let clock: any EngineClock
    private let storeClock: StoreClock
    private let configuration: EngineConfiguration
    private let metrics: EngineMetrics
    private let random: @Sendable () -> UInt64
    private let logger: Logger
    private let state: Mutex<DispatchState>
    /// Leases that found no taker, on their way back to the store.
    private let returns = Mutex<[LeasedTask]>([])
    /// Sessions whose leases must be compared with the store's, because the outcome of a claim is unknown.
    private let doubtful = Mutex<Set<SessionID>>([])
    private let wakeup = Signal()
    /// Fetches secrets; `nil` where there are none to be had.
    let secrets: SecretDelivery?

    init(
        store: any Store, directory: RunDirectory, router: CommandRouter, clock: any EngineClock,
        storeClock: StoreClock, configuration: EngineConfiguration, metrics: EngineMetrics,
        random: @escaping @Sendable () -> UInt64, secrets: SecretDelivery?, logger: Logger
    ) {
        self.logger = logger
        self.secrets = secrets
        self.store = store
        self.directory = directory
        self.router = router
        self.clock = clock
        self.storeClock = storeClock
        self.configuration = configuration
        self.metrics = metrics
        self.random = random
        state = Mutex(DispatchState())
    }

    /// Looks at or changes the state; wakes the claim loop when a claim has become possible.
    func withState<Result: Sendable>(_ body: (inout DispatchState) -> Result) -> Result {
        let (result, canClaim) = state.withLock { state in (body(&state), state.canClaim || state.hasAlone) }
        if canClaim { wakeup.raise() }
        return result
    }

    // MARK: Fast path

    /// Slots that are promised to a commit.
    struct Promise {
        /// In the order of the tokens; `nil` where there was no slot.
        var sessions: [SessionID?] = []
        var epoch: UInt64 = 0
    }

    /// Promises a free slot for each token, where there is one; what is promised is settled by `committed` or `abandon`.
    func reserve(_ buckets: [Bucket]) -> Promise {
        guard !buckets.isEmpty else { return Promise() }
        return state.withLock { state in
            Promise(sessions: buckets.map { state.reserve($0) }, epoch: state.epoch)
        }
    }

    /// The batch was not written: what was promised is free again.
    func abandon(_ rows: [ReadyRow], _ promise: Promise) {
        withState { state in
            for row in rows {
                guard let session = row.lease else { continue }
                state.handBack(session, route: row.bucket.route, epoch: promise.epoch)
            }
        }
    }

    /// Hands out the leases that a commit granted, notes the tokens that wait, stops attempts that it dropped.
    func committed(
        _ batch: CommitBatch, _ outcome: CommitOutcome, drafts: [RunKey: BatchBuilder.Draft], promise: Promise
    ) {
        if !batch.ready.isEmpty {
            let orphans = withState { state in
                Self.settle(batch, outcome, epoch: promise.epoch, state: &state)
            }
            let asked = batch.ready.count { $0.lease != nil }
            metrics.fastLeases.add(UInt64(outcome.leased.count))
            metrics.fastLeasesRefused.add(UInt64(max(0, asked - outcome.leased.count)))
            giveBack(orphans)
            for lease in outcome.leased {
                if let entry = drafts[lease.fence.key]?.entry { assign(lease, entry: entry) }
            }
        }
        for fence in outcome.dropped { cancel(fence, reason: "the step or its run was stopped") }
        wake(outcome.resumed)
    }

    private static func settle(
        _ batch: CommitBatch, _ outcome: CommitOutcome, epoch: UInt64, state: inout DispatchState
    ) -> [LeasedTask] {
        var granted: Set<HeldAttempt> = []
        var orphans: [LeasedTask] = []
        for lease in outcome.leased {
            granted.insert(lease.held)
            if state.grant(lease, epoch: epoch) == nil { orphans.append(lease) }
        }
        for row in batch.ready {
            if let session = row.lease {
                let attempt = HeldAttempt(key: row.key, step: row.step, attempt: row.attempt + 1)
                if granted.contains(attempt) { continue }
                state.handBack(session, route: row.bucket.route, epoch: epoch)
            }
            if outcome.excluded[row.key] == nil { _ = state.wake(row.bucket, rank: row.rank) }
        }
        return orphans
    }

    // MARK: Assignments

    /// Puts together what the worker needs and offers it.
    ///
    /// - Parameter secrets: what the step's input names; `nil` when they have not been fetched yet.
    func assign(_ lease: LeasedTask, entry: RunEntry, secrets values: [String: String]? = nil) {
        guard let (index, name) = entry.named(lease.fence.step) else { return giveBack([lease]) }
        // Part by part: a copy of the whole step costs more than what is done with it.
        let plan = entry.flow.plan
        let usesSecrets = plan.steps[index].usesSecrets
        let timeout = plan.steps[index].timeout
        if usesSecrets, values == nil {
            guard let secrets else { return end(lease, failure: .noSecrets) }
            return secrets.add(lease, entry, names: plan.steps[index].secrets)
        }
        let task = TaskName(run: lease.fence.key.run, step: name, attempt: lease.fence.attempt)
        let mark = usesSecrets ? secrets?.mark : nil
        let made = entry.task(lease.fence.step, mark: mark)
        let backstop = timeout.map { $0 + configuration.attemptGrace }
        let offered: (sink: (any TaskSink)?, waits: Bool) = state.withLock { [clock] state in
            let sink = state.offering(lease, name: task, now: clock.now, backstop: backstop)
            return (sink, sink == nil && state.waitsAlone(lease))
        }
        if offered.waits { return }
        guard let sink = offered.sink else { return giveBack([lease]) }
        switch made {
        case .failure(let error):
            end(
                lease,
                failure: StepFailure(
                    kind: .invalid, code: "input_invalid", message: "the step's input cannot be made: \(error)",
                    retryable: false))
        case .success(let made):
            let now = storeClock.now
            var assignment = Assignment(
                fence: lease.fence, task: task, workflow: entry.flow.name, taskType: plan.steps[index].taskType,
                pool: plan.steps[index].pool,
                input: made.input, traceparent: entry.traceparent, retryCount: made.failures,
                timeLimit: timeout, deadline: timeout.map { now + $0 },
                enqueuedAt: lease.enqueuedAt, leasedAt: lease.leasedAt)
            if let values, let mark {
                assignment.input = mark.fill(made.input, with: values)
                assignment.secrets = values.values.map { Array($0.utf8) }
            }
            if sink.offer(assignment) {
                metrics.assignments.add()
            } else {
                metrics.refusedOffers.add()
                withState { state in
                    state.congest(lease.fence.session)
                    _ = state.remove(lease.fence.session, lease.held)
                }
                giveBack([lease])
            }
        }
    }

    /// Ends an attempt in the worker's place.
    func end(_ lease: LeasedTask, failure: StepFailure) {
        let task = withState { state in state.remove(lease.fence.session, lease.held) }
        router.submitOwn(
            LaneCommand(
                key: lease.fence.key,
                kind: .finish(
                    FinishCommand(
                        fence: lease.fence, outcome: .failure(failure),
                        timing: AttemptTiming(lease, worker: nil, startedAt: task?.startedAt))),
                acceptedAt: clock.now, reply: .none))
    }

    /// Tells a local worker to stop an attempt that no longer counts.
    func cancel(_ fence: AttemptFence, reason: String) {
        let found: (any TaskSink, TaskName)? = withState { state in
            let sink = state.sessions[fence.session]?.sink
            guard let task = state.remove(fence.session, fence.held), let name = task.name, let sink else { return nil }
            return (sink, name)
        }
        if let (sink, name) = found { sink.cancel(name, reason: reason) }
    }

    /// A run has ended on another node: its attempts here no longer count.
    func cancelAttempts(of run: RunKey, reason: String) {
        for fence in withState({ $0.attempts(of: run) }) { cancel(fence, reason: reason) }
    }

    /// An attempt is not offered: it goes back to its queue, with no loss counted.
    func withdraw(_ lease: LeasedTask) {
        withState { state in _ = state.remove(lease.fence.session, lease.held) }
        giveBack([lease])
    }

    // MARK: Wakes

    /// Tokens arrived in buckets.
    func wake(_ buckets: [ReadyBucket]) {
        guard !buckets.isEmpty else { return }
        withState { state in for bucket in buckets { _ = state.wake(bucket.bucket, rank: bucket.lowestRank) } }
    }

    /// Places have become free under the limits of queues.
    func wake(freed queues: Set<QueueID>) {
        guard !queues.isEmpty else { return }
        withState { state in for queue in queues { state.wake(queue) } }
    }

    /// Leases return to `ready`, with no loss counted.
    func giveBack(_ leases: [LeasedTask]) {
        guard !leases.isEmpty else { return }
        returns.withLock { $0.append(contentsOf: leases) }
        wakeup.raise()
    }

    // MARK: Service

    /// Claims whenever there are both waiting tokens and free slots, and returns leases that found no taker.
    func run() async throws {
        var backoff = Backoff(base: .milliseconds(50), limit: configuration.outagePause)
        while !Task.isCancelled {
            do throws(StoreError) {
                try await returnLeases()
                try await settleDoubtful()
                try await assignAlone()
                try await claimAll()
                backoff.reset()
                if !doubtful.withLock({ $0.isEmpty }) {
                    await clock.wait(for: wakeup, atMost: .milliseconds(50))
                } else {
                    await wakeup.wait()
                }
            } catch {
                metrics.storeFailures.add()
                if case .refused(let code, let detail) = error {
                    logger.error(
                        "the database refused a statement",
                        metadata: ["in": "dispatcher", "code": "\(code)", "detail": "\(detail)"])
                }
                await clock.sleep(until: clock.now + backoff.next(hint: error.retryAfter, random: random()))
            }
        }
    }

    /// The backstop: every bucket with tokens, whatever was known of it. Skipped while no local slot is free.
    func scan() async throws(StoreError) {
        guard withState({ $0.hasFreeSlot }) else { return }
        wake(try await store.readyBuckets())
    }

    /// Offers suspects whose workers have nothing else any more.
    private func assignAlone() async throws(StoreError) {
        let leases = withState { $0.takeAlone() }
        if !leases.isEmpty { try await assign(leases) }
    }

    /// Claims until there is nothing more to claim. While the tasks of one claim are put together and offered, the next
    /// claim is under way.
    private func claimAll() async throws(StoreError) {
        var leases = try await claimNext().get()
        while !leases.isEmpty {
            let ready = leases
            async let next = claimNext()
            let assigned = await assigned(ready)
            // What has been claimed is assigned, whatever has failed.
            switch await next {
            case .success(let more): leases = more
            case .failure(let error):
                try assigned.get()
                throw error
            }
            if case .failure(let error) = assigned {
                try await self.assigned(leases).get()
                throw error
            }
        }
    }

    private func assigned(_ leases: [LeasedTask]) async -> Result<Void, StoreError> {
        do throws(StoreError) { return .success(try await assign(leases)) } catch { return .failure(error) }
    }

    /// What the next claim that finds anything has leased; nothing when there is nothing more to claim.
    private func claimNext() async -> Result<[LeasedTask], StoreError> {
        do throws(StoreError) {
            while let plan = withState({ [configuration] in $0.nextClaim(limit: configuration.claimLimit) }) {
                let leases = try await claim(plan)
                if !leases.isEmpty { return .success(leases) }
            }
            return .success([])
        } catch {
            return .failure(error)
        }
    }

    private func claim(_ plan: DispatchState.ClaimPlan) async throws(StoreError) -> [LeasedTask] {
        metrics.claims.add()
        let leases: [LeasedTask]
        do {
            leases = try await store.claim(plan.request)
        } catch {
            // It may have been committed: the sessions' leases are compared with the store's before they get more.
            doubtful.withLock { $0.formUnion(plan.request.slots) }
            withState { state in
                for id in plan.request.slots { state.setSettling(id, true) }
                state.claimFailed(plan)
            }
            throw error
        }
        if leases.isEmpty { metrics.emptyClaims.add() }
        metrics.claimedTasks.add(UInt64(leases.count))
        giveBack(withState { $0.claimed(plan, leases) })
        return leases
    }

    /// Reads the runs of leases and offers their tasks.
    private func assign(_ leases: [LeasedTask]) async throws(StoreError) {
        let entries: [RunKey: RunEntry]
        do {
            entries = try await directory.entries(of: leases)
        } catch {
            // Nothing is known of the runs: back to their queue.
            for lease in leases { withState { state in _ = state.remove(lease.fence.session, lease.held) } }
            giveBack(leases)
            throw error
        }
        for lease in leases {
            if let entry = entries[lease.fence.key] {
                assign(lease, entry: entry)
            } else {
                // Handing it back would only bring it here again: it stays leased until its session ends.
                logger.error("a leased step's run cannot be read", metadata: ["run_id": "\(lease.fence.key.run)"])
                withState { state in _ = state.remove(lease.fence.session, lease.held) }
            }
        }
    }

    private func returnLeases() async throws(StoreError) {
        var leases = returns.withLock { returns in
            defer { returns = [] }
            return returns
        }
        // A lease may have been given back for two reasons.
        var named: Set<AttemptFence> = []
        leases.removeAll { !named.insert($0.fence).inserted }
        guard !leases.isEmpty else { return }
        let released: Set<AttemptFence>
        do {
            released = Set(try await store.release(leases.map(\.fence)))
        } catch {
            returns.withLock { $0.append(contentsOf: leases) }
            throw error
        }
        wake(leases.filter { released.contains($0.fence) }.map { ReadyBucket(bucket: $0.bucket, lowestRank: $0.rank) })
    }

    private func settleDoubtful() async throws(StoreError) {
        for id in doubtful.withLock({ $0 }) {
            let session: (SessionRecord, [HeldAttempt])?? = withState { state in
                guard let session = state.sessions[id] else { return .some(nil) }
                // Commits in flight may still grant what they were promised.
                return session.reserved > 0 ? nil : .some((session.record, Array(session.held.keys)))
            }
            guard let session else { continue }
            if let (record, held) = session {
                let settlement = try await store.openSession(record, held: held)
                wake(settlement.returned)
                for unknown in settlement.unknown {
                    cancel(
                        AttemptFence(key: unknown.key, step: unknown.step, attempt: unknown.attempt, session: id),
                        reason: "the lease was lost")
                }
            }
            withState { state in state.setSettling(id, false) }
            _ = doubtful.withLock { $0.remove(id) }
        }
    }

    /// Revokes assignments that nobody started, and ends attempts that outran their time limit.
    func checkOverdue() {
        let now = clock.now
        let (unstarted, timedOut) = withState { [configuration] in
            $0.overdue(now: now, startTimeout: configuration.startTimeout)
        }
        for task in unstarted {
            let sink = withState { state in
                let sink = state.sessions[task.lease.fence.session]?.sink
                return state.remove(task.lease.fence.session, task.lease.held) == nil ? nil : sink
            }
            guard let sink, let name = task.name else { continue }
            metrics.revocations.add()
            sink.revoke(name)
            giveBack([task.lease])
        }
        for task in timedOut {
            metrics.serverTimeouts.add()
            if let name = task.name {
                withState { $0.sessions[task.lease.fence.session]?.sink }?.cancel(name, reason: "the time limit passed")
            }
            end(
                task.lease,
                failure: StepFailure(
                    kind: .timeout, code: "time_limit",
                    message: "the attempt outran its time limit and its worker did not end it",
                    retryable: true))
        }
    }
}

extension AttemptTiming {
    init(_ lease: LeasedTask, worker: String?, startedAt: Timestamp?) {
        self.init(
            worker: worker, enqueuedAt: lease.enqueuedAt, leasedAt: lease.leasedAt, startedAt: startedAt,
            losses: lease.losses)
    }
}
