import JSON

extension RunState {
    /// Whether a due time was set for the live or open step.
    func hasDue(_ step: Int32) -> Bool {
        guard let index = templateIndex(of: step) else { return false }
        if plan.steps[Int(index)].deadline != nil, item(of: step) == nil { return true }
        guard waits[step] != nil else { return false }
        switch plan.steps[Int(index)].kind {
        case .wait(let rule):
            return switch rule.until {
            case .duration, .time: true
            case .signal: rule.timeout != nil
            }
        case .approval(let rule): return (waits[step]?.passed ?? 0) < rule.stages.count
        case .task, .workflow, .choice, .emit: return false
        }
    }

    mutating func clearDue(_ step: Int32, _ turn: inout Turn) {
        guard hasDue(step), turn.effects.last != .clearDue(step: step) else { return }
        turn.effects.append(.clearDue(step: step))
    }

    /// What a step waited for has come: its token goes.
    mutating func endWait(_ step: Int32, _ turn: inout Turn) {
        turn.effects.append(.endWait(step: step))
    }

    // MARK: - Due

    mutating func passDue(of step: Int32, _ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        guard let status = status(of: step) else { throw .unknownStep }
        switch status {
        case .live, .open: break
        case .pending, .succeeded, .failed, .skipped, .cancelled: throw .stepNotLive(status)
        }
        guard hasDue(step), let template = template(of: step) else { throw .notWaiting }
        if case .approval(let rule) = template.kind, status != .open { try requireDue(step, rule, at: turn.now) }
        revision += 1
        switch template.kind {
        case .wait(let rule) where status != .open: passWait(step, rule, &turn)
        case .approval(let rule) where status != .open: passStage(of: step, rule, &turn)
        case .task, .workflow, .choice, .emit, .wait, .approval: passDeadline(of: step, template, &turn)
        }
    }

    private mutating func passWait(_ step: Int32, _ rule: WaitRule, _ turn: inout Turn) {
        endWait(step, &turn)
        guard case .signal = rule.until else { return succeed(step, output: JSONText.null.bytes, &turn) }
        let failure = StepFailure(
            kind: .timeout, code: "wait_timeout",
            message: "the signal \"\(waits[step]?.subject ?? "")\" did not come in time", retryable: false)
        switch rule.onTimeout {
        case .proceed, .approve: succeed(step, output: JSONText.null.bytes, aside: failure, &turn)
        case .fail, .reject: failForGood(step, failure: failure, &turn)
        }
    }

    /// The time over all attempts, or all items, is up.
    private mutating func passDeadline(of step: Int32, _ template: PlanStep, _ turn: inout Turn) {
        let failure = StepFailure(
            kind: .timeout, code: "step_deadline",
            message: "the step's deadline of \(template.deadline?.shortText ?? "") has passed", retryable: false)
        turn.effects.append(.clearDue(step: step))
        var steps = [step]
        if case .open = statuses[Int(step)], let position = expansionOf[step] {
            let expansion = expansions[position]
            steps = Array(expansion.base..<expansion.base + expansion.count)
        }
        abandon(steps, failure, keeping: step, &turn)
        failForGood(step, failure: failure, &turn)
    }

    // MARK: - Signals and children

    mutating func take(_ signal: RunSignal, _ turn: inout Turn) throws(RunRejection) {
        try requireNotEnded()
        guard !signals.knows(signal.id) else { throw .repeatedSignal }
        guard signals.count < RunSignal.mostKept else { throw .tooManySignals }
        revision += 1
        let waiting = signals.waiting[signal.name]?.first
        record(Self.signalLine, .signalled, output: signal.json.bytes(), &turn)
        guard let waiting else { return }
        endWait(waiting, &turn)
        succeed(waiting, output: signal.payload, &turn)
    }

    mutating func endChild(
        of step: Int32, _ outcome: ChildOutcome, _ turn: inout Turn
    ) throws(RunRejection) {
        try requireWait(step, .child)
        revision += 1
        endWait(step, &turn)
        switch outcome {
        case .succeeded(let output): succeed(step, output: output, &turn)
        case .failed(let failure):
            var failure = failure
            failure.retryable = false
            failForGood(step, failure: failure, &turn)
        }
    }
}
