import JSON

extension RunState {
    /// Decides what an event does. On success the revision has risen, by one at least and by one for each line that is
    /// recorded, and the effects are one transaction.
    ///
    /// - Parameters:
    ///   - now: Stamped on what is recorded.
    ///   - random: Spreads retries; uniform over all of `UInt64`.
    /// - Throws: `RunRejection` when the event has no effect; the state is unchanged.
    public mutating func apply(
        _ event: RunEvent, at now: Timestamp, random: UInt64
    ) throws(RunRejection) -> [RunEffect] {
        var turn = Turn(now: now, random: random)
        switch event {
        case .start: try start(&turn)
        case .attemptSucceeded(let step, let attempt, let output):
            try requireTask(step)
            revision += 1
            succeed(step, attempt: attempt, output: output, &turn)
        case .attemptFailed(let step, let attempt, let failure):
            let failures = try requireTask(step)
            revision += 1
            fail(step, attempt: attempt, failure: failure, failures: failures + 1, &turn)
        case .cancel(let reason, let force): try cancel(reason: reason, force: force, &turn)
        case .deadlinePassed: try passDeadline(&turn)
        case .stepDue(let step): try passDue(of: step, &turn)
        case .signal(let signal): try take(signal, &turn)
        case .decided(let step, let decision): try decide(step, decision, &turn)
        case .childEnded(let step, let outcome): try endChild(of: step, outcome, &turn)
        case .outcome(let step, let answer): try take(answer, for: step, &turn)
        case .pause: try pause(&turn)
        case .resume: try resume(&turn)
        case .reopen(let reopening): try reopen(reopening, &turn)
        case .carry(let carried): try carry(carried, &turn)
        }
        proceed(&turn)
        return turn.effects
    }

    static let conditionFalse = "condition_false"
    /// The step is behind a switch that chose another case.
    static let notChosen = "not_chosen"
    static let upstreamFailed = "upstream_failed"

    // MARK: - What is asked of the run

    func requireNotEnded() throws(RunRejection) {
        if lifecycle.isEnded { throw .ended(lifecycle) }
    }

    private func requireActive() throws(RunRejection) {
        try requireNotEnded()
        if lifecycle == .queued { throw .notStarted }
    }

    /// Answers how many attempts of the live step have failed.
    @discardableResult
    func requireLive(_ step: Int32) throws(RunRejection) -> Int32 {
        try requireActive()
        guard let status = status(of: step) else { throw .unknownStep }
        guard case .live(let failures) = status else { throw .stepNotLive(status) }
        return failures
    }

    @discardableResult
    private func requireTask(_ step: Int32) throws(RunRejection) -> Int32 {
        let failures = try requireLive(step)
        guard waits[step] == nil else { throw .stepNotLive(statuses[Int(step)]) }
        return failures
    }

    func requireWait(_ step: Int32, _ kind: WaitRequest.Kind) throws(RunRejection) {
        try requireLive(step)
        guard waits[step]?.kind == kind else { throw .notWaiting }
    }

    // MARK: - Start and attempts

    private mutating func start(_ turn: inout Turn) throws(RunRejection) {
        guard lifecycle == .queued else {
            if lifecycle.isEnded { throw .ended(lifecycle) }
            throw .alreadyStarted
        }
        revision += 1
        lifecycle = .running
        if let timeout = plan.timeout { turn.effects.append(.setDeadline(timeout)) }
        guard waitingReopening.isEmpty else { return goOn(&turn) }
        markStarted()
        turn.follows.released = plan.roots(of: stage)
    }

    mutating func succeed(
        _ step: Int32, attempt: Int32 = 0, output: [UInt8], aside: StepFailure? = nil, _ turn: inout Turn
    ) {
        clearDue(step, &turn)
        record(step, .succeeded, attempt: attempt, output: output, failure: aside, &turn)
    }

    private mutating func fail(
        _ step: Int32, attempt: Int32, failure: StepFailure, failures: Int32, _ turn: inout Turn
    ) {
        let retry = template(of: step)?.retry ?? .never
        if failure.retryable, let delay = retry.delay(failures: Int(failures), random: turn.random) {
            record(step, .scheduled, attempt: attempt, failure: failure, retryDue: turn.now + delay, &turn)
            turn.effects.append(.retry(step: step, attempt: attempt, delay: delay))
        } else {
            failForGood(step, attempt: attempt, failure: failure, &turn)
        }
    }

    /// A handler takes the failure, or the step has failed.
    mutating func failForGood(_ step: Int32, attempt: Int32 = 0, failure: StepFailure, _ turn: inout Turn) {
        clearDue(step, &turn)
        if let handler = handler(for: failure, of: step) {
            record(
                step, .expanded, attempt: attempt > 0 ? attempt : -2,
                output: expansion("handler", .int(Int64(handler))), failure: failure, &turn)
            return
        }
        record(step, .failed, attempt: attempt, failure: failure, &turn)
    }

    /// Failures of the clean-up, of items and of handlers' own steps have no handler; no failure has two.
    private func handler(for failure: StepFailure, of step: Int32) -> Int? {
        guard stage != .finally, step < plan.steps.count, stopping == nil else { return nil }
        if let position = expansionOf[step], case .handler = expansions[position].kind { return nil }
        return plan.handlers.firstIndex { $0.takes(failure, of: step) }
    }

    // MARK: - Recording

    /// Appends a line to the history and does to the state what it says.
    mutating func record(
        _ step: Int32, _ state: StepState, attempt: Int32 = 0, output: [UInt8]? = nil, failure: StepFailure? = nil,
        retryDue: Timestamp? = nil, _ turn: inout Turn
    ) {
        // Each line has a revision of its own: stores give them back in that order, and the fold depends on it.
        if turn.hasRecorded { revision += 1 }
        turn.hasRecorded = true
        let transition = StepTransition(
            step: step, attempt: attempt, state: state, output: output, failure: failure, retryDue: retryDue,
            at: turn.now, revision: revision)
        turn.effects.append(.record(transition))
        if !outcomeKeys.isEmpty { settleOutcome(of: transition, &turn) }
        replay(transition, into: &turn.follows)
    }

    /// Does what follows from what was recorded, until nothing does.
    private mutating func proceed(_ turn: inout Turn) {
        repeat {
            drain(&turn)
        } while !lifecycle.isEnded && awaitedCount == 0 && leaveStage(&turn)
    }

    private mutating func drain(_ turn: inout Turn) {
        while !lifecycle.isEnded {
            if let (step, need) = turn.follows.spoiled.popLast() {
                skip(step, lacking: need, &turn)
            } else if turn.follows.begun < turn.follows.released.count {
                turn.follows.begun += 1
                begin(turn.follows.released[turn.follows.begun - 1], &turn)
            } else if let owner = turn.follows.settled.popLast() {
                conclude(owner, &turn)
            } else {
                return
            }
        }
    }

    private mutating func skip(_ step: Int32, lacking need: Int32, _ turn: inout Turn) {
        guard case .pending = statuses[Int(step)] else { return }
        let failure = StepFailure(
            kind: .skipped, code: Self.upstreamFailed, message: "needs \(name(of: need) ?? "a step"), which failed",
            retryable: false)
        record(step, .skipped, failure: failure, &turn)
    }
}
