import Engine
import Workflows

extension MemoryTables {
    /// Places of the tokens of runs, as an earlier statement saw them.
    struct Snapshot: Sendable {
        var ready: [TokenKey: Int32] = [:]
        var attempts: [TokenKey: Int32] = [:]
        var timers: Set<TokenKey> = []
    }

    /// What a commit that drops tokens sees at its first look, if that is to be its only one.
    func snapshot(for batch: CommitBatch) -> Snapshot? {
        guard planted == .dropWithoutSecondLook, !batch.drops.isEmpty else { return nil }
        let runs = Set(batch.drops.map(\.key))
        return Snapshot(
            ready: ready.filter { runs.contains($0.key.run) }.mapValues(\.row.attempt),
            attempts: attempts.filter { runs.contains($0.key.run) }.mapValues(\.fence.attempt),
            timers: Set(timers.keys.filter { runs.contains($0.run) }))
    }

    mutating func commit(_ batch: CommitBatch, snapshot: Snapshot? = nil) -> CommitOutcome {
        if planted == .answerBeforeCommit, !batch.advances.isEmpty, batch.id.value.low % 16 == 0 {
            // Answered as if written, and lost with the server's memory.
            var copy = self
            isLost = true
            return copy.write(batch, snapshot: snapshot)
        }
        return write(batch, snapshot: snapshot)
    }

    private mutating func write(_ batch: CommitBatch, snapshot: Snapshot?) -> CommitOutcome {
        var outcome = CommitOutcome(committedAt: now)
        outcome.excluded = exclusions(of: batch)
        let excluded = outcome.excluded

        for start in batch.starts where excluded[start.key] == nil { insert(start) }
        for run in batch.reopened where excluded[run.key] == nil { reopen(run) }
        for advance in batch.advances where excluded[advance.key] == nil { update(advance) }
        for fence in batch.finishes where excluded[fence.key] == nil {
            attempts[TokenKey(run: fence.key, step: fence.step)] = nil
        }
        for step in batch.endedWaits where excluded[step.run] == nil {
            if waits.removeValue(forKey: TokenKey(run: step.run, step: step.step)) == nil {
                violations.append("step \(step.step) of \(step.run.run) ends a wait that is not there")
            }
        }
        for step in batch.clearedDues where excluded[step.run] == nil {
            dues[TokenKey(run: step.run, step: step.step)] = nil
        }
        for timer in batch.movedDues {
            guard case .stepDue(let step) = timer.kind, excluded[step.run] == nil else { continue }
            dues[TokenKey(run: step.run, step: step.step)] = now + timer.delay
        }
        for drop in batch.drops where excluded[drop.key] == nil { outcome.dropped += self.drop(drop, snapshot) }
        for key in batch.admitted where excluded[key] == nil {
            held[TokenKey(run: key, step: HeldRow.run)] = nil
        }
        for release in batch.releases where excluded[release.key] == nil { vacate(release) }
        let held = batch.held.filter { excluded[$0.token.key] == nil }
        for row in held { hold(row) }
        outcome.admissions.messages += pace(batch.delayed.filter { excluded[$0.token.key] == nil })
        for row in batch.transitions where excluded[row.key] == nil {
            var row = row
            row.transition.at = now
            runs[row.key]?.history.append(row)
        }
        for letter in batch.deadLetters where excluded[letter.key] == nil {
            deadLetters.append(MemoryDeadLetter(row: letter, at: now))
        }
        for row in batch.ready where excluded[row.key] == nil {
            if let lease = grant(row) { outcome.leased.append(lease) } else { insertReady(row) }
        }
        for timer in batch.timers {
            switch timer.kind {
            case .token(let row) where excluded[row.key] == nil:
                let key = TokenKey(run: row.key, step: row.step)
                requireNoToken(key)
                if let limit = timer.limit { state(limit) }
                if let joint = timer.joint { state(joint) }
                let due = timer.rate.map { reserve($0) } ?? now + timer.delay
                timers[key] = TimerToken(
                    row: row, due: due, limit: timer.limit?.id, joint: timer.joint?.id, rate: timer.rate?.name)
            case .runDeadline(let run) where excluded[run] == nil:
                deadlines[run] = now + timer.delay
            case .stepDue(let step) where excluded[step.run] == nil:
                dues[TokenKey(run: step.run, step: step.step)] = now + timer.delay
            case .token, .runDeadline, .stepDue: break
            }
        }
        for row in batch.waits where excluded[row.step.run] == nil {
            let key = TokenKey(run: row.step.run, step: row.step.step)
            requireNoToken(key)
            waits[key] = row
            waitingSince[key] = now
        }
        for timer in batch.parked {
            if case .token(let row) = timer.kind, excluded[row.key] == nil { park(row, timer) }
        }
        for change in batch.pauses where excluded[change.key] == nil {
            if change.isPaused { pause(change.key) } else { resume(change.key, &outcome) }
        }
        for post in batch.posts where excluded[post.sender] == nil {
            if inbox[post.message.id] == nil { inbox[post.message.id] = (post.message, now) }
        }
        for run in batch.firedRunTimers where excluded[run] == nil { deadlines[run] = nil }
        for freed in batch.freed {
            wake(Bucket(tenant: freed.tenant, queue: freed.queue, route: .any), rank: 0)
        }
        for id in batch.appliedInbox where excluded[id.key] == nil { inbox[id] = nil }
        count(batch, excluded: excluded)
        let released = batch.releases.filter { excluded[$0.key] == nil }.map(\.limit)
        outcome.breakersChanged = record(batch.outcomes.filter { excluded[$0.key] == nil })
        let paced = outcome.admissions.messages
        outcome.admissions = admit(held.map(\.limit.id) + released)
        outcome.admissions.add(admitFreed())
        outcome.admissions.messages += paced
        outcome.admissions.messages += supersede(held)
        for row in batch.sharedOutcomes where excluded[row.run] == nil { outcome.admissions.messages += settle(row) }
        for row in batch.freedOutcomes where excluded[row.run] == nil { outcome.admissions.messages += settle(row) }
        return outcome
    }

