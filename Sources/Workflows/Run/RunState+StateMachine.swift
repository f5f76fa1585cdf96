import Expressions

extension RunState {
    /// Decides what an event does. On success the revision has risen by one and the effects are one transaction.
    ///
    /// - Parameters:
    ///   - now: Stamped on what is recorded.
    ///   - random: Spreads retries; uniform over all of `UInt64`.
    /// - Throws: `RunRejection` when the event has no effect; the state is unchanged.
    public mutating func apply(
        _ event: RunEvent, at now: Timestamp, random: UInt64
    ) throws(RunRejection) -> [RunEffect] {
        switch event {
        case .start:
            return try start(at: now)
        case .attemptSucceeded(let step, let attempt, let output):
            try requireLive(step)
            return succeed(step, attempt: attempt, output: output, at: now)
        case .attemptFailed(let step, let attempt, let failure):
            let failures = try requireLive(step)
            return fail(step, attempt: attempt, failure: failure, failures: failures + 1, at: now, random: random)
        case .cancel(let reason):
            try requireNotEnded()
            let failure = StepFailure(kind: .cancelled, message: reason, retryable: false)
            return stop(.cancelled, failure: failure, at: now)
        case .deadlinePassed:
            try requireNotEnded()
            let failure = StepFailure(
                kind: .timeout, code: "run_deadline", message: "the run's timeout has passed", retryable: false)
            return stop(.timedOut, failure: failure, at: now)
        }
    }

    /// Replays one recorded transition.
    public mutating func fold(_ transition: StepTransition) {
        revision = max(revision, transition.revision)
        guard statuses.indices.contains(Int(transition.step)) else { return }
        switch transition.state {
        case .succeeded:
            if let output = transition.output { keep(output, of: transition.step) }
            end(transition.step, as: .succeeded)
            release(dependentsOf: transition.step)
        case .failed:
            noteFailure(transition)
            end(transition.step, as: .failed)
        case .scheduled:
            let failures: Int32 = if case .live(let failures) = statuses[Int(transition.step)] { failures } else { 0 }
            statuses[Int(transition.step)] = .live(failures: failures + 1)
        case .skipped:
            end(transition.step, as: .skipped)
            if transition.failure?.code == Self.conditionFalse { release(dependentsOf: transition.step) }
        case .cancelled:
            end(transition.step, as: .cancelled)
        case .pending, .ready, .running, .waiting, .held, .lost:
            // Token moves and lost attempts are kept for people; the fold does not depend on them.
            break
        }
    }

    // MARK: - Start

    private mutating func start(at now: Timestamp) throws(RunRejection) -> [RunEffect] {
        guard lifecycle == .queued else {
            if lifecycle.isEnded { throw .ended(lifecycle) }
            throw .alreadyStarted
        }
        revision += 1
        lifecycle = .running
        markStarted()
        var effects: [RunEffect] = []
        if let timeout = plan.timeout { effects.append(.setDeadline(timeout)) }
        begin(plan.roots, at: now, into: &effects)
        endIfDone(&effects)
        return effects
    }

    mutating func markStarted() {
        for root in plan.roots { makeLive(root) }
    }

    // MARK: - Attempts

    private mutating func succeed(
        _ step: Int32, attempt: Int32, output: [UInt8], at now: Timestamp
    ) -> [RunEffect] {
        revision += 1
        let transition = StepTransition(
            step: step, attempt: attempt, state: .succeeded, output: output, at: now, revision: revision)
        keep(output, of: step)
        end(step, as: .succeeded)
        var effects = [RunEffect.record(transition)]
        begin(release(dependentsOf: step), at: now, into: &effects)
        endIfDone(&effects)
        return effects
    }

    private mutating func fail(
        _ step: Int32, attempt: Int32, failure: StepFailure, failures: Int32, at now: Timestamp, random: UInt64
    ) -> [RunEffect] {
        revision += 1
        if failure.retryable, let delay = plan.steps[Int(step)].retry.delay(failures: Int(failures), random: random) {
            statuses[Int(step)] = .live(failures: failures)
            let transition = StepTransition(
                step: step, attempt: attempt, state: .scheduled, failure: failure, retryDue: now + delay, at: now,
                revision: revision)
            return [.record(transition), .retry(step: step, attempt: attempt, delay: delay)]
        }
        let transition = StepTransition(
            step: step, attempt: attempt, state: .failed, failure: failure, at: now, revision: revision)
        noteFailure(transition)
        end(step, as: .failed)
        var effects = [RunEffect.record(transition)]
        skip(everythingAfter: step, at: now, into: &effects)
        endIfDone(&effects)
        return effects
    }

    // MARK: - Stop

