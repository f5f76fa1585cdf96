import Engine
import Workflows

extension MemoryTables {
    mutating func claim(_ request: ClaimRequest) -> [LeasedTask] {
        var free = request.slots[...]
        var leases: [LeasedTask] = []
        for (share, slots) in request.shares.enumerated() {
            let open = request.buckets.filter {
                $0.share == share && !isClosed($0.bucket, request)
            }
            let marks = Dictionary(
                open.map { ($0.bucket, queues[$0.bucket.queue]?.settings.isStrict == true ? .min : $0.lowWater) }
            ) { first, _ in first }
            let isGuarded = request.isGuarded || request.breaker != nil
            var places = isGuarded ? open.first.map { self.places(in: $0.bucket.queue) } ?? 0 : .max
            if request.isCounted || request.breaker != nil, let tenant = open.first?.bucket.tenant {
                places = min(places, self.places(of: tenant))
            }
            if let breaker = request.breaker { places = min(places, probes(of: breaker)) }
            let candidates = ready.values
                .filter { token in marks[token.row.bucket].map { token.row.rank >= $0 } ?? false }
                .sorted { ($0.row.rank, $0.row.step) < ($1.row.rank, $1.row.step) }
            for token in candidates.prefix(min(slots, places)) {
                guard let session = free.popFirst() else { break }
                if planted != .claimWithoutRemoval {
                    ready[TokenKey(run: token.row.key, step: token.row.step)] = nil
                }
                let leased = lease(token, to: session)
                note(token.row.key, step: token.row.step, .running, attempt: leased.fence.attempt)
                leases.append(leased)
            }
        }
        return leases.sorted { ($0.rank, $0.fence.step) < ($1.rank, $1.fence.step) }
    }

    mutating func release(_ fences: [AttemptFence]) -> [AttemptFence] {
        fences.filter { fence in
            let key = TokenKey(run: fence.key, step: fence.step)
            guard attempts[key]?.fence == fence || planted == .releaseWithoutFence else { return false }
            return returnAttempt(key) != nil
        }
    }

    mutating func openSession(_ record: SessionRecord, held: [HeldAttempt]) -> SessionSettlement {
        sessions[record.id] = Session(
            record: record, leasedUntil: now + record.lease, connectedAt: sessions[record.id]?.connectedAt ?? now)
        var settlement = SessionSettlement(kept: [], returned: [], unknown: [])
        let claimed = Set(held)
        for (key, attempt) in attempts where attempt.fence.session == record.id {
            let name = HeldAttempt(key: key.run, step: key.step, attempt: attempt.fence.attempt)
            if claimed.contains(name) {
                settlement.kept.append(attempt.leased)
            } else if let returned = returnAttempt(key) {
                settlement.returned.append(ReadyBucket(bucket: returned.row.bucket, lowestRank: returned.row.rank))
            }
        }
        let kept = Set(
            settlement.kept.map { HeldAttempt(key: $0.fence.key, step: $0.fence.step, attempt: $0.fence.attempt) })
        settlement.unknown = held.filter { !kept.contains($0) }
        return settlement
    }

    mutating func renewSessions(_ ids: [SessionID], lease: Duration) -> Set<SessionID> {
        let alive = ids.filter { sessions[$0].map { $0.leasedUntil > now } ?? false }
        for id in alive { sessions[id]?.leasedUntil = now + lease }
        return Set(alive)
    }

    mutating func closeSession(_ id: SessionID) {
        sessions[id] = nil
        for (key, attempt) in attempts where attempt.fence.session == id { _ = returnAttempt(key) }
    }

