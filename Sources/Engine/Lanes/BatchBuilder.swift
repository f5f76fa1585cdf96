import Workflows

/// Folds commands into the net row effects of one batch: several commands on one run become one advance.
///
/// It changes the runs' entries as if the batch were committed; when it is not, the lane forgets them.
struct BatchBuilder {
    /// What is to become of a command.
    enum Verdict: Equatable {
        /// In the batch; answered after the commit.
        case drafted
        /// Depends on what this batch does: applied again after it.
        case deferred
        /// Refused by a run in memory that another node may have advanced: applied again to what the store has.
        case doubtful
        /// An outcome of a step that is no longer live: the history says whether it was recorded.
        case historical
        /// The run has ended: nothing to do.
        case ended
        /// The run takes no notice of it.
        case refused(RunRejection)
    }

    /// One run's part of the batch: a reference, because the table of drafts is asked several times a command, and moving
    /// so much in and out of it cost more than the commands.
    final class Draft {
        let entry: RunEntry
        let start: StartIntent?
        let expectedRevision: Int64
        var steps: [EventFragment.StepChange] = []
        var state: RunLifecycle
        var revision: Int64 = 0
        var ending: RunEnding?
        /// Tokens of earlier commits that must go.
        var dropped: Int?
        var droppedSteps: [Int32] = []
        /// Pauses or resumes: the last one counts.
        var isPaused: Bool?
        /// The run goes on after its end.
        var isReopened = false
        /// What a reopened run of a tenant with a quota of active runs has.
        var reopenedStanding: QuotaStanding?
        /// The commands that it answers.
        var commands: [Int] = []
        var isAlone = false

        init(entry: RunEntry, start: StartIntent?, expectedRevision: Int64, state: RunLifecycle) {
            self.entry = entry
            self.start = start
            self.expectedRevision = expectedRevision
            self.state = state
        }

        /// The place that the run takes under its tenant's quota.
        var standing: QuotaStanding? { start?.standing ?? reopenedStanding }
    }

    var drafts: [RunKey: Draft] = [:]
    var batch: CommitBatch
    let queues: QueueTable
    let breakers: BreakerTable
    /// Tenants whose active runs are counted.
    private let counted: Set<TenantID>
    private var order: [Draft] = []
    private var idempotencyKeys: Set<TenantKey> = []
    private let now: Timestamp

    private struct TenantKey: Hashable {
        var tenant: TenantID
        var key: String
    }

    init(
        id: BatchID, now: Timestamp, queues: QueueTable = QueueTable(), breakers: BreakerTable = BreakerTable(),
        counted: Set<TenantID> = [], holder: QuotaHolder? = nil
    ) {
        batch = CommitBatch(id: id)
        batch.holder = holder
        self.now = now
        self.queues = queues
        self.breakers = breakers
        self.counted = counted
    }

    var isEmpty: Bool {
        drafts.isEmpty && batch.firedRunTimers.isEmpty && batch.appliedInbox.isEmpty && batch.clearedDues.isEmpty
            && batch.freedOutcomes.isEmpty
    }

    /// Adds a submission.
    mutating func start(_ intent: StartIntent, key: RunKey, command: Int, random: UInt64) -> Verdict {
        guard drafts[key] == nil else { return .deferred }
        if let record = intent.idempotency {
            let inserted = idempotencyKeys.insert(TenantKey(tenant: key.tenant, key: record.key)).inserted
            guard inserted else { return .deferred }
        }
        let entry = RunEntry(
            key: key, flow: intent.flow, traceparent: intent.traceparent, urgency: intent.urgency,
            run: RunState(
                plan: intent.flow.plan,
                context: RunContext(run: key.run, input: intent.input, parent: intent.parent, depth: intent.depth)))
        let draft = Draft(entry: entry, start: intent, expectedRevision: 0, state: .queued)
        drafts[key] = draft
        order.append(draft)
        if let carried = intent.carried {
            let rejection = apply(.carry(carried), to: draft, command: command, random: random, finish: nil)
            precondition(rejection == nil, "a new run refuses what it takes over")
        }
        if let pacing = entry.pacing() {
            // It stays queued, until its time has come.
            draft.commands.append(command)
            let limit = entry.runLimit()
            batch.delayed.append(DelayedStart(token: queuedToken(key, entry: entry), pacing: pacing, limit: limit))
            return .drafted
        }
        if let limit = entry.runLimit() {
            // It stays queued, until the store gives it a slot.
            draft.commands.append(command)
            batch.held.append(heldRun(key, entry: entry, limit: limit))
            return .drafted
        }
        if let rejection = apply(.start, to: draft, command: command, random: random, finish: nil) {
            preconditionFailure("a new run refuses its start: \(rejection)")
        }
        return .drafted
    }

