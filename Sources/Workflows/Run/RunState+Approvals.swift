import JSON

extension RunState {
    mutating func ask(_ step: Int32, _ rule: ApprovalRule, _ turn: inout Turn) throws(StepProblem) {
        let message: String? = if let template = rule.message { try text(template, "message", step) } else { nil }
        wait(
            step, WaitRequest(kind: .approval, subject: message ?? "", since: turn.now),
            due: rule.stages.first?.after, &turn)
    }

    /// Whether the next stage of an approval has come. A due time that was told twice must not pass two of them: what comes
    /// in the first half of a stage belongs to the one before. Clocks of nodes are not that far apart.
    func requireDue(_ step: Int32, _ rule: ApprovalRule, at now: Timestamp) throws(RunRejection) {
        guard let wait = waits[step], let since = wait.since else { return }
        let stages = rule.stages
        // The only stage ends the wait, and nothing can be told of it twice.
        guard stages.count > 1 else { return }
        guard stages.indices.contains(wait.passed) else { throw .tooEarly }
        let before = wait.passed == 0 ? .zero : stages[wait.passed - 1].after
        let half = before + (stages[wait.passed].after - before) / 2
        if now - since < half { throw .tooEarly }
    }

    /// The next stage of an approval: a reminder, more people, or its end.
    mutating func passStage(of step: Int32, _ rule: ApprovalRule, _ turn: inout Turn) {
        guard var wait = waits[step] else { return }
        let stages = rule.stages
        let passed = wait.passed
        guard stages.indices.contains(passed) else { return }
        switch stages[passed].stage {
        case .timeout:
            endWait(step, &turn)
            passApproval(step, rule, &turn)
        case .reminder, .escalation:
            wait.passed += 1
            record(step, .waiting, attempt: -1, output: wait.json.bytes(), &turn)
            let delay = stages.indices.contains(passed + 1) ? stages[passed + 1].after - stages[passed].after : nil
            turn.effects.append(delay.map { .moveDue(step: step, $0) } ?? .clearDue(step: step))
        }
    }

    private mutating func passApproval(_ step: Int32, _ rule: ApprovalRule, _ turn: inout Turn) {
        let failure = StepFailure(
            kind: .timeout, code: "approval_timeout", message: "nobody has decided in time", retryable: false)
        switch rule.onTimeout {
        case .approve: succeed(step, output: approval(of: step, timedOut: true), aside: failure, &turn)
        case .proceed: succeed(step, output: JSONText.null.bytes, aside: failure, &turn)
        case .reject:
            let rejected = StepFailure(
                kind: .error, code: "rejected", message: "not approved in time", retryable: false)
            failForGood(step, failure: rejected, &turn)
        case .fail: failForGood(step, failure: failure, &turn)
        }
    }

    mutating func decide(
        _ step: Int32, _ decision: ApprovalDecision, _ turn: inout Turn
    ) throws(RunRejection) {
        try requireWait(step, .approval)
        guard case .approval(let rule)? = template(of: step)?.kind else { throw .notWaiting }
        let earlier = decisions[step] ?? []
        guard !earlier.contains(where: { $0.approver == decision.approver }) else { throw .alreadyDecided }
        var decision = decision
        switch decision.verdict {
        case .delegate:
            // Who has decided cannot decide for somebody else too: the quorum counts people.
            guard let delegate = decision.delegate, delegate != decision.approver,
                !earlier.contains(where: { $0.approver == delegate || $0.delegate == delegate })
            else { throw .invalidDelegate }
        case .approve:
            if let form = rule.form {
                do {
                    decision.form = try form.checkText(decision.form ?? JSONText.emptyObject.bytes)
                } catch {
                    throw .invalidForm(error.description)
                }
            }
        case .reject: break
        }
        revision += 1
        record(step, .decided, attempt: -Int32(earlier.count) - 3, output: decision.json.bytes(), &turn)
        switch decision.verdict {
        case .delegate: break
        case .reject:
            endWait(step, &turn)
            let comment = decision.comment.map { ": \($0)" } ?? ""
            let failure = StepFailure(
                kind: .error, code: "rejected", message: "rejected by \(decision.approver)\(comment)",
                retryable: false)
            failForGood(step, failure: failure, &turn)
        case .approve:
            guard earlier.count(where: { $0.verdict == .approve }) + 1 >= rule.quorum else { return }
            endWait(step, &turn)
            succeed(step, output: approval(of: step, timedOut: false), &turn)
        }
    }

    /// The output of an approval.
    private func approval(of step: Int32, timedOut: Bool) -> [UInt8] {
        let all = decisions[step] ?? []
        let last = all.last { $0.form != nil }?.form.flatMap { try? JSONValue(parsing: $0) }
        return JSONValue.object([
            ("decision", .string("approved")), ("timed_out", .bool(timedOut)),
            ("decisions", .array(all.map(\.json))), ("form", last ?? .null),
        ]).bytes()
    }

    /// Who may decide a waiting approval now.
    public func approvers(of step: Int32) -> Approvers? {
        guard let wait = waits[step], wait.kind == .approval, case .approval(let rule)? = template(of: step)?.kind
        else { return nil }
        let given = decisions[step] ?? []
        return Approvers(roles: rule.roles(passed: wait.passed), delegates: Set(given.compactMap(\.delegate)))
    }
}

/// Who may decide an approval.
public struct Approvers: Hashable, Sendable {
    /// Empty: everybody who may approve at all.
    public var roles: [String]
    /// People to whom somebody has handed it on, whatever their roles.
    public var delegates: Set<String>

    public init(roles: [String], delegates: Set<String> = []) {
        self.roles = roles
        self.delegates = delegates
    }

    /// Whether a person with these roles is one of them.
    public func include(_ person: String, roles held: some Sequence<String>) -> Bool {
        roles.isEmpty || delegates.contains(person) || held.contains(where: roles.contains)
    }
}
