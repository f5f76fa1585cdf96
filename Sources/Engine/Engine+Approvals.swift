public import Workflows

/// An approval that waits, with what its workflow says of it and what has been decided so far.
public struct PendingApproval: Sendable {
    public var waiting: WaitingApproval
    public var workflow: String
    public var version: Int32
    /// The step's name.
    public var step: String
    public var rule: ApprovalRule
    public var decisions: [ApprovalDecision]
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

    /// Records somebody's decision about an approval.
    ///
    /// - Parameter permits: Whether the person may decide, by the roles that the step asks for; empty: everybody.
    /// - Throws: `run_not_found`, `run_ended`, `step_not_found`, `forbidden`, `conflict`, `invalid_input` for the form.
    public func decide(
        _ key: RunKey, step name: String, _ decision: ApprovalDecision, permits: @Sendable ([String]) -> Bool
    ) async throws(EngineError) {
        let entry: RunEntry?
        do {
            entry = try await parts.directory.fresh(key)
        } catch {
            throw .unavailable(error)
        }
        guard let entry else { throw EngineError(.runNotFound, "there is no run \(key.run)") }
        guard let step = entry.withContents({ $0.run.number(of: name) }) else {
            throw EngineError(.stepNotFound, "run \(key.run) has no step \"\(name)\"")
        }
        guard case .approval(let rule)? = entry.planned(step)?.step.kind else {
            throw EngineError(.conflict, "step \"\(name)\" is no approval")
        }
        guard permits(rule.roles) else {
            throw EngineError(.forbidden, "step \"\(name)\" is decided by \(rule.roles.joined(separator: " or "))")
        }
        try await decide(StepKey(run: key, step: step), decision)
    }
}

extension RunEntry {
    fileprivate func approval(_ waiting: WaitingApproval) -> PendingApproval? {
        guard let (planned, name) = planned(waiting.step.step), case .approval(let rule) = planned.kind else {
            return nil
        }
        let decisions = withContents { contents in
            contents.run.waits[waiting.step.step].map { _ in contents.run.decisions[waiting.step.step] ?? [] }
        }
        return decisions.map {
            PendingApproval(
                waiting: waiting, workflow: flow.name, version: flow.version, step: name, rule: rule, decisions: $0)
        }
    }
}
