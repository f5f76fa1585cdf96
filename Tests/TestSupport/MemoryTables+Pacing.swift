import Engine
import Workflows

extension MemoryTables {
    /// The window of a throttle, as it is seen now.
    private func window(_ id: LimitID) -> StartWindow {
        guard var window = windows[id] else { return StartWindow() }
        window.start -= now.microseconds
        return window
    }

    /// Runs that shall not wait for a window and would have to.
    func excess(of rows: [DelayedStart]) -> [RunKey: CommitOutcome.Exclusion] {
        var room: [LimitID: Int32] = [:]
        var refused: [RunKey: CommitOutcome.Exclusion] = [:]
        for row in rows {
            guard case .throttle(let throttle) = row.pacing.rule, throttle.excess == .drop else { continue }
            let window = window(row.pacing.id)
            let left = room[row.pacing.id] ?? window.room(throttle)
            room[row.pacing.id] = max(0, left - 1)
            guard left <= 0 else { continue }
            refused[row.token.key] = .throttled(
                name: row.pacing.name, retryAfter: .microseconds(window.end(throttle)))
        }
        return refused
    }

    /// Makes runs wait for their time. Answers the messages to those that start at once, and to those that others replace.
    mutating func pace(_ rows: [DelayedStart]) -> [InboxMessage] {
        var messages: [InboxMessage] = []
        for row in rows {
            let key = TokenKey(run: row.token.key, step: row.token.step)
            requireNoToken(key)
            if let limit = row.limit { state(limit) }
            var token = HeldToken(row: row.token, pacing: row.pacing, next: row.limit?.id)
            switch row.pacing.rule {
            case .throttle(let throttle):
                var window = window(row.pacing.id)
                let delay = window.reserve(throttle)
                window.start += now.microseconds
                windows[row.pacing.id] = window
                if delay > 0 || row.limit != nil {
                    token.due = now + .microseconds(delay)
                } else {
                    note(key, movesTo: .admitted)
                    messages.append(post(.admit, to: row.token.key))
                }
            case .debounce(let debounce):
                var since = now
                if let known = successions[row.pacing.id] {
                    let old = TokenKey(run: known.run, step: HeldRow.run)
                    if held[old]?.due != nil {
                        held[old]?.due = nil
                        messages.append(post(.cancel(reason: SupersededRun.debounced), to: known.run))
                        since = known.since
                    }
                }
                successions[row.pacing.id] = (row.token.key, since)
                token.due = now + debounce.delay(age: now - since)
            }
            held[key] = token
        }
        return messages
    }

    /// Lets runs go on whose time has come.
    mutating func fireStarts(limit: Int, into fired: inout FiredTimers) {
        for (key, token) in held.filter({ $0.value.due.map { $0 <= now } ?? false }).prefix(limit) {
            held[key]?.due = nil
            held[key]?.limit = token.next
            if let limit = token.next {
                fired.limits.append(limit)
            } else {
                note(key, movesTo: .admitted)
                fired.messages.append(post(.admit, to: key.run))
            }
        }
    }
}
