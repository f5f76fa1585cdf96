import Workflows

/// A compiled definition with its names interned: what the hot path needs to place a step.
final class FlowPlan: Sendable {
    let flow: FlowVersionID
    let tenant: TenantID
    let name: String
    let version: Int32
    let plan: Plan
    /// The bucket of each step, by index.
    let buckets: [Bucket]
    /// The queues of its steps, each once.
    let queues: Set<QueueID>

    init(flow: FlowVersionID, tenant: TenantID, name: String, version: Int32, plan: Plan, buckets: [Bucket]) {
        self.flow = flow
        self.tenant = tenant
        self.name = name
        self.version = version
        self.plan = plan
        self.buckets = buckets
        queues = Set(buckets.map(\.queue))
    }

    func index(of step: String) -> Int32? { plan.index(of: step) }

    /// The run's input, checked against the definition's schema and filled with its defaults.
    func checkInput(_ input: [UInt8]) throws(EngineError) -> [UInt8] {
        do {
            return try plan.checkInput(input)
        } catch {
            throw EngineError(.invalidInput, error.description)
        }
    }
}
