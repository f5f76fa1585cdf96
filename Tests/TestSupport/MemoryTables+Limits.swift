public import Engine
import Workflows

extension MemoryTables {
    /// A token that waits for a slot; a run that was let in keeps its own, without a limit, until it starts.
    struct HeldToken: Sendable {
        var row: ReadyRow
        var limit: LimitID?
        /// Of which it needs a slot at the same time.
        var joint: LimitID?
        /// What it waits for before that, and until when.
        var pacing: Pacing?
        var due: Timestamp?
        var next: LimitID?
    }

    struct LimitState: Sendable {
        var slots: Int32
        var flow: FlowVersionID
        var name: String
        var level: LimitLevel
    }

    /// Runs of the batch that shall not wait and would have to.
    func conflicts(of batch: CommitBatch) -> [RunKey: CommitOutcome.Exclusion] {
        var room: [LimitID: Int] = [:]
        var refused: [RunKey: CommitOutcome.Exclusion] = [:]
        for held in batch.held where held.onConflict == .reject && held.token.step == HeldRow.run {
            let id = held.limit.id
            let free = room[id] ?? (free(id, slots: stated(held.limit)) - self.held.values.count { $0.limit == id })
            if free > 0 {
                room[id] = free - 1
            } else {
                room[id] = 0
                refused[held.token.key] = .conflict(limit: held.limit.name)
            }
        }
        return refused
    }

    private func stated(_ limit: Limit) -> Int32 {
        guard let known = limits[limit.id], known.flow.value >= limit.flow.value else { return limit.slots }
        return known.slots
    }

    private func free(_ limit: LimitID, slots: Int32) -> Int {
        Int(slots) - slotHolders.values.count { $0.contains(limit) }
    }

    mutating func hold(_ row: HeldRow) {
        let key = TokenKey(run: row.token.key, step: row.token.step)
        requireNoToken(key)
        state(row.limit)
        if let joint = row.joint { state(joint) }
        held[key] = HeldToken(row: row.token, limit: row.limit.id, joint: row.joint?.id)
    }

    mutating func state(_ limit: Limit) {
        limits[limit.id] = LimitState(
            slots: stated(limit), flow: FlowVersionID(max(limit.flow.value, limits[limit.id]?.flow.value ?? 0)),
            name: limit.name, level: limit.level)
    }

    /// When one more may start under the rate.
    mutating func reserve(_ rate: Rate) -> Timestamp {
        let until = max(now, rates[rate.id] ?? now)
        let delay = rate.bucket.delays(backlog: (until - now).wholeMicroseconds, count: 1)[0]
        rates[rate.id] = until + .microseconds(rate.bucket.interval)
        return now + .microseconds(delay)
    }

    mutating func vacate(_ release: LimitRelease) {
        slotHolders[TokenKey(run: release.key, step: release.step)] = nil
    }

    /// Hands out what is free of these limits.
    mutating func admit(_ ids: some Sequence<LimitID>) -> Admissions {
        var ready: [Bucket: Rank] = [:]
        var admissions = Admissions()
        for id in Set(ids).sorted(by: LimitID.precedes) {
            guard let slots = limits[id]?.slots else { continue }
            let line = held.filter { $0.value.limit == id }
                .sorted { ($0.value.row.rank, $0.key.step) < ($1.value.row.rank, $1.key.step) }
            var places = free(id, slots: slots)
            for (key, token) in line where places > 0 {
                if let joint = token.joint, free(joint, slots: limits[joint]?.slots ?? 0) <= 0 {
                    // It waits in the other line, and holds neither.
                    held[key]?.limit = joint
                    held[key]?.joint = id
                    continue
                }
                places -= 1
                slotHolders[key] = Set([id, token.joint].compactMap(\.self))
                admissions.count += 1
                if key.step == HeldRow.run {
                    held[key]?.limit = nil
                    note(key, movesTo: .admitted)
                    admissions.messages.append(post(.admit, to: key.run))
                } else {
                    held[key] = nil
                    insertReady(token.row)
                    note(key, movesTo: .ready)
                    note(key.run, step: key.step, .ready, attempt: token.row.attempt)
                    ready[token.row.bucket] = min(ready[token.row.bucket] ?? .max, token.row.rank)
                }
            }
        }
        admissions.ready = ready.map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) }
        return admissions
    }

    /// Of the runs that have or want a slot, the newest stay. A run that was redriven is as new as that.
    mutating func supersede(_ rows: [HeldRow]) -> [InboxMessage] {
        var messages: [InboxMessage] = []
        let eager = rows.filter { $0.onConflict == .cancelRunning && $0.token.step == HeldRow.run }
        for id in Set(eager.map(\.limit.id)) {
            let holders = slotHolders.filter { $0.value.contains(id) }.map(\.key.run)
            let waiters = held.filter { $0.value.limit == id }.map(\.key.run)
            let surplus = (holders + waiters).sorted { arrival($0) > arrival($1) }.dropFirst(
                Int(limits[id]?.slots ?? 0))
            for run in surplus where !isCancelled(run) {
                messages.append(post(.cancel(reason: SupersededRun.reason), to: run))
            }
        }
        return messages
    }

    private func arrival(_ run: RunKey) -> RunID {
        let reopened = runs[run]?.history.last { $0.transition.state == .reopened }?.transition.at
        return max(run.run, reopened.map { RunID(at: $0, random: RunID.Bytes(high: 0, low: 0)) } ?? run.run)
    }

    private func isCancelled(_ run: RunKey) -> Bool {
        inbox.values.contains { row in
            guard case .cancel = row.message.command else { return false }
            return row.message.id.key == run
        }
    }

    mutating func post(_ command: InboxMessage.Command, to run: RunKey) -> InboxMessage {
        messageCount += 1
        let id = InboxID(key: run, id: RunID.Bytes(high: 0x6d65_7373_6167_6573, low: messageCount))
        let message = InboxMessage(id: id, command: command)
        inbox[id] = (message, now)
        return message
    }

    /// What is wrong with slots and lines.
    var limitViolations: [String] {
        var found: [String] = []
        for (id, limit) in limits {
            let free = free(id, slots: limit.slots)
            if free < 0, limit.level != .breaker {
                found.append("a limit of \(limit.slots) has \(Int(limit.slots) - free) holders")
            }
            if free > 0, held.values.contains(where: { $0.limit == id }) {
                found.append("a token waits although \(free) slots are free")
            }
        }
        for (id, row) in breakers where row.record.kind == .target {
            if let limit = limits[id], limit.slots != row.record.slots {
                found.append("the target \(row.record.name) has \(limit.slots) slots, not those of its breaker")
            }
        }
        for (key, _) in slotHolders {
            let isParked = parked[key].map { $0.limit == nil } ?? false
            if key.step >= 0, ready[key] == nil, attempts[key] == nil, !isParked {
                found.append("step \(key.step) of \(key.run.run) has a slot and is neither ready, leased nor parked")
            }
            if runs[key.run]?.state.isEnded ?? true { found.append("ended run \(key.run.run) has a slot") }
        }
        return found
    }
}

extension MemoryStore {
    public func admit(_ limits: [LimitID]) async throws(StoreError) -> Admissions {
        await transaction(seen: { _ in .admit }) { $0.admit(limits) }
    }

    public func sweepLimits(limit: Int) async throws(StoreError) -> LimitSweep {
        await transaction(seen: { _ in .admit }) { tables in
            let admissions = tables.admit(Set(tables.held.values.compactMap(\.limit)))
            return LimitSweep(admissions: admissions, missed: admissions.count)
        }
    }
}
