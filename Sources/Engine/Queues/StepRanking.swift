import Workflows

extension FlowPlan {
    /// What a step of a run is ranked by: the request's words, else the definition's.
    func standing(of step: Int32, run: RunKey, urgency: Urgency) -> Standing {
        let createdAt = run.createdAt
        return Standing(
            createdAt: createdAt, priority: urgency.priority ?? plan.steps[Int(step)].priority,
            deadline: urgency.deadline ?? plan.deadline.map { createdAt + $0 })
    }
}

extension QueueTable {
    /// The rank of a step in its queue.
    func rank(of step: Int32, run: RunKey, urgency: Urgency, flow: FlowPlan) -> Rank {
        order(of: flow.buckets[Int(step)].queue).rank(of: flow.standing(of: step, run: run, urgency: urgency))
    }
}

extension RunKey {
    /// The time in the run's id, to the µs. It is a UUIDv7 whose twelve bits after the milliseconds are the fraction of a
    /// millisecond (RFC 9562 §6.2, method 3) where this engine made it.
    var createdAt: Timestamp {
        let milliseconds = Int64(run.bytes.high >> 16)
        let fraction = Int64(run.bytes.high & 0xFFF)
        return Timestamp(microseconds: milliseconds * 1000 + ((fraction * 1000 + 4095) >> 12))
    }
}
