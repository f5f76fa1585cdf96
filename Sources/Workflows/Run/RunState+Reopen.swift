import JSON

/// A run that has failed goes on. Its failed steps, and those that were skipped because of them, begin anew; the clean-up
/// runs once more at the end. What has succeeded stays.
extension RunState {
    /// Attempts that left no line in the history (a deadline took them away) are far fewer than this.
    private static let unrecordedAttempts: Int32 = 500

    /// Throws why the run cannot be reopened so.
    public func requireReopenable(_ reopening: Reopening) throws(RunRejection) {
        guard generation == reopening.generation else { throw .reopened }
        guard lifecycle.isEnded else { throw .notEnded }
        guard lifecycle == .failed else { throw .notFailed(lifecycle) }
        let failed = failedSteps
        guard !failed.isEmpty else { throw .nothingFailed }
        let beginning = Set(failed.flatMap { reopenedItems(of: $0)?.steps ?? [$0] })
        for step in reopening.inputs.keys.sorted() {
            guard beginning.contains(step), let template = template(of: step), template.isTask,
                template.fanOut == nil || item(of: step) != nil
            else { throw .noInput(step: step) }
        }
    }

    mutating func reopen(_ reopening: Reopening, _ turn: inout Turn) throws(RunRejection) {
        try requireReopenable(reopening)
        revision += 1
        turn.effects.append(.reopened(by: reopening.by))
        // A name that could be made when the run started can be made now: it is made of the run's input.
        guard (try? runLimitName()) == nil else {
            lifecycle = .queued
            record(Self.stageLine, .reopened, attempt: -4, output: line(reopening, waits: true), &turn)
            return
        }
        lifecycle = .running
        let failed = failedSteps
        if let timeout = plan.timeout { turn.effects.append(.setDeadline(timeout)) }
        record(Self.stageLine, .reopened, attempt: -4, output: line(reopening), &turn)
        setDues(of: failed, &turn)
    }

    /// A reopened run has got its slot: now it does what the reopening says.
    mutating func goOn(_ turn: inout Turn) {
        let failed = failedSteps
        let stage = stage(reopening: failed)
        record(
            Self.stageLine, .entered, attempt: stage == .setup ? 0 : -1,
            output: JSONValue.string(stage.rawValue).bytes(), &turn)
        setDues(of: failed, &turn)
    }

    /// Those whose items begin anew do not begin themselves.
    private func setDues(of failed: [Int32], _ turn: inout Turn) {
        for step in failed {
            guard case .open? = status(of: step), let deadline = template(of: step)?.deadline else { continue }
            turn.effects.append(.setDue(step: step, deadline))
        }
    }

    private func stage(reopening failed: [Int32]) -> RunStage {
        failed.contains { plan.stage(of: $0) == .setup } ? .setup : .main
    }

    private func line(_ reopening: Reopening, waits: Bool = false) -> [UInt8] {
        let floor = ((highestAttempt + Self.unrecordedAttempts) / 1000 + 1) * 1000
        let inputs = reopening.inputs.sorted { $0.key < $1.key }.map { step, input in
            (String(step), (try? JSONValue(parsing: input)) ?? .null)
        }
        var members: [(String, JSONValue)] = [
            ("generation", .int(Int64(generation + 1))), ("after", .int(Int64(floor))),
            ("by", .string(reopening.by)), ("inputs", .object(inputs)),
        ]
        if waits { members.append(("waits", .bool(true))) }
        return JSONValue.object(members).bytes()
    }

    /// Replays what `reopen` records: at once, or, where the run waits for a slot, what of it counts from now on.
    mutating func reopen(_ transition: StepTransition, into follows: inout Consequences) {
        guard let output = transition.output, let value = try? JSONValue(parsing: output) else { return }
        generation += 1
        if value["waits"] == .bool(true) {
            waitingReopening = [transition]
        } else {
            begin(reopening: value, into: &follows)
        }
    }