    mutating func rescue(limit: Int, lease: Duration) -> [RescuedAttempt] {
        let isMass = isMassExpiry(lease)
        let dead = attempts.filter { _, attempt in
            sessions[attempt.fence.session].map { $0.leasedUntil <= now } ?? true
        }
        // As they were before anything is moved.
        let held = Dictionary(grouping: attempts.values, by: \.fence.session).mapValues(\.count)
        let rescued = dead.prefix(limit).map { key, attempt in
            let token = attempt.row
            let worker = sessions[attempt.fence.session]?.record.worker
            let isAlone = held[attempt.fence.session] == 1
            if token.losses >= Quarantine.suspicion, isAlone, !isMass, worker != nil {
                return RescuedAttempt(
                    fence: attempt.fence, bucket: token.bucket, rank: token.rank,
                    quarantine: AttemptTiming(
                        worker: worker, enqueuedAt: attempt.enqueuedAt, leasedAt: attempt.leasedAt,
                        losses: token.losses))
            }
            let revision = runs[key.run]?.revision ?? 0
            let lost = StepTransition(
                step: key.step, attempt: attempt.fence.attempt, state: .lost,
                failure: StepFailure(kind: .lost, message: "the worker's lease ended", retryable: true), at: now,
                revision: revision)
            runs[key.run]?.history.append(
                TransitionRow(
                    key: key.run, transition: lost, session: attempt.fence.session, enqueuedAt: attempt.enqueuedAt,
                    leasedAt: attempt.leasedAt))
            let losses = (runs[key.run]?.history ?? [])
                .count { $0.transition.step == key.step && $0.transition.state == .lost }
            if !isMass {
                attempts[key]?.row.losses += 1
            } else if losses >= Quarantine.patience {
                attempts[key]?.row.losses = max(token.losses, Quarantine.suspicion)
            }
            _ = returnAttempt(key)
            return RescuedAttempt(fence: attempt.fence, bucket: token.bucket, rank: token.rank)
        }
        sessions = sessions.filter { id, session in
            session.leasedUntil > now + (.zero - lease) || attempts.values.contains { $0.fence.session == id }
        }
        return rescued
    }

    /// At least two sessions, and as many as stayed, were not renewed lately; without those that only held a suspect.
    private func isMassExpiry(_ lease: Duration) -> Bool {
        var silent = 0
        var stayed = 0
        for (id, session) in sessions {
            let held = attempts.values.filter { $0.fence.session == id }
            guard session.leasedUntil > now + (.zero - lease) || !held.isEmpty else { continue }
            if held.count == 1, held[0].row.losses >= Quarantine.suspicion { continue }
            if session.leasedUntil <= now + lease / 3 {
                silent += 1
            } else if session.connectedAt <= now + (.zero - lease) {
                stayed += 1
            }
        }
        return silent >= max(2, stayed)
    }

    mutating func fireTimers(limit: Int) -> FiredTimers {
        var fired = FiredTimers(ready: [], deadlines: [], next: nil)
        for (key, timer) in timers.filter({ $0.value.due <= now }).prefix(limit) {
            if planted != .timerFiredTwice { timers[key] = nil }
            if let limit = timer.limit {
                held[key] = HeldToken(row: timer.row, limit: limit, joint: timer.joint)
                note(key, movesTo: .held)
                fired.limits.append(limit)
                continue
            }
            insertReady(timer.row)
            returned.append(StoreTransaction.Token(key: key.run, step: key.step))
            note(key.run, step: key.step, .ready, attempt: timer.row.attempt)
            fired.ready.append(ReadyBucket(bucket: timer.row.bucket, lowestRank: timer.row.rank))
        }
        let again = now + FiredTimers.retelling
        fired.deadlines = deadlines.filter { $0.value <= now }.map(\.key)
        for run in fired.deadlines { deadlines[run] = again }
        let told = dues.filter { $0.value <= now }.map(\.key)
        fired.dues = told.map { StepKey(run: $0.run, step: $0.step) }
        for step in told { dues[step] = again }
        fireStarts(limit: limit, into: &fired)
        fired.next =
            (timers.values.map(\.due) + held.values.compactMap(\.due) + dues.values.filter { $0 > now }
            + deadlines.values.filter { $0 > now })
            .min()
        return fired
    }
}
