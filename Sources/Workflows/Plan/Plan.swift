public import Expressions

/// A definition, compiled: what the run state machine reads. Immutable, and a reference, so that copies cost nothing.
public final class Plan: Sendable {
    public let name: String
    /// Acyclic; `needs` and `dependents` mirror each other.
    public let steps: [PlanStep]
    /// Longest time from the start of a run to its end.
    public let timeout: Duration?
    /// How long a run should take at most, for queues that order by deadline; it ends nothing.
    public let deadline: Duration?
    /// How many runs may be under way at once.
    public let limit: PlanLimit?
    /// When its runs may start.
    public let pacing: PlanPacing?
    /// Steps that need nothing.
    public let roots: [Int32]
    /// Steps that no step needs.
    public let leaves: [Int32]
    /// What the input of a run must look like.
    public let inputs: InputSchema?
    /// The output of a run that succeeds. Without it, that is the output of the only leaf, or an object of the outputs
    /// of all leaves by their ids.
    public let output: Template?
    private let indices: [String: Int32]

    /// - Precondition: `needs` are indices of `steps`, and there is no cycle: the compiler has refused everything else.
    public init(
        name: String, steps: [PlanStep], timeout: Duration? = nil, deadline: Duration? = nil, limit: PlanLimit? = nil,
        pacing: PlanPacing? = nil, inputs: InputSchema? = nil, output: Template? = nil
    ) {
        self.name = name
        self.timeout = timeout
        self.deadline = deadline
        self.limit = limit
        self.pacing = pacing
        self.inputs = inputs
        self.output = output
        let indices = Dictionary(
            steps.enumerated().map { ($1.id, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        self.indices = indices
        var linked = steps
        for index in linked.indices {
            for need in linked[index].needs {
                linked[Int(need)].dependents.append(Int32(index))
            }
        }
        let leaves = linked.indices.filter { linked[$0].dependents.isEmpty }.map(Int32.init)
        let read = Self.stepsRead(steps, output: output)
        for id in read {
            if let index = indices[id] { linked[Int(index)].isOutputRead = true }
        }
        if output == nil {
            for leaf in leaves { linked[Int(leaf)].isOutputRead = true }
        }
        self.steps = linked
        self.leaves = leaves
        roots = linked.indices.filter { linked[$0].needs.isEmpty }.map(Int32.init)
    }

    /// The index of a step by its id.
    public func index(of step: String) -> Int32? { indices[step] }

    private static func stepsRead(_ steps: [PlanStep], output: Template?) -> Set<String> {
        var read: Set<String> = []
        func note(_ references: [Reference]) {
            for reference in references where reference.root == "steps" {
                if let step = reference.path.first { read.insert(step) }
            }
        }
        for step in steps {
            for hole in step.input?.holes ?? [] { note(hole.expression.references) }
            note(step.condition?.references ?? [])
            for hole in step.rate?.key?.holes ?? [] { note(hole.expression.references) }
            for hole in step.limit?.key?.holes ?? [] { note(hole.expression.references) }
        }
        for hole in output?.holes ?? [] { note(hole.expression.references) }
        return read
    }
}