    private mutating func stop(_ lifecycle: RunLifecycle, failure: StepFailure, at now: Timestamp) -> [RunEffect] {
        revision += 1
        let dropped = liveCount
        var effects: [RunEffect] = []
        if dropped > 0 { effects.append(.dropTokens(expected: dropped)) }
        for index in statuses.indices {
            guard case .live = statuses[index] else { continue }
            end(Int32(index), as: .cancelled)
            record(Int32(index), .cancelled, failure, at: now, into: &effects)
        }
        self.lifecycle = lifecycle
        self.failure = failure
        effects.append(.ended(lifecycle, failure: failure))
        return effects
    }

    private mutating func endIfDone(_ effects: inout [RunEffect]) {
        guard liveCount == 0 else { return }
        lifecycle = failure == nil ? .succeeded : .failed
        effects.append(.ended(lifecycle, failure: failure))
    }

    // MARK: - Conditions

    static let conditionFalse = "condition_false"

    /// Gives the released steps their tokens. A step whose condition is false is skipped, and counts as done for the
    /// steps that need it; one whose condition fails has failed.
    private mutating func begin(_ released: [Int32], at now: Timestamp, into effects: inout [RunEffect]) {
        var waiting = released
        var next = 0
        while next < waiting.count {
            let step = waiting[next]
            next += 1
            guard let condition = plan.steps[Int(step)].condition else {
                effects.append(.ready(step: step))
                continue
            }
            do {
                if try isWanted(condition) {
                    effects.append(.ready(step: step))
                    continue
                }
                let reason = StepFailure(
                    kind: .skipped, code: Self.conditionFalse, message: "its condition is false", retryable: false)
                record(step, .skipped, reason, at: now, into: &effects)
                end(step, as: .skipped)
                waiting += release(dependentsOf: step)
            } catch {
                let failure = StepFailure(
                    kind: .expression, code: "condition_failed", message: "if: \(error.message)", retryable: false)
                noteFailure(record(step, .failed, failure, at: now, into: &effects))
                end(step, as: .failed)
                skip(everythingAfter: step, at: now, into: &effects)
            }
        }
    }

    /// Appends what no attempt has caused.
    @discardableResult
    private mutating func record(
        _ step: Int32, _ state: StepState, _ failure: StepFailure, at now: Timestamp, into effects: inout [RunEffect]
    ) -> StepTransition {
        let transition = StepTransition(
            step: step, attempt: 0, state: state, failure: failure, at: now, revision: revision)
        effects.append(.record(transition))
        return transition
    }

    private mutating func keep(_ output: [UInt8], of step: Int32) {
        if plan.steps[Int(step)].isOutputRead { outputs[step] = output }
    }

    // MARK: - Steps

    private func requireNotEnded() throws(RunRejection) {
        if lifecycle.isEnded { throw .ended(lifecycle) }
    }

    private func requireActive() throws(RunRejection) {
        try requireNotEnded()
        if lifecycle == .queued { throw .notStarted }
    }

    @discardableResult
    private func requireLive(_ step: Int32) throws(RunRejection) -> Int32 {
        try requireActive()
        guard let status = status(of: step) else { throw .unknownStep }
        guard case .live(let failures) = status else { throw .stepNotLive(status) }
        return failures
    }

    private mutating func makeLive(_ step: Int32) {
        statuses[Int(step)] = .live(failures: 0)
        liveCount += 1
    }

    private mutating func end(_ step: Int32, as status: StepStatus) {
        switch statuses[Int(step)] {
        case .live: liveCount -= 1
        case .pending: break
        // Recorded once; a history that says it again changes nothing.
        case .succeeded, .failed, .skipped, .cancelled: return
        }
        statuses[Int(step)] = status
        endedCount += 1
    }

    /// Counts a success towards its dependents; answers those that became live.
    @discardableResult
    private mutating func release(dependentsOf step: Int32) -> [Int32] {
        var released: [Int32] = []
        for dependent in plan.steps[Int(step)].dependents {
            guard case .pending(let missing) = statuses[Int(dependent)] else { continue }
            if missing > 1 {
                statuses[Int(dependent)] = .pending(missing: missing - 1)
            } else {
                makeLive(dependent)
                released.append(dependent)
            }
        }
        return released
    }

    /// Whatever can no longer run, each step once: linear in what is skipped.
    private mutating func skip(everythingAfter step: Int32, at now: Timestamp, into effects: inout [RunEffect]) {
        var waiting = plan.steps[Int(step)].dependents
        while let next = waiting.popLast() {
            guard case .pending = statuses[Int(next)] else { continue }
            end(next, as: .skipped)
            let failure = StepFailure(
                kind: .skipped, code: "upstream_failed", message: "needs \(plan.steps[Int(step)].id), which failed",
                retryable: false)
            record(next, .skipped, failure, at: now, into: &effects)
            waiting += plan.steps[Int(next)].dependents
        }
    }

    private mutating func noteFailure(_ transition: StepTransition) {
        guard failure == nil, var first = transition.failure else { return }
        first.step = plan.steps[Int(transition.step)].id
        failure = first
    }
}
