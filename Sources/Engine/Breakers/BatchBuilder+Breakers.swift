import Workflows

/// What the ends of attempts tell breakers.
extension BatchBuilder {
    mutating func tellBreakers(of finish: FinishCommand, entry: RunEntry) {
        let outcome: Breaker.Outcome
        switch finish.outcome {
        case .success: outcome = Breaker.Outcome(isFailure: false, leasedAt: finish.timing.leasedAt)
        case .failure(let failure):
            guard failure.kind.countsForBreakers else { return }
            outcome = Breaker.Outcome(isFailure: true, leasedAt: finish.timing.leasedAt)
        }
        let (key, step) = (entry.key, finish.fence.step)
        let planned = Int(entry.templateIndex(of: step))
        if let breaker = entry.flow.plan.steps[planned].breaker, let name = entry.breakerName(step) {
            batch.outcomes.append(
                BreakerOutcome(
                    key: key, breaker: LimitID(tenant: key.tenant, breaker: .target, name: name), name: name,
                    terms: BreakerOutcome.Terms(rule: breaker.rule, flow: entry.flow.flow), outcome: outcome))
        }
        let taskType = entry.flow.plan.steps[planned].taskType
        if let breaker = breakers.breaker(of: taskType, tenant: key.tenant) {
            batch.outcomes.append(
                BreakerOutcome(key: key, breaker: breaker, name: taskType, terms: nil, outcome: outcome))
        }
    }
}

extension RunEntry {
    /// `nil` also when it cannot be made: then the attempt fails before it is handed to the worker (`task(_:)`).
    func breakerName(_ step: Int32) -> String? {
        withContents { contents in try? contents.run.breakerName(of: step) }
    }
}
