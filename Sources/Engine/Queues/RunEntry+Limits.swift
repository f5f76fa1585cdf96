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

    /// The limit that a step needs a slot of; `nil` also when its key cannot be made: then the attempt fails before it
    /// is handed to the worker (`task(_:)`).
    func stepLimit(_ step: Int32) -> Limit? {
        let index = Int(templateIndex(of: step))
        if flow.plan.steps[index].breaker != nil {
            return breakerName(step).map { .breaker(tenant: key.tenant, name: $0) }
        }
        guard let limit = flow.plan.steps[index].limit else { return nil }
        guard let name = withContents({ contents in try? contents.run.limitName(of: step) }) else { return nil }
        return Limit(tenant: key.tenant, level: .step, name: name, slots: limit.slots, flow: flow.flow)
    }

    /// The rate under which a step starts; `nil` also when its key cannot be made, as for limits.
    func stepRate(_ step: Int32) -> Rate? {
        guard let rate = flow.plan.steps[Int(templateIndex(of: step))].rate else { return nil }
        guard let name = withContents({ contents in try? contents.run.rateName(of: step) }) else { return nil }
        return Rate(tenant: key.tenant, name: name, bucket: rate.bucket)
    }
}
