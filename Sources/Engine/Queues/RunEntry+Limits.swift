import Workflows

extension RunEntry {
    /// The limit that the run needs a slot of; a run whose key cannot be made was refused (`Engine.start`).
    func runLimit() -> Limit? {
        guard let limit = flow.plan.limit else { return nil }
        guard let name = withContents({ contents in try? contents.run.runLimitName() }) else { return nil }
        return Limit(tenant: key.tenant, level: .run, name: name, slots: limit.slots, flow: flow.flow)
    }

    /// What paces the run's start; a run whose key cannot be made was refused.
    func pacing() -> Pacing? {
        guard let pacing = flow.plan.pacing else { return nil }
        guard let name = withContents({ contents in try? contents.run.pacingName() }) else { return nil }
        return Pacing(tenant: key.tenant, name: name, rule: pacing.rule)
    }

    /// The limits that a step needs slots of at once, that of its key first: it begins to wait in that line.
    func stepLimits(_ step: Int32) -> (limit: Limit?, joint: Limit?) {
        let index = Int(templateIndex(of: step))
        let hasBreaker = flow.plan.steps[index].breaker != nil
        guard let slots = flow.plan.steps[index].limit?.slots else {
            return hasBreaker ? (targetLimit(step), nil) : (nil, nil)
        }
        let target = hasBreaker ? targetLimit(step) : nil
        guard let limit = keyLimit(step, slots: slots) else { return (target, nil) }
        return (limit, target)
    }

    /// `nil` also when its key cannot be made: then the attempt fails before it is handed to the worker (`task(_:)`).
    private func keyLimit(_ step: Int32, slots: Int32) -> Limit? {
        guard let name = withContents({ contents in try? contents.run.limitName(of: step) }) else { return nil }
        return Limit(tenant: key.tenant, level: .step, name: name, slots: slots, flow: flow.flow)
    }

    /// The limit whose slots the breaker of its target sets.
    private func targetLimit(_ step: Int32) -> Limit? {
        breakerName(step).map { .breaker(tenant: key.tenant, name: $0) }
    }

    /// The rate under which a step starts; `nil` also when its key cannot be made, as for limits.
    func stepRate(_ step: Int32) -> Rate? {
        guard let rate = flow.plan.steps[Int(templateIndex(of: step))].rate else { return nil }
        guard let name = withContents({ contents in try? contents.run.rateName(of: step) }) else { return nil }
        return Rate(tenant: key.tenant, name: name, bucket: rate.bucket)
    }
}
