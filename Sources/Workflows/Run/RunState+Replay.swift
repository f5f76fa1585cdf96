import JSON

extension RunState {
    /// Replays one recorded transition.
    public mutating func fold(_ transition: StepTransition) {
        var follows = Consequences()
        replay(transition, into: &follows)
    }

    /// Changes the state as a transition says.
    mutating func replay(_ transition: StepTransition, into follows: inout Consequences) {
        revision = max(revision, transition.revision)
        highestAttempt = max(highestAttempt, transition.attempt)
        let step = transition.step
        if step == Self.signalLine, let signal = RunSignal(recorded: transition) { return signals.keep(signal) }
        if step == Self.stageLine { return enter(transition, into: &follows) }
        guard statuses.indices.contains(Int(step)) else { return }
        switch transition.state {
        case .succeeded: replaySuccess(transition, into: &follows)
        case .failed:
            guard end(step, as: .failed) else { return }
            settle(step, well: false, failure: transition.failure, into: &follows)
        case .scheduled:
            let failures: Int32 = if case .live(let failures) = statuses[Int(step)] { failures } else { 0 }
            statuses[Int(step)] = .live(failures: failures + 1)
        case .skipped:
            guard end(step, as: .skipped) else { return }
            let code = transition.failure?.code
            let well = code == Self.conditionFalse || code == Self.notChosen
            if !well { spoiled.insert(step) }
            settle(step, well: well, failure: transition.failure, into: &follows)
        case .cancelled:
            end(step, as: .cancelled)
        case .expanded: expand(transition, into: &follows)
        case .waiting:
            guard let wait = WaitRequest(recorded: transition) else { return }
            waits[step] = wait
            if wait.kind == .outcome { outcomeKeys[step] = wait.subject }
            if wait.kind == .signal { signals.wait(step, for: wait.subject) }
        case .decided:
            guard let decision = ApprovalDecision(recorded: transition) else { return }
            decisions[step, default: []].append(decision)
        case .ready:
            // No outcome was found: the step runs.
            if waits[step]?.kind == .outcome { waits[step] = nil }
        case .pending, .running, .held, .lost, .signalled, .entered, .reopened, .carried:
            // Token moves and lost attempts are kept for people; the fold does not depend on them.
            break
        }
    }

    private mutating func replaySuccess(_ transition: StepTransition, into follows: inout Consequences) {
        let step = transition.step
        // With a failure beside it, the wait is over for another reason than its signal.
        let taken = transition.failure == nil ? waits[step].flatMap { $0.kind == .signal ? $0.subject : nil } : nil
        guard end(step, as: .succeeded) else { return }
        if let taken { signals.drop(taken) }
        if let output = transition.output, isOutputKept(step) { outputs[step] = output }
        if !carried.isEmpty { carried[step] = nil }
        settle(step, well: true, failure: nil, into: &follows)
    }

    /// An item's output is kept until the list is whole.
    private func isOutputKept(_ step: Int32) -> Bool {
        guard let index = templateIndex(of: step) else { return false }
        return index != step && item(of: step) != nil || plan.steps[Int(index)].isOutputRead
    }

    /// A stage begins, or the run is told to stop.
    private mutating func enter(_ transition: StepTransition, into follows: inout Consequences) {
        if transition.state == .reopened { return reopen(transition, into: &follows) }
        if transition.state == .carried { return carry(transition) }
        if !waitingReopening.isEmpty, transition.state == .entered, leaveLine(into: &follows) { return }
        guard let output = transition.output, let name = try? JSONValue(parsing: output).stringValue,
            let entered = RunStage(rawValue: name)
        else { return }
        if let failure = transition.failure, stopping == nil { stopping = failure }
        guard entered != stage else { return }
        stage = entered
        for root in plan.roots(of: stage) {
            makeLive(root)
            follows.released.append(root)
        }
    }

    mutating func markStarted() {
        for root in plan.roots(of: stage) { makeLive(root) }
    }