    /// Adds an outcome, a cancel or a deadline of a run.
    ///
    /// - Parameter isCurrent: The entry was loaded after the command came, so that its refusal is final.
    mutating func advance(
        _ command: LaneCommand, entry: RunEntry, isCurrent: Bool, index: Int, random: UInt64
    ) -> Verdict {
        let key = command.key
        let known = drafts[key]
        let isDrafted = known != nil
        if let known, known.start != nil || known.isAlone || command.isAlone { return .deferred }
        // An outcome that was sent twice: the second is judged by what the first has come to. One commit cannot tell them
        // apart, because both find the lease.
        if let known, case .finish(let finish) = command.kind,
            known.steps.contains(where: { $0.step == finish.fence.step })
        {
            return .deferred
        }
        // A run that has not ended before this batch is reopened by the next one: its end must be written first.
        if isDrafted, case .reopen = command.kind { return .deferred }
        let draft = known ?? add(entry, isAlone: command.isAlone)
        let before = command.audit.map { _ in entry.withContents { $0.run.lifecycle } }
        let rejection: RunRejection?
        switch command.kind {
        case .start, .acknowledge: return .deferred
        case .finish(let finish):
            rejection = apply(RunEvent(finish), to: draft, command: index, random: random, finish: finish)
        case .cancel(let reason):
            // A message may come twice: only somebody who asks again means that the clean-up shall end.
            if case .none = command.reply, entry.withContents({ $0.run.lifecycle }) == .cancelling {
                rejection = .stopping
            } else {
                rejection = apply(.cancel(reason: reason), to: draft, command: index, random: random, finish: nil)
            }
        case .event(let event):
            rejection = apply(event, to: draft, command: index, random: random, finish: nil)
        case .reopen(let reopening, let standing):
            rejection = apply(.reopen(reopening), to: draft, command: index, random: random, finish: nil)
            // Nothing else of the run in this batch: what it writes of the line of its limit must stay.
            draft.isAlone = true
            draft.reopenedStanding = standing
        case .admit:
            rejection = apply(.start, to: draft, command: index, random: random, finish: nil)
            if rejection == nil { batch.admitted.append(key) }
        case .deadline:
            rejection = apply(.deadlinePassed, to: draft, command: index, random: random, finish: nil)
        }
        let applied = rejection == nil
        if applied {
            if !isDrafted { order.append(draft) }
        } else if isDrafted {
            // Refused because of what this batch does to the run, which may yet lose its race.
            return .deferred
        } else {
            drafts[key] = nil
            if !isCurrent { return .doubtful }
        }
        // Message and timer go with the commit that applies them, or at once when the run has ended.
        if let inbox = command.inbox { batch.appliedInbox.append(inbox) }
        if case .deadline = command.kind { batch.firedRunTimers.append(key) }
        guard let rejection else {
            if let before { record(command, before: before, after: entry.withContents { $0.run.lifecycle }) }
            return .drafted
        }
        switch command.kind {
        case .finish: return .historical
        // What is due now is something else, later.
        case .event(.stepDue) where rejection == .tooEarly: return .refused(rejection)
        case .event(.stepDue(let step)):
            // The row is of no use any more.
            batch.clearedDues.append(StepKey(run: key, step: step))
            return .refused(rejection)
        case .event(.outcome(let step, .missing)):
            // It was told that it holds the key, and cannot use it any more: unless it does already, and a busy machine
            // has asked for it twice.
            if let key = command.outcomeKey, entry.withContents({ $0.run.outcomeKeys[step] }) != key {
                batch.freedOutcomes.append(
                    OutcomeRow(
                        run: command.key,
                        settlement: OutcomeSettlement(step: step, key: key, purpose: .idempotency, success: nil)))
            }
            return .refused(rejection)
        case .event, .reopen: return .refused(rejection)
        case .start, .cancel, .admit, .deadline, .acknowledge: return .ended
        }
    }

