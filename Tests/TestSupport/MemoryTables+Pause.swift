import Engine
import Workflows

extension MemoryTables {
    /// A token of a paused run, and where it goes when that is resumed.
    struct ParkedToken: Sendable {
        var row: ReadyRow
        var due: Timestamp?
        var limit: LimitID?
        var joint: LimitID?
        var rate: String?
        var since: Timestamp
    }

    mutating func park(_ row: ReadyRow, _ timer: TimerRow) {
        let key = TokenKey(run: row.key, step: row.step)
        requireNoToken(key)
        if let limit = timer.limit { state(limit) }
        if let joint = timer.joint { state(joint) }
        let due = timer.rate.map { reserve($0) } ?? (timer.delay > .zero ? now + timer.delay : nil)
        parked[key] = ParkedToken(
            row: row, due: due, limit: timer.limit?.id, joint: timer.joint?.id, rate: timer.rate?.name, since: now)
    }

    /// What is ready and has a slot keeps it.
    mutating func pause(_ run: RunKey) {
        for (key, token) in ready where key.run == run {
            ready[key] = nil
            parked[key] = ParkedToken(row: token.row, since: now)
            note(key, movesTo: .parked)
        }
        for (key, timer) in timers where key.run == run {
            timers[key] = nil
            parked[key] = ParkedToken(
                row: timer.row, due: timer.due, limit: timer.limit, joint: timer.joint, rate: timer.rate, since: now)
            note(key, movesTo: .parked)
        }
        for (key, token) in held where key.run == run && key.step >= 0 {
            held[key] = nil
            parked[key] = ParkedToken(row: token.row, limit: token.limit, joint: token.joint, since: now)
            note(key, movesTo: .parked)
        }
    }

    mutating func resume(_ run: RunKey, _ outcome: inout CommitOutcome) {
        for (key, token) in parked where key.run == run {
            parked[key] = nil
            if let due = token.due, due > now {
                timers[key] = TimerToken(
                    row: token.row, due: due, limit: token.limit, joint: token.joint, rate: token.rate)
                note(key, movesTo: .timer(due: due))
            } else if let limit = token.limit {
                held[key] = HeldToken(row: token.row, limit: limit, joint: token.joint)
                note(key, movesTo: .held)
                outcome.limits.append(limit)
            } else {
                insertReady(token.row)
                note(key, movesTo: .ready)
                outcome.resumed.append(ReadyBucket(bucket: token.row.bucket, lowestRank: token.row.rank))
            }
        }
    }
}
