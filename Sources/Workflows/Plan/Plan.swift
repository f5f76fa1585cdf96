/// A definition, compiled: what the run state machine reads. Immutable, and a reference, so that copies cost nothing.
public final class Plan: Sendable {
    public let name: String
    /// Acyclic; `needs` and `dependents` mirror each other.
    public let steps: [PlanStep]
    /// Longest time from the start of a run to its end.
    public let timeout: Duration?
    /// Steps that need nothing.
    public let roots: [Int32]

    /// - Precondition: `needs` are indices of `steps`, and there is no cycle: the compiler has refused everything else.
    public init(name: String, steps: [PlanStep], timeout: Duration? = nil) {
        self.name = name
        self.timeout = timeout
        var linked = steps
        for index in linked.indices {
            for need in linked[index].needs {
                linked[Int(need)].dependents.append(Int32(index))
            }
        }
        self.steps = linked
        roots = linked.indices.filter { linked[$0].needs.isEmpty }.map(Int32.init)
    }
}
