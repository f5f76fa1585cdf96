/// One evaluation of a program on an instance. It stops at the first violation, or, reporting, collects them all.
struct Evaluator {
    /// A step into the instance.
    private enum Step {
        case key(String)
        case index(Int)
    }

    let program: SchemaProgram
    private let instance: ExactJSON
    private let limits: EvaluationLimits
    var isReporting: Bool
    var violations: [SchemaViolation] = []
    private var budget: Int
    private var depth = 0
    private var path: [Step] = []
    /// Resources by the order in which they were entered, each once: `$dynamicRef` looks for the outermost.
    private var scope: [Int] = []
    /// The schemas that are being applied to the current part of the instance, each with the size of the scope then.
    private var applied: [(node: Int, scope: Int)] = []
    private var appliedStart = 0
    private var stackStart: UInt = 0

    init(_ program: SchemaProgram, _ instance: ExactJSON, _ limits: EvaluationLimits, isReporting: Bool) {
        self.program = program
        self.instance = instance
        self.limits = limits
        self.isReporting = isReporting
        let (more, overflow) = instance.size.multipliedReportingOverflow(by: limits.operationsPerValue)
        budget = overflow ? .max : limits.operations.addingReportingOverflow(more).partialValue
        if budget < 0 { budget = .max }
    }

    mutating func run() throws(EvaluationError) -> Bool {
        stackStart = Self.stackAddress()
        var evaluated: Evaluated?
        return try apply(program.root, to: instance, &evaluated)
    }

    // MARK: - Schemas

    /// Applies a schema to a value. What it evaluates is added to `evaluated` where that is asked for and the value is
    /// valid.
    mutating func apply(
        _ node: Int, to value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        try charge(1, at: node)
        if let verdict = program.nodes[node].verdict {
            if !verdict { violate(node, nil, "nothing is allowed here; leave it out") }
            return verdict
        }
        let scopeSize = scope.count
        try enter(node)
        defer { leave(scopeSize) }
        let needsEvaluated = program.nodes[node].needsEvaluated
        if evaluated == nil && !needsEvaluated { return try check(node, value, &evaluated) }
        var own: Evaluated? = Evaluated(of: value)
        try charge(own?.marks.count ?? 0, at: node)
        guard try check(node, value, &own) else { return false }
        if let own { evaluated?.formUnion(own) }
        return true
    }

    private mutating func check(
        _ node: Int, _ value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        var isValid = true
        for instruction in program.nodes[node].instructions {
            try charge(1, at: node)
            if try !perform(instruction, of: node, on: value, &evaluated) {
                isValid = false
                guard isReporting, violations.count < limits.violations else { return false }
            }
        }
        return isValid
    }

    private mutating func enter(_ node: Int) throws(EvaluationError) {
        let resource = program.nodes[node].resource
        if !scope.contains(resource) { scope.append(resource) }
        depth += 1
        guard depth <= limits.depth else {
            throw error(
                .tooDeep, node,
                "the schema and the instance nest deeper than \(limits.depth) levels; flatten one of them")
        }
        // With the same scope everything would be decided as the first time, and so on for ever.
        guard Self.stackAddress().distance(from: stackStart) <= limits.stack else {
            throw error(
                .tooDeep, node, "the schema and the instance nest deeper than the stack allows; flatten one of them")
        }
        let size = scope.count
        try charge((applied.count - appliedStart) / 8, at: node)
        if applied[appliedStart...].contains(where: { $0.node == node && $0.scope == size }) {
            throw error(
                .endlessReference, node,
                "references lead back here without looking at a part of the instance, so this would never end")
        }
        applied.append((node, size))
    }

    /// About where the stack ends now. How much a step takes depends on the keywords and on how the program was built.
    private static func stackAddress() -> UInt {
        var here: UInt8 = 0
        return unsafe withUnsafeMutablePointer(to: &here) { UInt(bitPattern: $0) }
    }

    private mutating func leave(_ scopeSize: Int) {
        applied.removeLast()
        depth -= 1
        scope.removeLast(scope.count - scopeSize)
    }

    /// The outermost schema of a `$dynamicAnchor` in the dynamic scope.
    func dynamicTarget(_ name: String) -> Int? {
        guard let nodes = program.dynamicAnchors[name] else { return nil }
        for resource in scope {
            if let node = nodes[resource] { return node }
        }
        return nil
    }

