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
        /// An outcome of a step that is no longer live: the history says whether it was recorded.
        case historical
        /// The run has ended: nothing to do.
        case ended
        /// The run takes no notice of it.
        case refused(RunRejection)
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
        var droppedSteps: [Int32] = []
        /// Pauses or resumes: the last one counts.
        var isPaused: Bool?
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

    var isEmpty: Bool {
        drafts.isEmpty && batch.firedRunTimers.isEmpty && batch.appliedInbox.isEmpty && batch.clearedDues.isEmpty
    }

    /// Adds a submission.
    mutating func start(_ intent: StartIntent, key: RunKey, command: Int, random: UInt64) -> Verdict {
        guard drafts[key] == nil else { return .deferred }
        if let record = intent.idempotency {
            let inserted = idempotencyKeys.insert(TenantKey(tenant: key.tenant, key: record.key)).inserted
            guard inserted else { return .deferred }
        }
        let entry = RunEntry(
            key: key, flow: intent.flow, traceparent: intent.traceparent,
            run: RunState(
                plan: intent.flow.plan,
                context: RunContext(run: key.run, input: intent.input, parent: intent.parent, depth: intent.depth)))
        drafts[key] = Draft(entry: entry, start: intent, expectedRevision: 0, state: .queued)
        order.append(key)
        if let rejection = apply(.start, to: key, command: command, random: random, finish: nil) {
            preconditionFailure("a new run refuses its start: \(rejection)")
        }
        return .drafted
    }

    /// Adds an outcome, a cancel or a deadline of a run in the cache.
    mutating func advance(_ command: LaneCommand, entry: RunEntry, index: Int, random: UInt64) -> Verdict {
        let key = command.key
        let isDrafted = drafts[key] != nil
        if let draft = drafts[key], draft.start != nil || draft.isAlone || command.isAlone { return .deferred }
        if !isDrafted {
            let (revision, state) = entry.withContents { ($0.run.revision, $0.run.lifecycle) }
            drafts[key] = Draft(entry: entry, start: nil, expectedRevision: revision, state: state)
            drafts[key]?.isAlone = command.isAlone
        }
        let rejection: RunRejection?
        switch command.kind {
        case .start, .acknowledge: return .deferred
        case .finish(let finish):
            rejection = apply(RunEvent(finish), to: key, command: index, random: random, finish: finish)
        case .cancel(let reason):
            rejection = apply(.cancel(reason: reason), to: key, command: index, random: random, finish: nil)
        case .event(let event):
            rejection = apply(event, to: key, command: index, random: random, finish: nil)
        case .deadline:
            rejection = apply(.deadlinePassed, to: key, command: index, random: random, finish: nil)
        }
        let applied = rejection == nil
        if applied {
            if !isDrafted { order.append(key) }
        } else if isDrafted {
            // Refused because of what this batch does to the run, which may yet lose its race.
            return .deferred
        } else {
            drafts[key] = nil
        }
        // Message and timer go with the commit that applies them, or at once when the run has ended.
        if let inbox = command.inbox { batch.appliedInbox.append(inbox) }
        if case .deadline = command.kind { batch.firedRunTimers.append(key) }
        guard let rejection else { return .drafted }
        switch command.kind {
        case .finish: return .historical
        case .event(.stepDue(let step)):
            // The row is of no use any more.
            batch.clearedDues.append(StepKey(run: key, step: step))
            return .refused(rejection)
        case .event: return .refused(rejection)
        case .start, .cancel, .deadline, .acknowledge: return .ended
        }
    }

    /// A message to a run that does not exist.
    mutating func discard(_ inbox: InboxID) { batch.appliedInbox.append(inbox) }

    /// Answers why nothing was done; `nil` when it was.
    private mutating func apply(
        _ event: RunEvent, to key: RunKey, command: Int, random: UInt64, finish: FinishCommand?
    ) -> RunRejection? {
        guard let entry = drafts[key]?.entry else { return .unknownStep }
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
        drafts[key]?.commands.append(command)
        if let finish { batch.finishes.append(finish.fence) }
        for effect in effects { perform(effect, key: key, flow: entry.flow, finish: finish) }
        return nil
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
            if transition.step >= 0 {
                drafts[key]?.steps.append(
                    EventFragment.StepChange(
                        step: transition.step, state: transition.state, attempt: max(0, transition.attempt)))
            }
        case .ready(let step):
            place(readyRow(step, key: key, flow: flow, attempt: 0, losses: 0), delay: nil)
        case .retry(let step, let attempt, let delay):
            place(
                readyRow(step, key: key, flow: flow, attempt: attempt, losses: finish?.timing.losses ?? 0), delay: delay
            )
        case .wait(let step, let request):
            batch.waits.append(WaitRow(step: StepKey(run: key, step: step), request: request))
        case .endWait(let step):
            let step = StepKey(run: key, step: step)
            let before = batch.waits.count
            batch.waits.removeAll { $0.step == step }
            if before == batch.waits.count { batch.endedWaits.append(step) }
        case .setDue(let step, let delay):
            batch.timers.append(TimerRow(kind: .stepDue(StepKey(run: key, step: step)), delay: delay))
        case .clearDue(let step): clearDue(StepKey(run: key, step: step))
        case .dropSteps(let steps): drop(steps, key: key)
        case .pauseTokens: pause(key)
        case .resumeTokens: resume(key)
        case .startChild(let child):
            post(InboxMessage(id: InboxID(key: key, id: child.run.bytes.start), command: .startChild(child)), from: key)
        case .cancelChild(let child, let reason):
            post(
                InboxMessage(
                    id: InboxID(key: RunKey(tenant: key.tenant, run: child), id: key.run.bytes),
                    command: .cancel(reason: reason)), from: key)
        case .emit(let emission): emit(emission, key: key)
        case .setDeadline(let delay):
            batch.timers.append(TimerRow(kind: .runDeadline(key), delay: delay))
        case .dropTokens(let expected):
            drop(expected, key: key)
        case .ended(let state, let output, let failure):
            drafts[key]?.ending = RunEnding(
                output: output, failure: failure, hasDeadline: flow.plan.timeout != nil)
            tellParent(of: key, state: state, output: output, failure: failure)
        }
    }

    /// A token that becomes ready now or later, unless the run is paused.
    private mutating func place(_ row: ReadyRow, delay: Duration?) {
        if drafts[row.key]?.entry.withContents({ $0.run.lifecycle }) == .paused {
            batch.held.append(row)
        } else if let delay {
            batch.timers.append(TimerRow(kind: .token(row), delay: delay))
        } else {
            batch.ready.append(row)
        }
    }

    private mutating func clearDue(_ step: StepKey) {
        let before = batch.timers.count
        batch.timers.removeAll { if case .stepDue(let due) = $0.kind { due == step } else { false } }
        if before == batch.timers.count { batch.clearedDues.append(step) }
    }

    // MARK: - Other runs

    private mutating func post(_ message: InboxMessage, from key: RunKey) {
        batch.posts.append(InboxPost(sender: key, message: message))
    }

    private mutating func tellParent(
        of key: RunKey, state: RunLifecycle, output: [UInt8]?, failure: StepFailure?
    ) {
        guard let parent = drafts[key]?.entry.withContents({ $0.run.context.parent }) else { return }
        let outcome: ChildOutcome
        if state == .succeeded {
            outcome = .succeeded(output: output ?? Array("null".utf8))
        } else {
            let failure =
                failure ?? StepFailure(kind: .error, message: "the child run has \(state.text)", retryable: false)
            outcome = .failed(
                StepFailure(
                    kind: failure.kind, code: failure.code, message: "child run \(key.run): \(failure.message)",
                    retryable: false))
        }
        post(
            InboxMessage(
                id: InboxID(key: RunKey(tenant: key.tenant, run: parent.run), id: key.run.bytes),
                command: .childEnded(step: parent.step, outcome)), from: key)
    }

    private mutating func emit(_ emission: Emission, key: RunKey) {
        guard let run = emission.run else { return }
        let bytes = RunID.Bytes(high: key.run.bytes.high, low: key.run.bytes.low &+ UInt64(emission.step) &+ 1)
        let signal = RunSignal(name: emission.name, id: "\(key.run)/\(emission.step)", payload: emission.payload)
        post(
            InboxMessage(
                id: InboxID(key: RunKey(tenant: key.tenant, run: run), id: bytes), command: .signal(signal)), from: key)
    }

    // MARK: - Tokens that move

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
            case .stepDue(let step): return step.run == key
            }
        }
        unwritten += removeUnwritten(of: key)
        // Those that were to go by their steps go with all others.
        let named = drafts[key]?.droppedSteps.count ?? 0
        drafts[key]?.dropped = live - unwritten + named
        drafts[key]?.droppedSteps = []
    }

    /// Tokens of some steps go.
    private mutating func drop(_ steps: [Int32], key: RunKey) {
        let gone = Set(steps)
        var unwritten: Set<Int32> = []
        func isGone(_ row: ReadyRow) -> Bool { row.key == key && gone.contains(row.step) }
        batch.ready.removeAll { row in
            guard isGone(row) else { return false }
            unwritten.insert(row.step)
            return true
        }
        batch.held.removeAll { row in
            guard isGone(row) else { return false }
            unwritten.insert(row.step)
            return true
        }
        batch.waits.removeAll { row in
            guard row.step.run == key, gone.contains(row.step.step) else { return false }
            unwritten.insert(row.step.step)
            return true
        }
        batch.timers.removeAll { timer in
            switch timer.kind {
            case .token(let row):
                guard isGone(row) else { return false }
                unwritten.insert(row.step)
                return true
            case .stepDue(let step): return step.run == key && gone.contains(step.step)
            case .runDeadline: return false
            }
        }
        drafts[key]?.droppedSteps += steps.filter { !unwritten.contains($0) }
    }

    /// Rows of `held` and `waits` of a run that are not written yet go; answers how many.
    private mutating func removeUnwritten(of key: RunKey) -> Int {
        let before = batch.held.count + batch.waits.count
        batch.held.removeAll { $0.key == key }
        batch.waits.removeAll { $0.step.run == key }
        return before - batch.held.count - batch.waits.count
    }

    /// What this batch was to make ready is held; what earlier ones did, the store moves.
    private mutating func pause(_ key: RunKey) {
        drafts[key]?.isPaused = true
        batch.held += batch.ready.filter { $0.key == key }
        batch.ready.removeAll { $0.key == key }
        for timer in batch.timers {
            if case .token(let row) = timer.kind, row.key == key { batch.held.append(row) }
        }
        batch.timers.removeAll { if case .token(let row) = $0.kind { row.key == key } else { false } }
    }

    private mutating func resume(_ key: RunKey) {
        drafts[key]?.isPaused = false
        batch.ready += batch.held.filter { $0.key == key }
        batch.held.removeAll { $0.key == key }
    }

    private func readyRow(_ step: Int32, key: RunKey, flow: FlowPlan, attempt: Int32, losses: Int16) -> ReadyRow {
        let planned = drafts[key]?.entry.withContents { $0.run.templateIndex(of: step) } ?? step
        return ReadyRow(
            key: key, bucket: flow.buckets[Int(planned)], rank: key.rank, step: step, attempt: attempt, losses: losses,
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
                        parent: start.parent, depth: start.depth, ending: draft.ending, event: event))
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
            // Only when that is still so: a stop takes the tokens of a paused run.
            if let isPaused = draft.isPaused, state == (isPaused ? .paused : .running) {
                batch.pauses.append(RunPause(key: key, isPaused: isPaused))
            }
            drafts[key]?.state = state
            drafts[key]?.revision = revision
        }
        return batch
    }
}

extension RunID.Bytes {
    /// The id of the message that starts the run: another one than that of its end, which goes to the same parent.
    fileprivate var start: RunID.Bytes { RunID.Bytes(high: high, low: low ^ 1 << 63) }
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
