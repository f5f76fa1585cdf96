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
        case .commit(let batch, let outcome): commit(batch, outcome, &state)
        case .claim(_, let leases):
            for lease in leases {
                requireToken(.ready, at: lease.fence, "a claim", .tokensConserved, &state)
                take(lease.fence, "claim", &state)
            }
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
                giveBack(attempt.fence.key, attempt.fence.step, "rescue", &state)
            }
        case .fireTimers(let fired):
            for token in transaction.returned { fire(token, &state) }
            for key in fired.deadlines where state.runs[key]?.lifecycle.isEnded == false {
                world.cover("run running × deadline due")
            }
        case .postInbox: break
        }
    }

    // MARK: Tokens

    private mutating func requireToken(
        _ expected: RunLedger.Token, at fence: AttemptFence, _ what: String, _ invariant: Invariant,
        _ state: inout Ledger.State
    ) {
        let found = state.runs[fence.key]?.tokens[fence.step]
        if found != expected {
            violate(invariant, "\(what) of \(name(fence)) found \(String(describing: found))")
        }
    }

    private func name(_ fence: AttemptFence) -> String { "\(fence.key.run)/\(fence.step)/\(fence.attempt)" }

    private mutating func take(_ fence: AttemptFence, _ event: String, _ state: inout Ledger.State) {
        if let before = state.runs[fence.key]?.attempts[fence.step], fence.attempt <= before {
            violate(.attemptsRise, "\(name(fence)) comes after attempt \(before)")
        }
        state.runs[fence.key]?.attempts[fence.step] = fence.attempt
        state.runs[fence.key]?.tokens[fence.step] = .leased(fence)
        world.cover("step ready × \(event)")
    }

    private func giveBack(_ key: RunKey, _ step: Int32, _ event: String, _ state: inout Ledger.State) {
        world.cover("step \(state.runs[key]?.place(of: step) ?? "unknown") × \(event)")
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

    // MARK: Commits

    private mutating func commit(_ batch: CommitBatch, _ outcome: CommitOutcome, _ state: inout Ledger.State) {
        let excluded = outcome.excluded
        var touched: [RunKey] = []
        for exclusion in excluded.values {
            switch exclusion {
            case .lostRace: world.cover("commit excludes a lost race")
            case .staleFences: world.cover("commit excludes a stale fence")
            case .duplicate: world.cover("commit excludes a duplicate")
            case .refused: world.cover("commit excludes a refused run")
            case .conflict: world.cover("commit excludes a conflict")
            case .throttled: world.cover("commit excludes a throttled run")
            case .overQuota: world.cover("commit excludes a run over quota")
            }
        }
        for start in batch.starts where excluded[start.key] == nil {
            touched.append(start.key)
            guard state.runs[start.key] == nil, let plan = plans[start.flow] else {
                violate(.acknowledgedRunKept, "\(start.key.run) is started over itself")
                continue
            }
            state.runs[start.key] = RunLedger(plan: plan, key: start.key, start: start)
            if start.state.isEnded { world.cover("run none × start that ends") }
        }
        var revisions: [RunKey: Int64] = [:]
        for advance in batch.advances where excluded[advance.key] == nil {
            touched.append(advance.key)
            revisions[advance.key] = state.runs[advance.key]?.revision
            move(advance, &state)
        }
        for fence in batch.finishes where excluded[fence.key] == nil {
            requireToken(.leased(fence), at: fence, "an outcome", .finishHoldsItsLease, &state)
            state.runs[fence.key]?.tokens[fence.step] = nil
        }
        let dropped = Set(outcome.dropped)
        for drop in batch.drops where excluded[drop.key] == nil { take(drop, dropped, &state) }
        for row in batch.transitions where excluded[row.key] == nil {
            note(row, after: revisions[row.key] ?? 0, &state)
        }
        place(batch, outcome, &state)
        for key in batch.firedRunTimers {
            let lifecycle = state.runs[key]?.lifecycle
            world.cover("run \(revisions[key] == nil ? lifecycle?.text ?? "none" : "running") × deadline")
        }
        for id in batch.appliedInbox where excluded[id.key] == nil {
            world.cover("run \(revisions[id.key] == nil ? "ended" : "running") × message")
        }
        for key in touched { check(key, &state) }
    }

    /// Every token of the run goes; whoever holds one is told.
    private mutating func take(_ drop: TokenDrop, _ dropped: Set<AttemptFence>, _ state: inout Ledger.State) {
        guard let run = state.runs[drop.key] else { return }
        for (step, token) in run.tokens.sorted(by: { $0.key < $1.key }) {
            world.cover("step \(token.name) × \(run.lifecycle == .cancelled ? "cancel" : "deadline")")
            if case .leased(let fence) = token, !dropped.contains(fence) {
                violate(.endedHasNoTokens, "\(name(fence)) outlives its run, step \(step) is not dropped")
            }
        }
        state.runs[drop.key]?.tokens = [:]
    }

    private mutating func move(_ advance: RunAdvance, _ state: inout Ledger.State) {
        guard let run = state.runs[advance.key] else {
            return violate(.acknowledgedRunKept, "\(advance.key.run) goes on and does not exist")
        }
        if run.lifecycle.isEnded { violate(.endedHasNoTokens, "\(advance.key.run) goes on after its end") }
        if run.revision != advance.expectedRevision || advance.revision <= run.revision {
            violate(
                .revisionsWithoutGaps,
                "\(advance.key.run) goes from \(advance.expectedRevision) to \(advance.revision) and is at \(run.revision)"
            )
        }
        state.runs[advance.key]?.revision = advance.revision
        state.runs[advance.key]?.lifecycle = advance.state
        world.cover("run running → \(advance.state.text)")
    }

    private mutating func note(_ row: TransitionRow, after revision: Int64, _ state: inout Ledger.State) {
        let transition = row.transition
        guard let run = state.runs[row.key] else { return }
        let what = "\(row.key.run)/\(transition.step)/\(transition.attempt)"
        if transition.revision <= revision || transition.revision > run.revision {
            violate(.revisionsWithoutGaps, "\(what) is of revision \(transition.revision), its run at \(run.revision)")
        }
        if transition.state == .succeeded, run.fold.status(of: transition.step) == .succeeded {
            violate(.succeedsOnce, what)
        }
        if transition.attempt > 0 {
            let attempt = RunLedger.Attempt(step: transition.step, attempt: transition.attempt)
            if run.outcomes[attempt] != nil { violate(.succeedsOnce, "\(what) is recorded twice") }
            state.runs[row.key]?.outcomes[attempt] = transition
            let kind = transition.failure?.kind.text ?? "success"
            world.cover("step running × \(kind) → \(transition.state.text)")
        } else {
            let failure = transition.failure
            let reason = failure.map { $0.code.isEmpty ? $0.kind.text : $0.code } ?? ""
            world.cover("step \(transition.state.text) (\(reason))")
        }
        state.runs[row.key]?.fold.fold(transition)
    }

    private mutating func place(_ batch: CommitBatch, _ outcome: CommitOutcome, _ state: inout Ledger.State) {
        let leased = Dictionary(
            outcome.leased.map { (StoreTransaction.Token(key: $0.fence.key, step: $0.fence.step), $0.fence) }
        ) { first, _ in first }
        for row in batch.ready where outcome.excluded[row.key] == nil {
            requireNone(row.key, row.step, &state)
            state.runs[row.key]?.tokens[row.step] = .ready
            if let fence = leased[StoreTransaction.Token(key: row.key, step: row.step)] {
                take(fence, "fast lease", &state)
            } else {
                world.cover(row.lease == nil ? "step pending × ready" : "step ready × fast lease refused")
            }
        }
        for timer in batch.timers {
            guard case .token(let row) = timer.kind, outcome.excluded[row.key] == nil else { continue }
            requireNone(row.key, row.step, &state)
            state.runs[row.key]?.tokens[row.step] = .timer(due: at + timer.delay)
        }
    }

    private mutating func requireNone(_ key: RunKey, _ step: Int32, _ state: inout Ledger.State) {
        if let token = state.runs[key]?.tokens[step] {
            violate(.tokensConserved, "\(key.run)/\(step) gets a second token, it is \(token.name)")
        }
    }

    /// Everything that must hold of a run after each of its commits.
    private mutating func check(_ key: RunKey, _ state: inout Ledger.State) {
        guard let run = state.runs[key] else { return }
        if run.lifecycle.isEnded {
            if !run.tokens.isEmpty {
                violate(.endedHasNoTokens, "\(key.run) is \(run.lifecycle) and has tokens \(run.tokens)")
            }
        } else if let discrepancy = run.discrepancy {
            violate(.tokensConserved, "\(key.run): \(discrepancy)")
        }
    }
}