    private func exclusions(of batch: CommitBatch) -> [RunKey: CommitOutcome.Exclusion] {
        var excluded: [RunKey: CommitOutcome.Exclusion] = [:]
        var keys: [IdempotencyKey: RunStart] = [:]
        for start in batch.starts {
            if let record = start.idempotency {
                let key = IdempotencyKey(tenant: start.key.tenant, key: record.key)
                if let row = idempotency[key], row.expires > now {
                    excluded[start.key] = .duplicate(of: row.run, sameBody: row.digest == record.digest)
                    continue
                }
                if let other = keys[key] {
                    excluded[start.key] = .duplicate(
                        of: other.key.run, sameBody: other.idempotency?.digest == record.digest)
                    continue
                }
                keys[key] = start
            }
            if let run = runs[start.key] {
                excluded[start.key] = .duplicate(
                    of: start.key.run, sameBody: run.flow == start.flow && run.input == start.input)
            }
        }
        for advance in batch.advances where runs[advance.key]?.revision != advance.expectedRevision {
            if planted == .revisionUnchecked { continue }
            excluded[advance.key] = .lostRace
        }
        var stale: [RunKey: [AttemptFence]] = [:]
        for fence in batch.finishes where excluded[fence.key] == nil {
            let attempt = attempts[TokenKey(run: fence.key, step: fence.step)]
            if planted == .fenceUnchecked { continue }
            if attempt?.fence != fence { stale[fence.key, default: []].append(fence) }
        }
        for key in refused(batch.transitions) where excluded[key] == nil && stale[key] == nil {
            excluded[key] = .refused(code: "22P05", detail: "the text cannot be stored")
        }
        for (key, fences) in stale { excluded[key] = .staleFences(fences) }
        for (key, over) in overQuota(batch) where excluded[key] == nil { excluded[key] = over }
        for (key, conflict) in conflicts(of: batch) where excluded[key] == nil { excluded[key] = conflict }
        for (key, excess) in excess(of: batch.delayed.filter { excluded[$0.token.key] == nil }) {
            excluded[key] = excess
        }
        return excluded
    }

    private mutating func insert(_ start: RunStart) {
        runs[start.key] = Run(
            flow: start.flow, state: start.state, revision: start.revision, input: start.input,
            traceparent: start.traceparent, parent: start.parent, depth: start.depth, origin: start.origin,
            labels: start.labels, urgency: start.urgency,
            createdAt: now, ending: start.ending, history: [])
        if let record = start.idempotency {
            idempotency[IdempotencyKey(tenant: start.key.tenant, key: record.key)] = IdempotencyRow(
                run: start.key.run, digest: record.digest, expires: now + record.lifetime)
        }
        note(start.event, tenant: start.key.tenant)
    }

    private mutating func update(_ advance: RunAdvance) {
        if runs[advance.key]?.state.isEnded == true {
            violations.append("run \(advance.key.run) advances after its end")
        }
        runs[advance.key]?.revision = advance.revision
        runs[advance.key]?.state = advance.state
        if let ending = advance.ending {
            runs[advance.key]?.ending = ending
            deadlines[advance.key] = nil
        }
        note(advance.event, tenant: advance.key.tenant)
    }

    private mutating func drop(_ drop: TokenDrop, _ seen: Snapshot?) -> [AttemptFence] {
        func goes(_ key: TokenKey) -> Bool {
            key.run == drop.key && (drop.steps.isEmpty || drop.steps.contains(key.step))
        }
        func isSeen(_ key: TokenKey, in places: KeyPath<Snapshot, [TokenKey: Int32]>, _ attempt: Int32) -> Bool {
            goes(key) && (seen.map { $0[keyPath: places][key] == attempt } ?? true)
        }
        let leased = attempts.filter { isSeen($0.key, in: \.attempts, $0.value.fence.attempt) }
        if drop.steps.isEmpty { held[TokenKey(run: drop.key, step: HeldRow.run)] = nil }
        let before = tokenCount
        ready = ready.filter { !isSeen($0.key, in: \.ready, $0.value.row.attempt) }
        attempts = attempts.filter { !isSeen($0.key, in: \.attempts, $0.value.fence.attempt) }
        timers = timers.filter { timer in
            !goes(timer.key) || seen.map { !$0.timers.contains(timer.key) } ?? false
        }
        waits = waits.filter { !goes($0.key) }
        held = held.filter { !goes($0.key) }
        parked = parked.filter { !goes($0.key) }
        dues = dues.filter { !goes($0.key) }
        let gone = before - tokenCount
        if gone != drop.expected {
            violations.append("run \(drop.key.run) drops \(gone) tokens, its fold says \(drop.expected)")
        }
        return leased.values.map(\.fence)
    }

    private var tokenCount: Int {
        ready.count + attempts.count + timers.count + waits.count + held.count + parked.count
    }

    /// The fast path: leased at once, unless a lower rank waits. A dead session is the rescue's
    /// business.
    private mutating func grant(_ row: ReadyRow) -> LeasedTask? {
        guard let session = row.lease, !isClosed(row.bucket, isGuarded: false) else { return nil }
        let waits = ready.values.contains { $0.row.bucket == row.bucket && $0.row.rank < row.rank }
        return waits ? nil : lease(ReadyToken(row: row, enqueuedAt: now), to: session)
    }
}