    /// Replays what `goOn` records; answers whether it did.
    mutating func leaveLine(into follows: inout Consequences) -> Bool {
        guard let transition = waitingReopening.popLast(), let output = transition.output,
            let value = try? JSONValue(parsing: output)
        else { return false }
        begin(reopening: value, into: &follows)
        return true
    }

    private mutating func begin(reopening value: JSONValue, into follows: inout Consequences) {
        guard let floor = value["after"]?.intValue else { return }
        attemptFloor = Int32(clamping: floor)
        failure = nil
        if case .object(let inputs)? = value["inputs"] {
            for (step, input) in inputs { if let step = Int32(step) { editedInputs[step] = input.bytes() } }
        }
        let failed = failedSteps
        stage = stage(reopening: failed)
        for step in plan.parts.finally { forget(step) }
        var released: [Int32] = []
        for step in failed { released += reopen(step) }
        let reset = plan.steps.indices.map(Int32.init).filter { spoiled.contains($0) && isReopenable($0) }
        for step in reset { forget(step) }
        recount()
        follows.released += released
    }

    /// Steps of the plan that have failed and that the run waits for; those of the clean-up are begun anew in any case.
    private var failedSteps: [Int32] {
        plan.steps.indices.map(Int32.init).filter { statuses[Int($0)] == .failed && isReopenable($0) }
    }

    private func isReopenable(_ step: Int32) -> Bool {
        guard let stage = plan.stage(of: step), stage != .finally else { return false }
        return plan.steps[Int(step)].isAwaited
    }

    /// The failed items of a failed step, if it failed because of them.
    public func reopenedItems(of step: Int32) -> (position: Int, steps: [Int32])? {
        guard status(of: step) == .failed else { return nil }
        for position in expansions.indices.reversed() where expansions[position].owner == step {
            guard case .items = expansions[position].kind else { continue }
            let expansion = expansions[position]
            guard expansion.failure != nil, expansion.unended == 0 else { return nil }
            return (
                position,
                (expansion.base..<expansion.base + expansion.count).filter { statuses[Int($0)] == .failed }
            )
        }
        return nil
    }

    /// Answers what begins.
    private mutating func reopen(_ step: Int32) -> [Int32] {
        guard let (position, items) = reopenedItems(of: step), !items.isEmpty else {
            endedCount -= 1
            makeLive(step)
            return [step]
        }
        endedCount -= 1 + items.count
        statuses[Int(step)] = .open
        awaitedCount += 1
        expansionOf[step] = position
        expansions[position].failure = nil
        expansions[position].failed = nil
        expansions[position].unended = Int32(items.count)
        let room = template(of: step)?.fanOut?.maxParallel ?? items.count
        for item in items { statuses[Int(item)] = .pending(missing: 0) }
        for item in items.prefix(room) { makeLive(item) }
        expansions[position].again = items.dropFirst(room)
        return Array(items.prefix(room))
    }

    /// The step has not begun yet.
    private mutating func forget(_ step: Int32) {
        if statuses[Int(step)].isEnded { endedCount -= 1 }
        statuses[Int(step)] = plan.steps[Int(step)].initialStatus
        outputs[step] = nil
        spoiled.remove(step)
        expansionOf[step] = nil
    }

    /// Counts anew what steps wait for.
    private mutating func recount() {
        for range in [plan.parts.setup, plan.parts.main] {
            for step in range {
                guard case .pending = statuses[Int(step)] else { continue }
                let planned = plan.steps[Int(step)]
                let well = planned.needs.count { statuses[Int($0)] == .succeeded || isSkippedWell($0) }
                let badly = planned.needs.count { statuses[Int($0)] == .failed || spoiled.contains($0) }
                let wanted = planned.join.wanted(of: planned.needs.count)
                statuses[Int(step)] = .pending(
                    missing: Int32(wanted - well), spare: Int32(planned.needs.count - wanted - badly))
            }
        }
    }

    private func isSkippedWell(_ step: Int32) -> Bool {
        statuses[Int(step)] == .skipped && !spoiled.contains(step)
    }
}
