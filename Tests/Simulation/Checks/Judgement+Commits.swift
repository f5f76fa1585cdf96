import Engine
import JSON
import TestSupport
import Workflows

extension Judgement {
    /// Answers the runs that it touches.
    mutating func commit(
        _ batch: CommitBatch, _ outcome: CommitOutcome, _ state: inout Ledger.State
    ) -> [RunKey] {
        let excluded = outcome.excluded
        for exclusion in excluded.values { world.cover("commit excludes \(exclusion.what)") }
        var touched: [RunKey] = []
        for start in batch.starts where excluded[start.key] == nil {
            touched.append(start.key)
            begin(start, &state)
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
        for step in batch.endedWaits where excluded[step.run] == nil {
            if state.runs[step.run]?.tokens[step.step] != .waiting {
                violate(.tokensConserved, "\(step.run.run)/\(step.step) ends a wait and does not wait")
            }
            state.runs[step.run]?.tokens[step.step] = nil
        }
        // Before the drops: a run may end in the commit that starts it.
        for key in batch.admitted where excluded[key] == nil {
            let token = state.runs[key]?.tokens.removeValue(forKey: HeldRow.run)
            if token != .admitted { violate(.limitsHold, "\(key.run) starts, and is \(token?.name ?? "not queued")") }
            world.cover("run queued × start")
            requireRunSlot(key, state)
        }
        let dropped = Set(outcome.dropped)
        for drop in batch.drops where excluded[drop.key] == nil { take(drop, dropped, &state) }
        for release in batch.releases where excluded[release.key] == nil {
            state.runs[release.key]?.occupied.remove(release.step)
        }
        for row in batch.transitions where excluded[row.key] == nil {
            note(row, after: revisions[row.key] ?? 0, &state)
        }
        place(batch, outcome, &state)
        for pause in batch.pauses where excluded[pause.key] == nil {
            world.cover("run \(pause.isPaused ? "running × pause" : "paused × resume")")
        }
        for key in batch.firedRunTimers {
            let lifecycle = state.runs[key]?.lifecycle
            world.cover("run \(revisions[key] == nil ? lifecycle?.text ?? "none" : "running") × deadline")
        }
        for id in batch.appliedInbox where excluded[id.key] == nil {
            world.cover("run \(revisions[id.key] == nil ? "ended" : "running") × message")
        }
        return touched
    }

    private mutating func begin(_ start: RunStart, _ state: inout Ledger.State) {
        guard state.runs[start.key] == nil, let plan = plans[start.flow] else {
            return violate(.acknowledgedRunKept, "\(start.key.run) is started over itself")
        }
        state.runs[start.key] = RunLedger(plan: plan, key: start.key, start: start)
        if start.state.isEnded { world.cover("run none × start that ends") }
        if start.state == .queued { world.cover("run none × start that waits") }
        if start.parent != nil { world.cover("run none × start by a parent") }
        if start.state == .running, plan.limit != nil || plan.pacing != nil {
            violate(.limitsHold, "\(start.key.run) has a limit, and starts without a slot")
        }
    }

    /// Tokens of the run go; whoever holds one is told.
    private mutating func take(_ drop: TokenDrop, _ dropped: Set<AttemptFence>, _ state: inout Ledger.State) {
        guard let run = state.runs[drop.key] else { return }
        let event =
            if !drop.steps.isEmpty { "drop" } else if run.lifecycle == .cancelled { "cancel" } else { "deadline" }
        for (step, token) in run.tokens.sorted(by: { $0.key < $1.key })
        where drop.steps.isEmpty || drop.steps.contains(step) {
            world.cover("step \(token.name) × \(event)")
            if case .leased(let fence) = token, !dropped.contains(fence) {
                violate(.endedHasNoTokens, "\(name(fence)) outlives its step, which is dropped")
            }
            state.runs[drop.key]?.tokens[step] = nil
            state.runs[drop.key]?.occupied.remove(step)
        }
        for step in drop.steps where run.tokens[step] == nil {
            violate(.tokensConserved, "\(drop.key.run)/\(step) is dropped and has no token")
        }
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
        if run.lifecycle == .queued, advance.state != .queued, !advance.state.isEnded {
            state.runs[advance.key]?.begin()
        }
        if advance.state != .paused { state.runs[advance.key]?.begunBefore = [] }
        state.runs[advance.key]?.revision = advance.revision
        state.runs[advance.key]?.lifecycle = advance.state
        if let ending = advance.ending { state.runs[advance.key]?.output = ending.output }
        world.cover("run \(run.lifecycle.text) → \(advance.state.text)")
    }

    // MARK: History

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
        if transition.state == .signalled { keep(transition, of: run, &state) }
        if transition.state == .succeeded, transition.attempt <= 0 { requireChild(transition, of: run, state) }
        state.runs[row.key]?.record(transition)
    }

    private mutating func keep(_ transition: StepTransition, of run: RunLedger, _ state: inout Ledger.State) {
        let value = transition.output.flatMap { try? JSONValue(parsing: $0) }
        guard let id = value?["id"]?.stringValue, state.runs[run.key]?.signals.insert(id).inserted == true else {
            return violate(.signalsOnce, "\(run.key.run) has a signal twice, or one without an id")
        }
    }

