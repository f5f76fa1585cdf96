public import Workflows

/// An approval that waits, with what its workflow says of it and what has been decided so far.
public struct PendingApproval: Sendable {
    public var waiting: WaitingApproval
    public var workflow: String
    public var version: Int32
    /// The step's name.
    public var step: String
    public var rule: ApprovalRule
    /// Who may decide now.
    public var approvers: Approvers
    public var decisions: [ApprovalDecision]
    /// How many of the rule's stages have passed.
    public var passed: Int

    public var isEscalated: Bool { rule.isEscalated(passed: passed) }
    public var reminders: Int { rule.reminders(passed: passed) }
    /// What comes next, and when; `nil`: nothing, however long it waits.
    public var next: (at: Timestamp, stage: ApprovalRule.Stage)? {
        let stages = rule.stages
        guard stages.indices.contains(passed) else { return nil }
        return (waiting.since + stages[passed].after, stages[passed].stage)
    }
    public var expiresAt: Timestamp? { rule.timeout.map { waiting.since + $0 } }
}

extension Engine {
    /// Approvals that wait, the longest first; one that is decided meanwhile may be missing.
    public func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> (approvals: [PendingApproval], next: ApprovalPosition?) {
        let waiting = try await parts.store.approvals(tenant: tenant, after: position, limit: limit)
        var next: ApprovalPosition?
        if waiting.count == limit, let last = waiting.last {
            next = ApprovalPosition(since: last.since, run: last.step.run.run, step: last.step.step)
        }
        let entries = try await parts.directory.fresh(Set(waiting.map(\.step.run)))
        return (waiting.compactMap { entries[$0.step.run]?.approval($0) }, next)
    }

    /// Approvals for which a run waits, in the order of its steps.
    ///
    /// - Throws: `run_not_found`.
    public func approvals(of key: RunKey) async throws(EngineError) -> [PendingApproval] {
        let entry = try await entry(key)
        let waits = entry.withContents { contents in contents.run.waits.filter { $0.value.kind == .approval } }
        return waits.sorted { $0.key < $1.key }.compactMap { step, wait in
            // A wait of an older version of this program has no time of its own.
            entry.approval(
                WaitingApproval(
                    step: StepKey(run: key, step: step), message: wait.subject,
                    since: wait.since ?? key.run.timestamp))
        }
    }

    /// Records somebody's decision about an approval, or that they hand it on.
    ///
    /// - Parameter permits: Whether the person may decide, by who may now.
    /// - Throws: `run_not_found`, `run_ended`, `step_not_found`, `forbidden`, `conflict`, `invalid_input` for the form.
    public func decide(
        _ key: RunKey, step name: String, _ decision: ApprovalDecision, permits: @Sendable (Approvers) -> Bool
    ) async throws(EngineError) {
        let entry = try await entry(key)
        guard let step = entry.withContents({ $0.run.number(of: name) }) else {
            throw EngineError(.stepNotFound, "run \(key.run) has no step \"\(name)\"")
        }
        guard case .approval(let rule)? = entry.planned(step)?.step.kind else {
            throw EngineError(.conflict, "step \"\(name)\" is no approval")
        }
        let approvers = entry.withContents { $0.run.approvers(of: step) } ?? Approvers(roles: rule.roles)
        guard permits(approvers) else {
            throw EngineError(
                .forbidden, "step \"\(name)\" is decided by \(approvers.roles.joined(separator: " or "))")
        }
        try await decide(StepKey(run: key, step: step), decision)
    }

    private func entry(_ key: RunKey) async throws(EngineError) -> RunEntry {
        let entry: RunEntry?
        do {
            entry = try await parts.directory.fresh(key)
        } catch {
            throw .unavailable(error)
        }
        guard let entry else { throw EngineError(.runNotFound, "there is no run \(key.run)") }
        return entry
    }
}

extension RunEntry {
    fileprivate func approval(_ waiting: WaitingApproval) -> PendingApproval? {
        let step = waiting.step.step
        guard let (planned, name) = planned(step), case .approval(let rule) = planned.kind else { return nil }
        return withContents { contents in
            guard let wait = contents.run.waits[step], let approvers = contents.run.approvers(of: step) else {
                return nil
            }
            return PendingApproval(
                waiting: waiting, workflow: flow.name, version: flow.version, step: name, rule: rule,
                approvers: approvers, decisions: contents.run.decisions[step] ?? [], passed: wait.passed)
        }
    }
}
