/// What one seed came to.
struct SimulationReport: Sendable {
    var seed: UInt64
    var digest: UInt64
    var violation: Violation?
    var turns: Int
    var runs: Int
    /// Steps that an attempt ran.
    var steps: Int
    var attempts: Int
    var faults: [Fault: Int]
    var virtualTime: Duration
    var coverage: Coverage
    /// The last part of the trace, if something was violated.
    var trace: [String]

    var faultCount: Int { faults.values.reduce(0, +) }

    /// For people: what failed, and how to see it again.
    var failure: String? {
        guard let violation else { return nil }
        return trace.joined(separator: "\n") + """

            seed \(seed) violates \(violation)
            Again: SIMULATE_FROM=\(seed) SIMULATE_SEEDS=1 make simulate
            """
    }
}