    // MARK: - Parts of the instance

    mutating func apply(_ node: Int, to value: ExactJSON, member key: String) throws(EvaluationError) -> Bool {
        try descend(.key(key), node, value)
    }

    mutating func apply(_ node: Int, to value: ExactJSON, element index: Int) throws(EvaluationError) -> Bool {
        try descend(.index(index), node, value)
    }

    /// Applies a schema to a name of a member, which has no place of its own.
    mutating func apply(
        _ node: Int, toName name: String
    ) throws(EvaluationError) -> (accepts: Bool, violations: [SchemaViolation]) {
        let start = appliedStart
        appliedStart = applied.count
        defer { appliedStart = start }
        var evaluated: Evaluated?
        return try applyApart(node, to: .string(name), &evaluated)
    }

    /// Applies a schema to an element without reporting what it refuses.
    mutating func applyQuietly(
        _ node: Int, to value: ExactJSON, element index: Int
    ) throws(EvaluationError) -> Bool {
        let was = isReporting
        isReporting = false
        defer { isReporting = was }
        return try apply(node, to: value, element: index)
    }

    private mutating func descend(_ step: Step, _ node: Int, _ value: ExactJSON) throws(EvaluationError) -> Bool {
        let start = appliedStart
        appliedStart = applied.count
        path.append(step)
        defer {
            path.removeLast()
            appliedStart = start
        }
        var evaluated: Evaluated?
        return try apply(node, to: value, &evaluated)
    }

    /// Applies a schema without reporting what it refuses.
    mutating func applyQuietly(
        _ node: Int, to value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> Bool {
        let was = isReporting
        isReporting = false
        defer { isReporting = was }
        return try apply(node, to: value, &evaluated)
    }

    /// Applies a schema and takes away what it has reported.
    mutating func applyApart(
        _ node: Int, to value: ExactJSON, _ evaluated: inout Evaluated?
    ) throws(EvaluationError) -> (accepts: Bool, violations: [SchemaViolation]) {
        let kept = violations
        violations = []
        defer { violations = kept }
        let accepts = try apply(node, to: value, &evaluated)
        return (accepts, violations)
    }

    // MARK: - Reporting

    mutating func violate(_ node: Int, _ keyword: String?, _ message: @autoclosure () -> String) {
        guard isReporting, violations.count < limits.violations else { return }
        let location = program.nodes[node].location
        violations.append(
            SchemaViolation(
                instance: pointer, keyword: keyword.map { JSONPointer.appending($0, to: location) } ?? location,
                message: message()))
    }

    /// Reports a member that is not allowed at all, by its own place.
    mutating func violate(_ node: Int, _ keyword: String, member key: String, _ message: @autoclosure () -> String) {
        path.append(.key(key))
        violate(node, keyword, message())
        path.removeLast()
    }

    /// Reports an element that is not allowed at all, by its own place.
    mutating func violate(
        _ node: Int, _ keyword: String, element index: Int, _ message: @autoclosure () -> String
    ) {
        path.append(.index(index))
        violate(node, keyword, message())
        path.removeLast()
    }

    private var pointer: String {
        path.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text = JSONPointer.appending(key, to: text)
            case .index(let index): text += "/\(index)"
            }
        }
    }

    /// Takes operations out of the budget.
    mutating func charge(_ operations: Int, at node: Int) throws(EvaluationError) {
        budget -= operations
        guard budget >= 0 else {
            throw error(
                .tooExpensive, node,
                """
                the schema needs more than \(limits.operations) operations and \(limits.operationsPerValue) a value; \
                simplify what combines many alternatives here
                """)
        }
    }

    /// Whether a text matches a pattern, paid for out of the budget.
    mutating func matches(_ pattern: SchemaPattern, _ text: String, at node: Int) throws(EvaluationError) -> Bool {
        let verdict = pattern.matches(text, operations: &budget)
        if verdict == nil { budget = -1 }
        try charge(0, at: node)
        return verdict ?? false
    }

    private func error(_ code: EvaluationError.Code, _ node: Int, _ message: String) -> EvaluationError {
        EvaluationError(code, keyword: program.nodes[node].location, instance: pointer, message: message)
    }
}

extension UInt {
    fileprivate func distance(from other: UInt) -> Int { Int(clamping: self > other ? self - other : other - self) }
}
