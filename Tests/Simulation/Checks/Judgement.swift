import Engine
import TestSupport
import Workflows

extension Ledger {
    /// A transaction of the store has taken effect.
    func observe(_ transaction: StoreTransaction) {
        let violations: [Violation] = withState { state in
            // Rows that only wake nodes tell nobody anything.
            state.positions.append(
                contentsOf: transaction.events.filter { $0.payload.count > "[]".utf8.count }.map(\.position))
            var judgement = Judgement(world: world, plans: plans, at: transaction.at)
            judgement.judge(transaction, &state)
            return judgement.violations
        }
        for violation in violations { world.violate(violation.invariant, violation.detail) }
    }
}

/// The judgement of one transaction.
struct Judgement {
    let world: World
    let plans: [FlowVersionID: Plan]
    let at: Timestamp
    private(set) var violations: [Violation] = []

    init(world: World, plans: [FlowVersionID: Plan], at: Timestamp) {
        self.world = world
        self.plans = plans
        self.at = at
    }

    mutating func violate(_ invariant: Invariant, _ detail: String) {
        violations.append(Violation(invariant: invariant, detail: detail))
    }

    mutating func judge(_ transaction: StoreTransaction, _ state: inout Ledger.State) {
        switch transaction.call {
        case .commit(let batch, let outcome):
            let touched = commit(batch, outcome, &state)
            move(transaction, &state)
            for key in touched { check(key, &state) }
            return
        case .claim(_, let leases):
            for lease in leases {
                requireToken(.ready, at: lease.fence, "a claim", .tokensConserved, &state)
                take(lease.fence, "claim", &state)
            }
            requireOrder(leases, &state)
        case .release(_, let released):
            for fence in released {
                requireToken(.leased(fence), at: fence, "a release", .leaseEndsRightly, &state)
                giveBack(fence.key, fence.step, "release", &state)
            }
        case .openSession(let record, _, let settlement):
            state.sessions[record.id] = at + record.lease
            let kept = Set(settlement.kept.map(\.fence))
            endLeases(of: record.id, except: kept, "new stream", transaction, &state)
        case .renewSessions(let alive, let lease):
            for id in alive {
                if state.sessions[id].map({ $0 <= at }) ?? true {
                    violate(.leaseEndsRightly, "the session \(id.value) was over and is renewed")
                }
                state.sessions[id] = at + lease
            }
        case .closeSession(let id):
            state.sessions[id] = nil
            endLeases(of: id, except: [], "leave", transaction, &state)
        case .rescue(let rescued):
            for attempt in rescued {
                requireToken(.leased(attempt.fence), at: attempt.fence, "a rescue", .leaseEndsRightly, &state)
                if let until = state.sessions[attempt.fence.session], until > at {
                    violate(.leaseEndsRightly, "\(attempt.fence) was rescued from a living session")
                }
                if attempt.quarantine == nil { giveBack(attempt.fence.key, attempt.fence.step, "rescue", &state) }
            }
        case .fireTimers(let fired):
            for token in transaction.returned { fire(token, &state) }
            for key in fired.deadlines where state.runs[key]?.lifecycle.isEnded == false {
                world.cover("run running × deadline due")
            }
        case .postInbox, .admit: break
        case .changeQueue(let record):
            state.queues[record.name] = record
            world.cover(record.isPaused ? "queue × pause" : record.isDraining ? "queue × drain" : "queue × change")
        case .setRanks(let ranks):
            for token in ranks { state.runs[token.key]?.places[token.step]?.rank = token.rank }
        }
        move(transaction, &state)
    }

    // MARK: Tokens

    mutating func requireToken(
        _ expected: RunLedger.Token, at fence: AttemptFence, _ what: String, _ invariant: Invariant,
        _ state: inout Ledger.State
    ) {
        let found = state.runs[fence.key]?.tokens[fence.step]
        if found != expected {
            violate(invariant, "\(what) of \(name(fence)) found \(String(describing: found))")
        }
    }

    func name(_ fence: AttemptFence) -> String { "\(fence.key.run)/\(fence.step)/\(fence.attempt)" }

    mutating func take(_ fence: AttemptFence, _ event: String, _ state: inout Ledger.State) {
        guard let run = state.runs[fence.key] else { return }
        if let before = run.attempts[fence.step], fence.attempt <= before {
            violate(.attemptsRise, "\(name(fence)) comes after attempt \(before)")
        }
        if run.lifecycle == .paused, !run.begunBefore.contains(fence.step) {
            violate(.pauseHolds, "\(name(fence)) is handed out of a paused run")
        }
        state.runs[fence.key]?.attempts[fence.step] = fence.attempt
        state.runs[fence.key]?.tokens[fence.step] = .leased(fence)
        requireQueue(run.queue(of: fence.step), hands: fence, &state)
        world.cover("step ready × \(event)")
    }

    private func giveBack(_ key: RunKey, _ step: Int32, _ event: String, _ state: inout Ledger.State) {
        let isPaused = state.runs[key]?.lifecycle == .paused
        world.cover("step \(state.runs[key]?.place(of: step) ?? "unknown") × \(event)")
        if isPaused {
            world.cover("run paused × \(event)")
            state.runs[key]?.begunBefore.insert(step)
        }
        state.runs[key]?.tokens[step] = .ready
    }

    private mutating func endLeases(
        of session: SessionID, except kept: Set<AttemptFence>, _ event: String, _ transaction: StoreTransaction,
        _ state: inout Ledger.State
    ) {
        var returned = Set(transaction.returned)
        for (key, run) in state.runs where !run.tokens.isEmpty {
            for (step, token) in run.tokens {
                guard case .leased(let fence) = token, fence.session == session else { continue }
                if kept.contains(fence) {
                    world.cover("step running × kept by its worker")
                } else if returned.remove(StoreTransaction.Token(key: key, step: step)) != nil {
                    giveBack(key, step, event, &state)
                } else {
                    violate(.leaseEndsRightly, "\(name(fence)) is neither kept nor returned by its session's \(event)")
                }
            }
        }
        for token in returned {
            violate(.leaseEndsRightly, "\(token.key.run)/\(token.step) was returned by the \(event) of another session")
        }
    }

    private mutating func fire(_ token: StoreTransaction.Token, _ state: inout Ledger.State) {
        guard case .timer(let due)? = state.runs[token.key]?.tokens[token.step], due <= at else {
            let found = state.runs[token.key]?.place(of: token.step) ?? "unknown"
            return violate(.timerFiresOnce, "\(token.key.run)/\(token.step) fires and is \(found)")
        }
        giveBack(token.key, token.step, "timer", &state)
    }
}
