public import Engine
public import Workflows

extension MemoryTables {
    struct OutcomeKey: Hashable, Sendable {
        var tenant: TenantID
        var key: String
    }

    /// What stands under a key: held by a step, or left by one.
    struct Outcome: Sendable {
        var run: RunKey
        var step: Int32
        var output: [UInt8]?
        /// `nil`: the step has not ended.
        var expires: Timestamp?
    }

    mutating func seek(_ request: OutcomeRequest, for run: RunKey) -> OutcomeSearch {
        let key = OutcomeKey(tenant: run.tenant, key: request.key)
        if let known = outcomes[key] {
            if let expires = known.expires {
                if expires > now, let output = known.output {
                    return .answered(.found(output: output, run: known.run.run))
                }
            } else if known.run == run, known.step == request.step {
                return .answered(.missing)
            } else if runs[known.run]?.state.isEnded == false {
                followers[key, default: []].insert(StepKey(run: run, step: request.step))
                return .waits
            }
        }
        if request.purpose == .idempotency { outcomes[key] = Outcome(run: run, step: request.step) }
        return .answered(.missing)
    }

    /// Answers the messages to those who waited.
    mutating func settle(_ row: OutcomeRow) -> [InboxMessage] {
        let key = OutcomeKey(tenant: row.run.tenant, key: row.settlement.key)
        let isHeld = outcomes[key].map { $0.run == row.run && $0.step == row.settlement.step && $0.expires == nil }
        switch (row.settlement.purpose, row.settlement.success) {
        case (.cache, nil): return []
        case (.cache, let success?), (.idempotency, let success?):
            guard row.settlement.purpose == .cache || isHeld == true else { return [] }
            outcomes[key] = Outcome(
                run: row.run, step: row.settlement.step, output: success.output, expires: now + success.lifetime)
        case (.idempotency, nil):
            followers[key]?.remove(StepKey(run: row.run, step: row.settlement.step))
            if isHeld == true { outcomes[key] = nil }
        }
        guard outcomes[key].map({ $0.expires != nil }) ?? true else { return [] }
        return (followers.removeValue(forKey: key) ?? []).sorted(by: StepKey.precedes).map { step in
            post(
                .seek(OutcomeRequest(step: step.step, key: row.settlement.key, purpose: .idempotency)), to: step.run)
        }
    }
}

extension StepKey {
    fileprivate static func precedes(_ left: StepKey, _ right: StepKey) -> Bool {
        (left.run.tenant, left.run.run, left.step) < (right.run.tenant, right.run.run, right.step)
    }
}

extension MemoryStore {
    public func seek(_ request: OutcomeRequest, for run: RunKey) async throws(StoreError) -> OutcomeSearch {
        await transaction { $0.seek(request, for: run) }
    }
}