    /// What is recorded of an expansion: the number of its first step, and its items or its handler.
    func expansion(_ kind: String, _ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{")
        writer.key("base")
        writer.integer(Int64(statuses.count))
        writer.raw(",")
        writer.key(kind)
        writer.value(value)
        writer.raw("}")
        return writer.bytes
    }

    /// Gives a step its items, or a handler's steps, as numbers after all others.
    private mutating func expand(_ transition: StepTransition, into follows: inout Consequences) {
        let step = transition.step
        guard let output = transition.output, let value = try? JSONValue(parsing: output),
            value["base"]?.intValue == Int64(statuses.count)
        else { return }
        switch statuses[Int(step)] {
        case .live, .open: break
        case .pending, .succeeded, .failed, .skipped, .cancelled: return
        }
        let base = Int32(statuses.count)
        var expansion: Expansion
        var begun: [Int32] = []
        if let failure = transition.failure {
            guard let number = value["handler"]?.intValue, plan.handlers.indices.contains(Int(number)) else { return }
            let handler = plan.handlers[Int(number)]
            expansion = Expansion(
                .handler(Int(number), failure), owner: step, base: base, count: Int32(handler.steps.count))
            statuses += handler.steps.map { plan.steps[Int($0)].initialStatus }
            begun = handler.roots.map { base + $0 - handler.steps.lowerBound }
        } else {
            guard case .array(let items)? = value["items"] else { return }
            expansion = Expansion(
                .items(items.map { $0.bytes() }), owner: step, base: base, count: Int32(items.count))
            statuses += Array(repeating: .pending(missing: 0), count: items.count)
            let first = min(template(of: step)?.fanOut?.maxParallel ?? items.count, items.count)
            expansion.next = Int32(first)
            begun = (0..<Int32(first)).map { base + $0 }
        }
        if case .live = statuses[Int(step)] {
            liveCount -= 1
            statuses[Int(step)] = .open
            if let wait = waits.removeValue(forKey: step), wait.kind == .signal { signals.leave(step, wait.subject) }
            decisions[step] = nil
            if !outcomeKeys.isEmpty { outcomeKeys[step] = nil }
        }
        expansions.append(expansion)
        expansionOf[step] = expansions.count - 1
        for step in begun {
            makeLive(step)
            follows.released.append(step)
        }
        if expansion.count == 0 { follows.settled.append(step) }
    }
}

// MARK: - Lines of history that hold more than an output

extension RunSignal {
    var json: JSONValue {
        [
            "name": .string(name), "id": .string(id),
            "payload": (try? JSONValue(parsing: payload)) ?? .null,
        ]
    }

    init?(recorded transition: StepTransition) {
        guard transition.state == .signalled, let output = transition.output,
            let value = try? JSONValue(parsing: output), let name = value["name"]?.stringValue,
            let id = value["id"]?.stringValue
        else { return nil }
        self.init(name: name, id: id, payload: (value["payload"] ?? .null).bytes())
    }
}

extension WaitRequest {
    var json: JSONValue {
        var members: [(String, JSONValue)] = [("kind", .string(kind.text)), ("subject", .string(subject))]
        if let since { members.append(("since", .int(since.microseconds))) }
        if passed > 0 { members.append(("passed", .int(Int64(passed)))) }
        return .object(members)
    }

    init?(recorded transition: StepTransition) {
        guard let output = transition.output, let value = try? JSONValue(parsing: output),
            let kind = value["kind"]?.stringValue.flatMap({ Kind(text: $0) }),
            let subject = value["subject"]?.stringValue
        else { return nil }
        self.init(kind: kind, subject: subject, since: value["since"]?.intValue.map { Timestamp(microseconds: $0) })
        passed = Int(value["passed"]?.intValue ?? 0)
    }
}

extension ApprovalDecision {
    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("approver", .string(approver)), ("verdict", .string(verdict.rawValue)),
        ]
        if let delegate { members.append(("delegate", .string(delegate))) }
        if let comment { members.append(("comment", .string(comment))) }
        if let form, let value = try? JSONValue(parsing: form) { members.append(("form", value)) }
        return .object(members)
    }

    init?(recorded transition: StepTransition) {
        guard let output = transition.output, let value = try? JSONValue(parsing: output),
            let approver = value["approver"]?.stringValue,
            let verdict = value["verdict"]?.stringValue.flatMap(Verdict.init(rawValue:))
        else { return nil }
        self.init(
            approver: approver, verdict: verdict, comment: value["comment"]?.stringValue,
            form: value["form"]?.bytes())
        delegate = value["delegate"]?.stringValue
    }
}
