import Engine
import Workflows

extension MemoryTables {
    mutating func commit(_ batch: CommitBatch) -> CommitOutcome {
        var outcome = CommitOutcome(committedAt: now)
        outcome.excluded = exclusions(of: batch)
        let excluded = outcome.excluded

        for start in batch.starts where excluded[start.key] == nil { insert(start) }
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
        for drop in batch.drops where excluded[drop.key] == nil { outcome.dropped += self.drop(drop) }
        for row in batch.transitions where excluded[row.key] == nil {
            var row = row
            row.transition.at = now
            runs[row.key]?.history.append(row)
        }
        for row in batch.ready where excluded[row.key] == nil {
            if let lease = grant(row) { outcome.leased.append(lease) } else { insertReady(row) }
        }
        for timer in batch.timers {
            switch timer.kind {
            case .token(let row) where excluded[row.key] == nil:
                let key = TokenKey(run: row.key, step: row.step)
                requireNoToken(key)
                timers[key] = TimerToken(row: row, due: now + timer.delay)
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
        }
        for row in batch.held where excluded[row.key] == nil {
            let key = TokenKey(run: row.key, step: row.step)
            requireNoToken(key)
            held[key] = row
        }
        for pause in batch.pauses where excluded[pause.key] == nil {
            outcome.resumed += pause.isPaused ? self.pause(pause.key) : resume(pause.key)
        }
        for post in batch.posts where excluded[post.sender] == nil {
            if inbox[post.message.id] == nil { inbox[post.message.id] = (post.message, now) }
        }
        for run in batch.firedRunTimers where excluded[run] == nil { deadlines[run] = nil }
        for id in batch.appliedInbox where excluded[id.key] == nil { inbox[id] = nil }
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
            excluded[advance.key] = .lostRace
        }
        var stale: [RunKey: [AttemptFence]] = [:]
        for fence in batch.finishes where excluded[fence.key] == nil {
            let attempt = attempts[TokenKey(run: fence.key, step: fence.step)]
            if attempt?.fence != fence { stale[fence.key, default: []].append(fence) }
        }
        for (key, fences) in stale { excluded[key] = .staleFences(fences) }
        return excluded
    }

    private mutating func insert(_ start: RunStart) {
        runs[start.key] = Run(
            flow: start.flow, state: start.state, revision: start.revision, input: start.input,
            traceparent: start.traceparent, parent: start.parent, depth: start.depth, createdAt: now,
            ending: start.ending, history: [])
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

    private mutating func drop(_ drop: TokenDrop) -> [AttemptFence] {
        func goes(_ key: TokenKey) -> Bool {
            key.run == drop.key && (drop.steps.isEmpty || drop.steps.contains(key.step))
        }
        let leased = attempts.filter { goes($0.key) }
        let before = tokenCount
        ready = ready.filter { !goes($0.key) }
        attempts = attempts.filter { !goes($0.key) }
        timers = timers.filter { !goes($0.key) }
        waits = waits.filter { !goes($0.key) }
        held = held.filter { !goes($0.key) }
        dues = dues.filter { !goes($0.key) }
        let gone = before - tokenCount
        if gone != drop.expected {
            violations.append("run \(drop.key.run) drops \(gone) tokens, its fold says \(drop.expected)")
        }
        return leased.values.map(\.fence)
    }

    private var tokenCount: Int { ready.count + attempts.count + timers.count + waits.count + held.count }

    private mutating func pause(_ run: RunKey) -> [ReadyBucket] {
        for (key, token) in ready where key.run == run {
            ready[key] = nil
            held[key] = token.row
        }
        for (key, timer) in timers where key.run == run {
            timers[key] = nil
            held[key] = timer.row
        }
        return []
    }

    private mutating func resume(_ run: RunKey) -> [ReadyBucket] {
        var buckets: [ReadyBucket] = []
        for (key, row) in held where key.run == run {
            held[key] = nil
            insertReady(row)
            buckets.append(ReadyBucket(bucket: row.bucket, lowestRank: row.rank))
        }
        return buckets
    }

    /// The fast path: leased at once, unless a lower rank waits. A dead session is the rescue's
    /// business.
    private mutating func grant(_ row: ReadyRow) -> LeasedTask? {
        guard let session = row.lease else { return nil }
        let waits = ready.values.contains { $0.row.bucket == row.bucket && $0.row.rank < row.rank }
        return waits ? nil : lease(ReadyToken(row: row, enqueuedAt: now), to: session)
    }
}
