import Engine
import TestSupport
import Workflows

/// Tokens that the store moves by itself, limits and queues.
extension Judgement {
    mutating func move(_ transaction: StoreTransaction, _ state: inout Ledger.State) {
        for move in transaction.moved {
            let (key, step) = (move.token.key, move.token.step)
            guard let token = state.runs[key]?.tokens[step] else {
                violate(.tokensConserved, "\(key.run)/\(step) has no token, and goes to \(move.place)")
                continue
            }
            world.cover("step \(token.name) × \(move.place.event)")
            switch (token, move.place) {
            case (.held, .ready):
                state.runs[key]?.tokens[step] = .ready
                occupy(step, of: key, targets: transaction.targets, &state)
            case (.ready, .held):
                // The breaker of its target has opened: it gives back all its slots.
                if state.runs[key]?.occupied.remove(step) == nil {
                    violate(.limitsHold, "\(key.run)/\(step) goes back to a line, and had no slot")
                }
                state.runs[key]?.tokens[step] = .held
            case (.held, .admitted), (.admitted, .admitted):
                state.runs[key]?.tokens[step] = .admitted
            case (.timer(let due), .held):
                if due > at { violate(.timerFiresOnce, "\(key.run)/\(step) fires before its time") }
                state.runs[key]?.tokens[step] = .held
            case (.parked, .ready), (.parked, .held): state.runs[key]?.tokens[step] = move.place.token
            case (.parked, .timer(let due)): state.runs[key]?.tokens[step] = .timer(due: due)
            case (.ready, .parked), (.timer, .parked), (.held, .parked): state.runs[key]?.tokens[step] = .parked
            default:
                violate(.tokensConserved, "\(key.run)/\(step) is \(token.name) and goes to \(move.place)")
            }
        }
    }

    /// A step has got a slot of each of its limits.
    private mutating func occupy(
        _ step: Int32, of key: RunKey, targets: [LimitID: Int32], _ state: inout Ledger.State
    ) {
        guard let slots = state.runs[key]?.slots[step] else {
            return violate(.limitsHold, "\(key.run)/\(step) is let in, and waits for no limit")
        }
        state.runs[key]?.occupied.insert(step)
        if slots.count > 1 { world.cover("step held × two slots at once") }
        for slot in slots {
            let most = targets[slot.limit] ?? slot.slots
            if most < Limit.unlimited, targets[slot.limit] != nil { world.cover("breaker × probe") }
            var holders = 0
            for run in state.runs.values where !run.occupied.isEmpty {
                holders += run.occupied.count { run.slots[$0]?.contains { $0.limit == slot.limit } ?? false }
            }
            if holders > most {
                violate(.limitsHold, "\(key.run)/\(step) is holder \(holders) of a limit of \(most)")
            }
        }
    }

    /// A run has started.
    mutating func requireRunSlot(_ key: RunKey, _ state: Ledger.State) {
        guard let slot = state.runs[key]?.runSlot else { return }
        let holders = state.runs.values.count { $0.runSlot?.limit == slot.limit && $0.isUnderWay }
        if holders > slot.slots {
            violate(.limitsHold, "\(key.run) is run \(holders) under a limit of \(slot.slots)")
        }
    }

    /// What a queue's settings say of an attempt that is handed out of it.
    mutating func requireQueue(_ name: String, hands fence: AttemptFence, _ state: inout Ledger.State) {
        guard let queue = state.queues[name] else { return }
        if queue.isPaused { violate(.pauseHolds, "\(self.name(fence)) is handed out of the paused queue \(name)") }
        guard let concurrency = queue.settings.concurrency else { return }
        var running = 0
        for run in state.runs.values {
            for (step, token) in run.tokens {
                if case .leased = token, run.queue(of: step) == name { running += 1 }
            }
        }
        if running > concurrency {
            violate(.limitsHold, "\(self.name(fence)) is attempt \(running) of queue \(name), which has \(concurrency)")
        }
        world.cover("queue × attempt under its limit")
    }

    /// A strict queue hands out its lowest ranks.
    mutating func requireOrder(_ leases: [LeasedTask], _ state: inout Ledger.State) {
        var highest: [Bucket: Rank] = [:]
        for lease in leases {
            guard let run = state.runs[lease.fence.key],
                state.queues[run.queue(of: lease.fence.step)]?.settings.isStrict == true
            else { continue }
            highest[lease.bucket] = max(highest[lease.bucket] ?? .min, lease.rank)
        }
        guard !highest.isEmpty else { return }
        world.cover("queue × strict claim")
        for run in state.runs.values {
            for (step, token) in run.tokens where token == .ready {
                guard let place = run.places[step], let rank = highest[place.bucket], place.rank < rank else {
                    continue
                }
                violate(.orderHolds, "\(run.key.run)/\(step) of rank \(place.rank) waits, and \(rank) was handed out")
            }
        }
    }
}

extension StoreTransaction.Place {
    fileprivate var event: String {
        switch self {
        case .ready: "let in"
        case .timer: "resume before its time"
        case .held: "line"
        case .admitted: "admission"
        case .parked: "pause"
        }
    }

    fileprivate var token: RunLedger.Token {
        switch self {
        case .ready: .ready
        case .timer(let due): .timer(due: due)
        case .held: .held
        case .admitted: .admitted
        case .parked: .parked
        }
    }
}
