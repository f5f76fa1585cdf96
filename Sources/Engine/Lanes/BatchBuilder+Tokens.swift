import Workflows

/// Where tokens go, come from and end.
extension BatchBuilder {
    /// A token that becomes ready: when its turn under a rate comes, when a delay is over, when its limit has a slot free,
    /// or at once; not while the run is paused.
    mutating func place(_ row: ReadyRow, of entry: RunEntry, delay: Duration? = nil, rate: Rate? = nil) {
        let limits = entry.stepLimits(row.step)
        let token = TimerRow(
            kind: .token(row), delay: delay ?? .zero, limit: limits.limit, joint: limits.joint, rate: rate)
        if entry.withContents({ $0.run.lifecycle }) == .paused {
            batch.parked.append(token)
        } else {
            place(token, row, isLater: delay != nil)
        }
    }

    private mutating func place(_ token: TimerRow, _ row: ReadyRow, isLater: Bool) {
        if token.rate != nil || isLater {
            batch.timers.append(token)
        } else if let limit = token.limit {
            batch.held.append(HeldRow(token: row, limit: limit, joint: token.joint))
        } else {
            batch.ready.append(row)
        }
    }

    func readyRow(_ step: Int32, of entry: RunEntry, attempt: Int32, losses: Int16) -> ReadyRow {
        let planned = entry.templateIndex(of: step)
        return ReadyRow(
            key: entry.key, bucket: entry.flow.buckets[Int(planned)],
            rank: queues.rank(of: planned, run: entry.key, urgency: entry.urgency, flow: entry.flow), step: step,
            attempt: attempt, losses: losses, lease: nil)
    }

    /// The token of a run that waits for a slot itself.
    func heldRun(_ key: RunKey, entry: RunEntry, limit: Limit) -> HeldRow {
        HeldRow(
            token: queuedToken(key, entry: entry), limit: limit,
            onConflict: entry.flow.plan.limit?.onConflict ?? .queue)
    }

    /// The token of a run that has not started.
    func queuedToken(_ key: RunKey, entry: RunEntry) -> ReadyRow {
        let order = entry.flow.buckets.first.map { queues.order(of: $0.queue) } ?? QueueOrder()
        let standing = entry.flow.standing(of: 0, run: key, urgency: entry.urgency)
        let none = Bucket(tenant: key.tenant, queue: QueueID(0), route: .any)
        return ReadyRow(
            key: key, bucket: none, rank: order.rank(of: standing), step: HeldRow.run, attempt: 0, losses: 0, lease: nil
        )
    }

    mutating func clearDue(_ step: StepKey) {
        let before = batch.timers.count
        batch.timers.removeAll { if case .stepDue(let due) = $0.kind { due == step } else { false } }
        if before == batch.timers.count { batch.clearedDues.append(step) }
    }

    // MARK: - Slots

    /// Attempts of these steps end: their queues have a place more, and their slots are given back.
    mutating func leave(_ steps: [Int32], of entry: RunEntry) {
        for step in steps {
            noteFreed(CollectionOfOne(entry.flow.buckets[Int(entry.templateIndex(of: step))].queue), of: entry.key)
            release(step, of: entry)
        }
    }

    /// Gives back the slots that a step holds.
    mutating func release(_ step: Int32, of entry: RunEntry) {
        let limits = entry.stepLimits(step)
        guard let limit = limits.limit?.id else { return }
        batch.releases.append(LimitRelease(key: entry.key, step: step, limit: limit))
        if let joint = limits.joint?.id {
            batch.releases.append(LimitRelease(key: entry.key, step: step, limit: joint))
        }
    }

