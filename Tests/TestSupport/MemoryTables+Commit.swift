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
        for advance in batch.advances where excluded[advance.key] == nil { update(advance) }
        for fence in batch.finishes where excluded[fence.key] == nil {
            attempts[TokenKey(run: fence.key, step: fence.step)] = nil
        }
        for drop in batch.drops where excluded[drop.key] == nil { outcome.dropped += self.drop(drop, snapshot) }
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
                if ready[key] != nil || attempts[key] != nil || timers[key] != nil {
                    violations.append("step \(key.step) of \(key.run.run) gets a second token")
                }
                timers[key] = TimerToken(row: row, due: now + timer.delay)
            case .runDeadline(let run) where excluded[run] == nil:
                deadlines[run] = now + timer.delay
            case .token, .runDeadline: break
            }
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
        return excluded
    }

    private mutating func insert(_ start: RunStart) {
        runs[start.key] = Run(
            flow: start.flow, state: start.state, revision: start.revision, input: start.input,
            traceparent: start.traceparent, createdAt: now, ending: start.ending, history: [])
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
        func isSeen(_ key: TokenKey, in places: KeyPath<Snapshot, [TokenKey: Int32]>, _ attempt: Int32) -> Bool {
            key.run == drop.key && (seen.map { $0[keyPath: places][key] == attempt } ?? true)
        }
        let held = attempts.filter { isSeen($0.key, in: \.attempts, $0.value.fence.attempt) }
        let before = ready.count + attempts.count + timers.count
        ready = ready.filter { !isSeen($0.key, in: \.ready, $0.value.row.attempt) }
        attempts = attempts.filter { !isSeen($0.key, in: \.attempts, $0.value.fence.attempt) }
        timers = timers.filter { timer in
            timer.key.run != drop.key || seen.map { !$0.timers.contains(timer.key) } ?? false
        }
        let gone = before - ready.count - attempts.count - timers.count
        if gone != drop.expected {
            violations.append("run \(drop.key.run) drops \(gone) tokens, its fold says \(drop.expected)")
        }
        return held.values.map(\.fence)
    }

    /// The fast path: leased at once, unless a lower rank waits. A dead session is the rescue's
    /// business.
    private mutating func grant(_ row: ReadyRow) -> LeasedTask? {
        guard let session = row.lease else { return nil }
        let waits = ready.values.contains { $0.row.bucket == row.bucket && $0.row.rank < row.rank }
        return waits ? nil : lease(ReadyToken(row: row, enqueuedAt: now), to: session)
    }
}
