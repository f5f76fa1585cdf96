public import Expressions

/// A definition, compiled: what the run state machine reads. Immutable, and a reference, so that copies cost nothing.
public final class Plan: Sendable {
    public let name: String
    /// The main part first, then `setup`, `finally` and the handlers. Acyclic; `needs` and `dependents` mirror each
    /// other and stay within one part.
    public let steps: [PlanStep]
    public let parts: Parts
    /// Longest time from the start of a run to its end.
    public let timeout: Duration?
    /// How long a run should take at most, for queues that order by deadline; it ends nothing.
    public let deadline: Duration?
    /// How many runs may be under way at once.
    public let limit: PlanLimit?
    /// When its runs may start.
    public let pacing: PlanPacing?
    /// Steps of the main part that need nothing.
    public let roots: [Int32]
    /// Steps of the main part that no step needs.
    public let leaves: [Int32]
    /// What the input of a run must look like.
    public let inputs: InputSchema?
    /// The output of a run that succeeds. Without it, that is the output of the only leaf, or an object of the outputs
    /// of all leaves by their ids.
    public let output: Template?
    /// An object of texts, made of the run's inputs.
    public let labels: Template?
    /// Those that functions of timestamps know by name.
    public let timeZones: TimeZones
    /// First match wins.
    public let handlers: [FailureHandler]
    private let setupRoots: [Int32]
    private let finallyRoots: [Int32]
    private let indices: [String: Int32]

    /// Which steps belong to which part of a run.
    public struct Parts: Hashable, Sendable {
        public var main: Range<Int32>
        public var setup: Range<Int32>
        public var finally: Range<Int32>

        public init(main: Range<Int32>, setup: Range<Int32>, finally: Range<Int32>) {
            self.main = main
            self.setup = setup
            self.finally = finally
        }
    }

    /// - Parameter parts: Without it, every step belongs to the main part.
    /// - Precondition: `needs` are indices of `steps` in the same part, and there is no cycle: the compiler has refused
    ///   everything else.
    public init(
        name: String, steps: [PlanStep], parts: Parts? = nil, handlers: [FailureHandler] = [],
        timeout: Duration? = nil, deadline: Duration? = nil, limit: PlanLimit? = nil, pacing: PlanPacing? = nil,
        inputs: InputSchema? = nil, output: Template? = nil, labels: Template? = nil,
        timeZones: TimeZones = .fixedOnly
    ) {
        self.name = name
        self.timeout = timeout
        self.deadline = deadline
        self.limit = limit
        self.pacing = pacing
        self.inputs = inputs
        self.output = output
        self.labels = labels
        self.timeZones = timeZones
        let all = Int32(steps.count)
        let parts = parts ?? Parts(main: 0..<all, setup: all..<all, finally: all..<all)
        self.parts = parts
        let indices = Dictionary(
            steps.enumerated().map { ($1.id, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        self.indices = indices
        var linked = steps
        for index in linked.indices {
            for need in linked[index].needs { linked[Int(need)].dependents.append(Int32(index)) }
        }
        Self.markAwaited(&linked)
        func roots(_ range: Range<Int32>) -> [Int32] { range.filter { linked[Int($0)].needs.isEmpty } }
        let leaves = parts.main.filter { linked[Int($0)].dependents.isEmpty && !linked[Int($0)].isBackground }
        let read = Self.stepsRead(steps, handlers: handlers, output: output)
        for id in read {
            if let index = indices[id] { linked[Int(index)].isOutputRead = true }
        }
        if output == nil {
            for leaf in leaves { linked[Int(leaf)].isOutputRead = true }
        }
        self.steps = linked
        self.leaves = leaves
        self.roots = roots(parts.main)
        setupRoots = roots(parts.setup)
        finallyRoots = roots(parts.finally)
        self.handlers = handlers.map { handler in
            var handler = handler
            handler.roots = roots(handler.steps)
            return handler
        }
    }

    /// The index of a step by its id. A step that the run made, such as an item of a `for_each`, is named by the id of
    /// its step and its number: `each:10003`.
    public func index(of step: String) -> Int32? {
        if let known = indices[step] { return known }
        guard let colon = step.lastIndex(of: ":"), indices[String(step[..<colon])] != nil,
            let number = Int32(step[step.index(after: colon)...]), number >= steps.count
        else { return nil }
        return number
    }

    /// Steps that begin a part.
    func roots(of stage: RunStage) -> [Int32] {
        switch stage {
        case .setup: setupRoots
        case .main: roots
        case .finally: finallyRoots
        }
    }

    /// When a step of the plan runs; `nil` for the steps of handlers.
    public func stage(of step: Int32) -> RunStage? {
        if parts.main.contains(step) { return .main }
        if parts.setup.contains(step) { return .setup }
        return parts.finally.contains(step) ? .finally : nil
    }

    var firstStage: RunStage { parts.setup.isEmpty ? .main : .setup }

    /// A step in the background is awaited all the same when something that is awaited needs it.
    private static func markAwaited(_ steps: inout [PlanStep]) {
        var missing = steps.map(\.dependents.count)
        var order = missing.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            let step = order[next]
            next += 1
            steps[step].isAwaited =
                !steps[step].isBackground || steps[step].dependents.contains { steps[Int($0)].isAwaited }
            for need in steps[step].needs {
                missing[Int(need)] -= 1
                if missing[Int(need)] == 0 { order.append(Int(need)) }
            }
        }
    }

    private static func stepsRead(
        _ steps: [PlanStep], handlers: [FailureHandler], output: Template?
    ) -> Set<String> {
        var read: Set<String> = []
        func note(_ references: [Reference]) {
            for reference in references where reference.root == "steps" {
                if let step = reference.path.first { read.insert(step) }
            }
        }
        for step in steps { note(step.references) }
        for template in handlers.compactMap(\.recover) + [output].compactMap(\.self) {
            for hole in template.holes { note(hole.expression.references) }
        }
        return read
    }
}