    /// Gives back the slot that the run holds, now that it has ended.
    mutating func releaseRun(_ entry: RunEntry) {
        let limit = entry.runLimit()?.id
        if let limit { batch.releases.append(LimitRelease(key: entry.key, step: HeldRow.run, limit: limit)) }
        // A run that was still queued leaves its own token behind.
        guard limit != nil || entry.flow.plan.pacing != nil else { return }
        guard let draft = drafts[entry.key], draft.start == nil, draft.state == .queued, draft.dropped == nil else {
            return
        }
        drafts[entry.key]?.dropped = draft.droppedSteps.count
        drafts[entry.key]?.droppedSteps = []
    }

    private mutating func noteFreed(_ ended: some Sequence<QueueID>, of key: RunKey) {
        for queue in ended where queues.isGuarded(queue, of: key.tenant) {
            batch.freed.insert(TenantQueue(tenant: key.tenant, queue: queue))
        }
    }

    // MARK: - Tokens that go

    /// The run's tokens go: those that this batch was to insert are left out, those of earlier commits are deleted.
    mutating func drop(_ live: Int, of entry: RunEntry) {
        let key = entry.key
        let unwritten = removeUnwritten(of: key) { _ in true }
        batch.timers.removeAll { if case .runDeadline(let run) = $0.kind { run == key } else { false } }
        // Those that were to go by their steps go with all others.
        let named = drafts[key]?.droppedSteps.count ?? 0
        drafts[key]?.dropped = live - unwritten.count + named
        drafts[key]?.droppedSteps = []
        noteFreed(entry.flow.queues, of: key)
    }

    /// Tokens of some steps go.
    mutating func drop(_ steps: [Int32], of entry: RunEntry) {
        let gone = Set(steps)
        let unwritten = removeUnwritten(of: entry.key) { gone.contains($0) }
        drafts[entry.key]?.droppedSteps += steps.filter { !unwritten.contains($0) }
        leave(steps, of: entry)
    }

    /// Takes tokens and due times of a run out of the batch; answers the steps that had a token there.
    private mutating func removeUnwritten(of key: RunKey, where isGone: (Int32) -> Bool) -> Set<Int32> {
        var removed: Set<Int32> = []
        func takes(_ run: RunKey, _ step: Int32) -> Bool {
            guard run == key, isGone(step) else { return false }
            removed.insert(step)
            return true
        }
        batch.ready.removeAll { takes($0.key, $0.step) }
        batch.held.removeAll { takes($0.token.key, $0.token.step) }
        batch.waits.removeAll { takes($0.step.run, $0.step.step) }
        for list in [\CommitBatch.parked, \.timers] {
            batch[keyPath: list].removeAll { timer in
                switch timer.kind {
                case .token(let row): takes(row.key, row.step)
                case .stepDue(let step): step.run == key && isGone(step.step)
                case .runDeadline: false
                }
            }
        }
        return removed
    }

    // MARK: - Pause

    /// What this batch was to make ready is parked; what earlier ones did, the store moves.
    mutating func pause(_ key: RunKey) {
        drafts[key]?.isPaused = true
        for row in batch.ready where row.key == key { batch.parked.append(TimerRow(kind: .token(row), delay: .zero)) }
        batch.ready.removeAll { $0.key == key }
        for row in batch.held where row.token.key == key {
            batch.parked.append(
                TimerRow(kind: .token(row.token), delay: .zero, limit: row.limit, joint: row.joint))
        }
        batch.held.removeAll { $0.token.key == key }
        batch.parked += batch.timers.filter { $0.token?.key == key }
        batch.timers.removeAll { $0.token?.key == key }
    }

    /// What this batch was to park goes on.
    mutating func resume(_ key: RunKey) {
        drafts[key]?.isPaused = false
        let parked = batch.parked.filter { $0.token?.key == key }
        batch.parked.removeAll { $0.token?.key == key }
        for token in parked {
            if let row = token.token { place(token, row, isLater: token.delay > .zero) }
        }
    }
}

extension TimerRow {
    /// The token that becomes ready when it is due.
    fileprivate var token: ReadyRow? {
        if case .token(let row) = kind { row } else { nil }
    }
}