    private mutating func add(_ entry: RunEntry, isAlone: Bool) -> Draft {
        let (revision, state) = entry.withContents { ($0.run.revision, $0.run.lifecycle) }
        let draft = Draft(entry: entry, start: nil, expectedRevision: revision, state: state)
        draft.isAlone = isAlone
        drafts[entry.key] = draft
        return draft
    }

    /// A message to a run that does not exist.
    mutating func discard(_ inbox: InboxID) { batch.appliedInbox.append(inbox) }

    /// Answers why nothing was done; `nil` when it was.
    private mutating func apply(
        _ event: RunEvent, to draft: Draft, command: Int, random: UInt64, finish: FinishCommand?
    ) -> RunRejection? {
        let entry = draft.entry
        let now = now
        let effects: [RunEffect]
        do {
            effects = try entry.withContents { (contents) throws(RunRejection) in
                if case .attemptSucceeded(_, _, let output) = event { contents.outputBytes += output.count }
                return try contents.run.apply(event, at: now, random: random)
            }
        } catch {
            // A benign race: the step or the run has moved on.
            return error
        }
        draft.commands.append(command)
        if let finish {
            batch.finishes.append(finish.fence)
            leave([finish.fence.step], of: entry)
            tellBreakers(of: finish, entry: entry)
        }
        for effect in effects { perform(effect, of: draft, finish: finish) }
        return nil
    }

    private mutating func perform(_ effect: RunEffect, of draft: Draft, finish: FinishCommand?) {
        let entry = draft.entry
        let key = entry.key
        switch effect {
        case .record(let transition):
            // Only a step that was live is cancelled; which of those had a slot, the store knows.
            if transition.state == .cancelled { release(transition.step, of: entry) }
            let isOutcome = finish.map { $0.fence.step == transition.step } ?? false
            batch.transitions.append(
                TransitionRow(
                    key: key, transition: transition, session: isOutcome ? finish?.fence.session : nil,
                    worker: isOutcome ? finish?.timing.worker : nil,
                    enqueuedAt: isOutcome ? finish?.timing.enqueuedAt : nil,
                    leasedAt: isOutcome ? finish?.timing.leasedAt : nil,
                    startedAt: isOutcome ? finish?.timing.startedAt : nil))
            if transition.state == .failed { bury(transition, of: entry, finish: isOutcome ? finish : nil) }
            if transition.step >= 0 {
                draft.steps.append(
                    EventFragment.StepChange(
                        step: transition.step, state: transition.state, attempt: max(0, transition.attempt)))
            }
        case .ready(let step, let attempt):
            place(readyRow(step, of: entry, attempt: attempt, losses: 0), of: entry, rate: entry.stepRate(step))
        case .retry(let step, let attempt, let delay):
            place(
                readyRow(step, of: entry, attempt: attempt, losses: finish?.timing.losses ?? 0), of: entry,
                delay: delay)
        case .wait(let step, let request):
            batch.waits.append(WaitRow(step: StepKey(run: key, step: step), request: request))
        case .endWait(let step):
            let step = StepKey(run: key, step: step)
            let before = batch.waits.count
            batch.waits.removeAll { $0.step == step }
            if before == batch.waits.count { batch.endedWaits.append(step) }
        case .setDue(let step, let delay):
            batch.timers.append(TimerRow(kind: .stepDue(StepKey(run: key, step: step)), delay: delay))
        case .moveDue(let step, let delay):
            batch.movedDues.append(TimerRow(kind: .stepDue(StepKey(run: key, step: step)), delay: delay))
        case .clearDue(let step): clearDue(StepKey(run: key, step: step))
        case .dropSteps(let steps): drop(steps, of: entry)
        case .pauseTokens: pause(key)
        case .resumeTokens: resume(key)
        case .startChild(let child): startChild(child, from: key)
        case .cancelChild(let child, let reason): cancelChild(child, reason: reason, from: key)
        case .emit(let emission): emit(emission, key: key)
        case .seek(let request): seek(request, from: key)
        case .settleOutcome(let settlement):
            batch.sharedOutcomes.append(OutcomeRow(run: key, settlement: settlement))
        case .reopened(let by): reopen(key, by: by)
        case .setDeadline(let delay):
            batch.timers.append(TimerRow(kind: .runDeadline(key), delay: delay))
        case .dropTokens(let expected):
            drop(expected, of: entry)
        case .ended(let state, let output, let failure):
            draft.ending = RunEnding(
                output: output, failure: failure, hasDeadline: entry.flow.plan.timeout != nil)
            tellParent(of: key, state: state, output: output, failure: failure)
            releaseRun(entry)
        }
    }