    /// A step that ran a child has the child's output.
    private mutating func requireChild(_ transition: StepTransition, of run: RunLedger, _ state: Ledger.State) {
        guard let wait = run.fold.waits[transition.step], wait.kind == .child, let id = RunID(wait.subject) else {
            return
        }
        let child = state.runs[RunKey(tenant: run.key.tenant, run: id)]
        if child?.lifecycle != .succeeded || child?.output != transition.output {
            violate(
                .parentIsTold,
                "\(run.key.run)/\(transition.step) succeeds; its child \(id) is \(child?.lifecycle.text ?? "missing")")
        }
        world.cover("step waiting × child succeeded")
    }

    // MARK: New tokens

    private mutating func place(_ batch: CommitBatch, _ outcome: CommitOutcome, _ state: inout Ledger.State) {
        let leased = Dictionary(
            outcome.leased.map { (StoreTransaction.Token(key: $0.fence.key, step: $0.fence.step), $0.fence) }
        ) { first, _ in first }
        let excluded = outcome.excluded
        for row in batch.delayed where excluded[row.token.key] == nil { put(row.token, .held, [], &state) }
        for row in batch.held where excluded[row.token.key] == nil {
            put(row.token, .held, [row.limit, row.joint], &state)
        }
        for row in batch.ready where excluded[row.key] == nil {
            put(row, .ready, [], &state)
            if state.runs[row.key]?.limits(of: row.step).isEmpty == false {
                violate(.limitsHold, "\(row.key.run)/\(row.step) has a limit, and is ready without a slot")
            }
            if let fence = leased[StoreTransaction.Token(key: row.key, step: row.step)] {
                take(fence, "fast lease", &state)
            } else {
                world.cover(row.lease == nil ? "step pending × ready" : "step ready × fast lease refused")
            }
        }
        for timer in batch.timers {
            guard case .token(let row) = timer.kind, excluded[row.key] == nil else { continue }
            // When a turn under a rate comes, only the store knows.
            let due = timer.rate == nil ? at + timer.delay : at
            put(row, .timer(due: due), [timer.limit, timer.joint], &state)
            if timer.rate != nil { world.cover("step pending × rate") }
        }
        for row in batch.waits where excluded[row.step.run] == nil {
            requireNone(row.step.run, row.step.step, &state)
            state.runs[row.step.run]?.tokens[row.step.step] = .waiting
            world.cover("step pending × wait for \(row.request.kind.text)")
        }
        for timer in batch.parked {
            guard case .token(let row) = timer.kind, excluded[row.key] == nil else { continue }
            put(row, .parked, [timer.limit, timer.joint], &state)
            world.cover("run paused × new token")
        }
    }

    private mutating func put(
        _ row: ReadyRow, _ token: RunLedger.Token, _ limits: [Limit?], _ state: inout Ledger.State
    ) {
        requireNone(row.key, row.step, &state)
        state.runs[row.key]?.tokens[row.step] = token
        state.runs[row.key]?.places[row.step] = (row.bucket, row.rank)
        let limits = limits.compactMap(\.self)
        guard row.step >= 0, !limits.isEmpty else { return }
        state.runs[row.key]?.slots[row.step] = limits.map { RunLedger.Slot(limit: $0.id, slots: $0.slots) }
        if state.runs[row.key]?.limits(of: row.step) != Set(limits.map(\.id)) {
            violate(.limitsHold, "\(row.key.run)/\(row.step) waits for \(limits.map(\.name)), which are not its limits")
        }
    }

    private mutating func requireNone(_ key: RunKey, _ step: Int32, _ state: inout Ledger.State) {
        if let token = state.runs[key]?.tokens[step] {
            violate(.tokensConserved, "\(key.run)/\(step) gets a second token, it is \(token.name)")
        }
    }

    /// Everything that must hold of a run after each of its commits.
    mutating func check(_ key: RunKey, _ state: inout Ledger.State) {
        guard let run = state.runs[key] else { return }
        if run.lifecycle.isEnded {
            if !run.tokens.isEmpty {
                violate(.endedHasNoTokens, "\(key.run) is \(run.lifecycle) and has tokens \(run.tokens)")
            }
            if !run.occupied.isEmpty {
                violate(.limitsHold, "\(key.run) is \(run.lifecycle), and its steps \(run.occupied) have slots")
            }
        } else if let discrepancy = run.discrepancy {
            violate(.tokensConserved, "\(key.run): \(discrepancy)")
        } else if let step = run.unparked {
            violate(.pauseHolds, "\(key.run)/\(step) is \(run.place(of: step)) in a paused run")
        }
        for step in run.occupied where run.tokens[step] == nil {
            violate(.limitsHold, "\(key.run)/\(step) has a slot and no token")
        }
    }
}

extension CommitOutcome.Exclusion {
    fileprivate var what: String {
        switch self {
        case .lostRace: "a lost race"
        case .staleFences: "a stale fence"
        case .duplicate: "a duplicate"
        case .refused: "a refused run"
        case .conflict: "a conflict"
        case .throttled: "a throttled run"
        case .overQuota: "a run over quota"
        }
    }
}
