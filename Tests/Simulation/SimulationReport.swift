/// What one seed came to.
package struct SimulationReport: Sendable {
    package var seed: UInt64
    package var digest: UInt64
    package var violation: Violation?
    package var turns: Int
    package var runs: Int
    /// Steps that an attempt ran.
    package var steps: Int
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
