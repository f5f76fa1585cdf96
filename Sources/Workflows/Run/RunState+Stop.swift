import JSON

extension RunState {
    // MARK: - Stages

    /// Nothing of the stage is left to wait for: the next one, or the end. Answers whether another stage began.
    mutating func leaveStage(_ turn: inout Turn) -> Bool {
        guard lifecycle != .queued else { return false }
        stopLeftovers(&turn)
        switch stage {
        case .setup where failure == nil: enter(.main, &turn)
        case .setup, .main:
            guard !plan.parts.finally.isEmpty else {
                finish(stopped: stopping, &turn)
                return false
            }
            enter(.finally, &turn)
        case .finally:
            finish(stopped: stopping, &turn)
            return false
        }
        return true
    }

    private mutating func enter(_ next: RunStage, stopping: StepFailure? = nil, _ turn: inout Turn) {
        // No two of these lines have one key, however many stages an event passes.
        let line: Int32 =
            switch next {
            case .setup: 0
            case .main: -1
            case .finally: stopping == nil ? -2 : -3
            }
        record(
            Self.stageLine, .entered, attempt: line, output: JSONValue.string(next.rawValue).bytes(), failure: stopping,
            &turn)
    }

    /// What ran in the background is no longer wanted.
    private mutating func stopLeftovers(_ turn: inout Turn) {
        guard liveCount > 0 else { return }
        let reason = StepFailure(
            kind: .cancelled, code: "background", message: "the run no longer waits for it", retryable: false)
        abandon(activeSteps, reason, &turn)
    }

    private mutating func finish(stopped reason: StepFailure?, _ turn: inout Turn) {
        if let reason {
            lifecycle = reason.kind == .timeout ? .timedOut : .cancelled
            failure = reason
        } else {
            lifecycle = failure == nil ? .succeeded : .failed
        }
        var output: [UInt8]?
        if lifecycle == .succeeded {
            do {
                output = try makeOutput()
            } catch {
                lifecycle = .failed
                failure = StepFailure(
                    kind: .invalid, code: "output_invalid", message: "the run's output cannot be made: \(error)",
                    retryable: false)
            }
        }
        turn.effects.append(.ended(lifecycle, output: output, failure: failure))
    }

    // MARK: - Stop

    mutating func cancel(reason: String, force: Bool, _ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        let failure = StepFailure(kind: .cancelled, message: reason, retryable: false)
        stop(failure, atOnce: force || lifecycle == .cancelling, &turn)
    }

    mutating func passDeadline(_ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        // Its clean-up runs: that the run is late changes nothing any more.
        guard lifecycle != .cancelling else { throw .stopping }
        let failure = StepFailure(
            kind: .timeout, code: "run_deadline", message: "the run's timeout has passed", retryable: false)
        stop(failure, atOnce: false, &turn)
    }

    private mutating func stop(_ reason: StepFailure, atOnce: Bool, _ turn: inout Turn) {
        revision += 1
        guard lifecycle != .queued, !plan.parts.finally.isEmpty, !atOnce else {
            if liveCount > 0 { turn.effects.append(.dropTokens(expected: liveCount)) }
            cancel(activeSteps, reason, &turn)
            finish(stopped: stopping ?? reason, &turn)
            return
        }
        let isPaused = lifecycle == .paused
        lifecycle = .cancelling
        if stage != .finally {
            abandon(activeSteps, reason, &turn)
        } else if isPaused {
            // The clean-up has begun already, and nobody could resume it any more.
            turn.effects.append(.resumeTokens)
        }
        enter(.finally, stopping: reason, &turn)
    }

    /// Live and open steps, in order.
    private var activeSteps: [Int32] {
        statuses.indices.filter {
            switch statuses[$0] {
            case .live, .open: true
            case .pending, .succeeded, .failed, .skipped, .cancelled: false
            }
        }.map(Int32.init)
    }

    /// Live steps lose their tokens and are cancelled, all but one whose own record follows.
    mutating func abandon(
        _ steps: [Int32], _ reason: StepFailure, keeping kept: Int32? = nil, _ turn: inout Turn
    ) {
        let live = steps.filter { if case .live = statuses[Int($0)] { true } else { false } }
        if !live.isEmpty { turn.effects.append(.dropSteps(live)) }
        cancel(steps, reason, keeping: kept, &turn)
    }

    private mutating func cancel(
        _ steps: [Int32], _ reason: StepFailure, keeping kept: Int32? = nil, _ turn: inout Turn
    ) {
        for step in steps {
            switch statuses[Int(step)] {
            case .live, .open:
                if waits[step]?.kind == .child, case .workflow(let rule)? = template(of: step)?.kind,
                    rule.onParentCancel == .cancel, let child = context.child(of: step, generation: generation)
                {
                    turn.effects.append(.cancelChild(child, reason: reason.message))
                }
                if case .open = statuses[Int(step)] { clearDue(step, &turn) }
                if step != kept { record(step, .cancelled, failure: reason, &turn) }
            case .pending, .succeeded, .failed, .skipped, .cancelled: break
            }
        }
    }

    // MARK: - Pause

    mutating func pause(_ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        switch lifecycle {
        case .running: break
        case .queued: throw .notStarted
        case .cancelling: throw .stopping
        case .paused, .succeeded, .failed, .cancelled, .timedOut: throw .alreadyPaused
        }
        revision += 1
        lifecycle = .paused
        turn.effects.append(.pauseTokens)
    }

    mutating func resume(_ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        guard lifecycle == .paused else { throw .notPaused }
        revision += 1
        lifecycle = .running
        turn.effects.append(.resumeTokens)
    }
}
