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
    }

    /// One run's part of the batch.
    struct Draft {
        let entry: RunEntry
        let start: StartIntent?
        let expectedRevision: Int64
        var steps: [EventFragment.StepChange] = []
        var state: RunLifecycle
        var revision: Int64 = 0
        var ending: RunEnding?
        /// Tokens of earlier commits that must go.
        var dropped: Int?
        /// The commands that it answers.
        var commands: [Int] = []
        var isAlone = false
    }

    private(set) var drafts: [RunKey: Draft] = [:]
    private var order: [RunKey] = []
    private var batch: CommitBatch
    private var idempotencyKeys: Set<TenantKey> = []
    private let now: Timestamp

    private struct TenantKey: Hashable {
        var tenant: TenantID
        var key: String
    }

    init(id: BatchID, now: Timestamp) {
        batch = CommitBatch(id: id)
        self.now = now
    }

    var isEmpty: Bool { drafts.isEmpty && batch.firedRunTimers.isEmpty && batch.appliedInbox.isEmpty }

    /// Adds a submission.
    mutating func start(_ intent: StartIntent, key: RunKey, command: Int, random: UInt64) -> Verdict {
        guard drafts[key] == nil else { return .deferred }
        if let record = intent.idempotency {
            let inserted = idempotencyKeys.insert(TenantKey(tenant: key.tenant, key: record.key)).inserted
            guard inserted else { return .deferred }
        }
        let entry = RunEntry(
            key: key, flow: intent.flow, traceparent: intent.traceparent,
            run: RunState(plan: intent.flow.plan, context: RunContext(run: key.run, input: intent.input)))
        drafts[key] = Draft(entry: entry, start: intent, expectedRevision: 0, state: .queued)
        order.append(key)
        guard apply(.start, to: key, command: command, random: random, finish: nil) else {
            preconditionFailure("a new run refuses its start")
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
        let isDrafted = drafts[key] != nil
        if let draft = drafts[key], draft.start != nil || draft.isAlone || command.isAlone { return .deferred }
        // An outcome that was sent twice: the second is judged by what the first has come to. One commit cannot tell them
        // apart, because both find the lease.
        if case .finish(let finish) = command.kind,
            drafts[key]?.steps.contains(where: { $0.step == finish.fence.step }) == true
        {
            return .deferred
        }
        if !isDrafted {
            let (revision, state) = entry.withContents { ($0.run.revision, $0.run.lifecycle) }
            drafts[key] = Draft(entry: entry, start: nil, expectedRevision: revision, state: state)
            drafts[key]?.isAlone = command.isAlone
        }
        let applied: Bool
        switch command.kind {
        case .start: return .deferred
        case .finish(let finish):
            applied = apply(RunEvent(finish), to: key, command: index, random: random, finish: finish)
        case .cancel(let reason):
            applied = apply(.cancel(reason: reason), to: key, command: index, random: random, finish: nil)
        case .deadline:
            applied = apply(.deadlinePassed, to: key, command: index, random: random, finish: nil)
        }
        if applied {
            if !isDrafted { order.append(key) }
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
        if applied { return .drafted }
        if case .finish = command.kind { return .historical }
        return .ended
    }

    /// A message to a run that does not exist.
    mutating func discard(_ inbox: InboxID) { batch.appliedInbox.append(inbox) }

    private mutating func apply(
        _ event: RunEvent, to key: RunKey, command: Int, random: UInt64, finish: FinishCommand?
    ) -> Bool {
        guard let entry = drafts[key]?.entry else { return false }
        let now = now
        let effects: [RunEffect]
        do {
            effects = try entry.withContents { (contents) throws(RunRejection) in
                if case .attemptSucceeded(_, _, let output) = event { contents.outputBytes += output.count }
                return try contents.run.apply(event, at: now, random: random)
            }
        } catch {
            // A benign race: the step or the run has moved on.
            return false
        }
        drafts[key]?.commands.append(command)
        if let finish { batch.finishes.append(finish.fence) }
        for effect in effects { perform(effect, key: key, flow: entry.flow, finish: finish) }
        return true
    }

    private mutating func perform(_ effect: RunEffect, key: RunKey, flow: FlowPlan, finish: FinishCommand?) {
        switch effect {
        case .record(let transition):
            let isOutcome = finish.map { $0.fence.step == transition.step } ?? false
            batch.transitions.append(
                TransitionRow(
                    key: key, transition: transition, session: isOutcome ? finish?.fence.session : nil,
                    worker: isOutcome ? finish?.timing.worker : nil,
                    enqueuedAt: isOutcome ? finish?.timing.enqueuedAt : nil,
                    leasedAt: isOutcome ? finish?.timing.leasedAt : nil,
                    startedAt: isOutcome ? finish?.timing.startedAt : nil))
            drafts[key]?.steps.append(
                EventFragment.StepChange(step: transition.step, state: transition.state, attempt: transition.attempt))
        case .ready(let step):
            batch.ready.append(readyRow(step, key: key, flow: flow, attempt: 0, losses: 0))
        case .retry(let step, let attempt, let delay):
            let row = readyRow(step, key: key, flow: flow, attempt: attempt, losses: finish?.timing.losses ?? 0)
            batch.timers.append(TimerRow(kind: .token(row), delay: delay))
        case .setDeadline(let delay):
            batch.timers.append(TimerRow(kind: .runDeadline(key), delay: delay))
        case .dropTokens(let expected):
            drop(expected, key: key)
        case .ended(let state, let failure):
            end(key, as: state, failure: failure)
        }
    }

    private mutating func end(_ key: RunKey, as state: RunLifecycle, failure: StepFailure?) {
        guard let entry = drafts[key]?.entry else { return }
        var ending = RunEnding(output: nil, failure: failure, hasDeadline: entry.flow.plan.timeout != nil)
        if state == .succeeded {
            do {
                ending.output = try entry.withContents { (contents) throws in try contents.run.makeOutput() }
            } catch {
                // The steps have succeeded and stay so; the run says why it has no output.
                ending.failure = StepFailure(
                    kind: .invalid, code: "output_invalid", message: "the run's output cannot be made: \(error)",
                    retryable: false)
            }
        }
        drafts[key]?.ending = ending
    }

    /// The run's tokens go: those that this batch was to insert are left out, those of earlier commits are deleted.
    private mutating func drop(_ live: Int, key: RunKey) {
        let ready = batch.ready.count
        batch.ready.removeAll { $0.key == key }
        var unwritten = ready - batch.ready.count
        batch.timers.removeAll { timer in
            switch timer.kind {
            case .token(let row):
                guard row.key == key else { return false }
                unwritten += 1
                return true
            case .runDeadline(let run): return run == key
            }
        }
        drafts[key]?.dropped = live - unwritten
    }

    private func readyRow(_ step: Int32, key: RunKey, flow: FlowPlan, attempt: Int32, losses: Int16) -> ReadyRow {
        ReadyRow(
            key: key, bucket: flow.buckets[Int(step)], rank: key.rank, step: step, attempt: attempt, losses: losses,
            lease: nil)
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
        for key in order {
            guard let draft = drafts[key] else { continue }
            let (revision, state) = draft.entry.withContents { ($0.run.revision, $0.run.lifecycle) }
            let event = EventFragment(
                run: key.run, revision: revision, state: state, flow: draft.entry.flow.flow, steps: draft.steps
            ).json
            if let start = draft.start {
                batch.starts.append(
                    RunStart(
                        key: key, flow: start.flow.flow, state: state, revision: revision, input: start.input,
                        idempotency: start.idempotency, traceparent: start.traceparent, labels: start.labels,
                        ending: draft.ending, event: event))
            } else {
                batch.advances.append(
                    RunAdvance(
                        key: key, expectedRevision: draft.expectedRevision, revision: revision, state: state,
                        ending: draft.ending, event: event))
            }
            if let dropped = draft.dropped { batch.drops.append(TokenDrop(key: key, expected: dropped)) }
            drafts[key]?.state = state
            drafts[key]?.revision = revision
        }
        return batch
    }
}

extension RunKey {
    /// First in, first out: by the time in the run's id, in µs. It is a UUIDv7 whose twelve bits after the milliseconds
    /// are the fraction of a millisecond (RFC 9562 §6.2, method 3) where this engine made it.
    var rank: Rank {
        let milliseconds = Int64(run.bytes.high >> 16)
        let fraction = Int64(run.bytes.high & 0xFFF)
        return milliseconds * 1000 + ((fraction * 1000 + 4095) >> 12)
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