    /// Where tokens become ready, one bucket for each.
    var readyBuckets: [Bucket] { batch.ready.map(\.bucket) }

    /// The batch.
    ///
    /// - Parameter leases: The session to which each ready token shall be leased at once, in the order of
    ///   `readyBuckets`; tokens beyond its end have none.
    mutating func finish(leases: [SessionID?] = []) -> CommitBatch {
        for index in batch.ready.indices {
            let row = batch.ready[index]
            let session = leases.indices.contains(index) ? leases[index] : nil
            batch.ready[index].lease = session
            drafts[row.key]?.steps.append(
                EventFragment.StepChange(
                    step: row.step, state: session == nil ? .ready : .running,
                    attempt: session == nil ? row.attempt : row.attempt + 1))
        }
        for row in batch.held where row.token.step >= 0 {
            drafts[row.token.key]?.steps.append(
                EventFragment.StepChange(step: row.token.step, state: .held, attempt: row.token.attempt))
        }
        for draft in order {
            let key = draft.entry.key
            let (revision, state) = draft.entry.withContents { ($0.run.revision, $0.run.lifecycle) }
            let event = EventFragment(
                run: key.run, revision: revision, state: state, flow: draft.entry.flow.flow, steps: draft.steps
            ).json
            if let start = draft.start {
                batch.starts.append(
                    RunStart(
                        key: key, flow: start.flow.flow, state: state, revision: revision, input: start.input,
                        idempotency: start.idempotency, traceparent: start.traceparent, labels: start.labels,
                        parent: start.parent, depth: start.depth, origin: start.origin, urgency: start.urgency,
                        ending: draft.ending, event: event))
            } else {
                batch.advances.append(
                    RunAdvance(
                        key: key, expectedRevision: draft.expectedRevision, revision: revision, state: state,
                        ending: draft.ending, event: event))
            }
            if let dropped = draft.dropped {
                batch.drops.append(TokenDrop(key: key, expected: dropped))
            } else if !draft.droppedSteps.isEmpty {
                batch.drops.append(
                    TokenDrop(key: key, expected: draft.droppedSteps.count, steps: draft.droppedSteps))
            }
            // Only when that is still so: a stop takes the tokens of a paused run, or frees those of its clean-up.
            if let isPaused = draft.isPaused, !state.isEnded, isPaused == (state == .paused) {
                batch.pauses.append(RunPause(key: key, isPaused: isPaused))
            }
            count(draft, key: key, isEnded: state.isEnded)
            draft.state = state
            draft.revision = revision
        }
        return batch
    }
}

extension BatchBuilder {
    /// Of a tenant with a quota of active runs: a run more, or one less. Those that other runs started are not counted.
    private mutating func count(_ draft: Draft, key: RunKey, isEnded: Bool) {
        if draft.start != nil || draft.isReopened {
            guard let standing = draft.standing, !isEnded || !standing.hasUnit else { return }
            batch.counted.append(CountedRun(key: key, change: 1, hasUnit: standing.hasUnit))
        } else if draft.ending != nil, !counted.isEmpty, counted.contains(key.tenant),
            draft.entry.withContents({ $0.run.context.parent == nil })
        {
            batch.counted.append(CountedRun(key: key, change: -1))
        }
    }
}

extension RunEvent {
    init(_ finish: FinishCommand) {
        switch finish.outcome {
        case .success(let output):
            self = .attemptSucceeded(step: finish.fence.step, attempt: finish.fence.attempt, output: output)
        case .failure(let failure):
            self = .attemptFailed(step: finish.fence.step, attempt: finish.fence.attempt, failure: failure)
        }
    }
}
