import Expressions
import JSON

/// Checks what a definition says as a whole, and compiles its expressions on the way.
struct DefinitionChecker {
    private let definition: WorkflowDefinition
    private let nodes: [DefinitionReader.StepNodes]
    private let outputNode: SourceNode?
    private let source: SourceText
    private let indices: [String: Int]
    private(set) var problems: [Diagnostic] = []
    private var upstream: StepGraph.Upstream?

    /// What a step's texts became.
    struct CompiledStep {
        var needs: [Int32] = []
        var input: Template?
        var condition: Expression?
    }

    init(_ definition: WorkflowDefinition, reader: DefinitionReader, source: SourceText) {
        self.definition = definition
        nodes = reader.stepNodes
        outputNode = reader.outputNode
        self.source = source
        indices = Dictionary(
            definition.steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The steps compiled and the run's output; meaningful only without problems.
    mutating func compile() -> (steps: [CompiledStep], output: Template?) {
        checkIDs()
        let graph = StepGraph(needs: needs())
        let cycles = graph.cycles()
        for cycle in cycles { report(cycle) }
        let readsFar = cycles.isEmpty
        var steps: [CompiledStep] = []
        for (index, step) in definition.steps.enumerated() {
            var compiled = CompiledStep()
            compiled.needs = graph.needs[index].map(Int32.init)
            if let with = step.with { compiled.input = template(with, node: nodes[index].with) }
            for hole in compiled.input?.holes ?? [] {
                let place = nodes[index].with.flatMap { holePlace($0, hole.path, hole.index) }
                check(hole.expression, of: index, at: place, graph: readsFar ? graph : nil)
            }
            if let text = step.condition {
                let place = nodes[index].condition.map { conditionPlace($0) }
                compiled.condition = expression(text, at: place)
                if let condition = compiled.condition {
                    check(condition, of: index, at: place, graph: readsFar ? graph : nil)
                }
            }
            steps.append(compiled)
        }
        let output = definition.output.flatMap { template($0, node: outputNode) }
        for hole in output?.holes ?? [] {
            let place = outputNode.flatMap { holePlace($0, hole.path, hole.index) }
            check(hole.expression, of: nil, at: place, graph: nil)
        }
        return (steps, output)
    }

    private mutating func report(_ place: SourcePlace?, length: Int = 1, _ message: String, hint: String? = nil) {
        problems.append(
            Diagnostic(
                path: source.path, line: place?.line ?? 1, column: place?.column ?? 1, length: length,
                message: message, hint: hint))
    }

    // MARK: - The graph

    private mutating func checkIDs() {
        for (index, step) in definition.steps.enumerated() where indices[step.id] != index {
            let node = nodes[index].id
            let first = indices[step.id].map { nodes[$0].id.place.line } ?? 0
            report(
                node.place, length: node.length, "the id \"\(step.id)\" stands twice", hint: "first in line \(first)")
        }
    }

    private mutating func needs() -> [[Int]] {
        var all: [[Int]] = []
        for (index, step) in definition.steps.enumerated() {
            var found: [Int] = []
            for (position, need) in step.needs.enumerated() {
                if let target = indices[need] {
                    found.append(target)
                    continue
                }
                let node = nodes[index].needs[position]
                report(
                    node.place, length: node.length, "step \"\(step.id)\" needs unknown step \"\(need)\"",
                    hint: Suggestion.closest(to: need, among: indices.keys).map { "did you mean \"\($0)\"?" })
            }
            all.append(found)
        }
        return all
    }

    private mutating func report(_ cycle: [Int]) {
        let ids = cycle.map { definition.steps[$0].id }
        // The path is cut in its middle when it is long; the last step's need closes it.
        let shown = ids.count > 12 ? ids.prefix(6) + ["…"] + ids.suffix(5) : ids[...]
        let path = (shown + [ids[0]]).joined(separator: " → ")
        let last = cycle[cycle.count - 1]
        let position = definition.steps[last].needs.firstIndex(of: ids[0])
        let node = position.map { nodes[last].needs[$0] } ?? nodes[last].id
        let message =
            cycle.count == 1 ? "step \"\(ids[0])\" needs itself" : "the steps need one another in a cycle: \(path)"
        report(node.place, length: node.length, message)
    }

    // MARK: - Expressions

    private mutating func template(_ value: JSONValue, node: SourceNode?) -> Template? {
        let (template, problems) = Template.compile(value)
        for problem in problems {
            report(problem.error, from: node.flatMap { holePlace($0, problem.path, problem.index) })
        }
        return template
    }

    private mutating func expression(_ text: String, at place: SourcePlace?) -> Expression? {
        do {
            return try Expression(text)
        } catch {
            report(error, from: place)
            return nil
        }
    }

    private mutating func report(_ error: ExpressionError, from place: SourcePlace?) {
        report(
            place.map { self.place(line: error.line, column: error.column, from: $0) }, length: error.length,
            "in an expression: \(error.message)")
    }

    /// Where an expression's line and column stand in the file, when its first character stands at `start`.
    private func place(line: Int, column: Int, from start: SourcePlace) -> SourcePlace {
        guard line > 1 else { return SourcePlace(line: start.line, column: max(1, start.column + column - 1)) }
        let line = start.line + line - 1
        return SourcePlace(line: line, column: source.indent(of: line) + column)
    }

    /// Where the content of the n-th hole of the string at a path begins.
    private func holePlace(_ root: SourceNode, _ path: [Template.PathSegment], _ index: Int) -> SourcePlace {
        var node = root
        for segment in path {
            switch segment {
            case .key(let key): node = node[key] ?? node
            case .index(let position): node = node[position] ?? node
            }
        }
        return source.hole(index, after: node.place) ?? node.place
    }

    private func conditionPlace(_ node: SourceNode) -> SourcePlace {
        if case .scalar(.string(let text)) = node.content,
            text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "$"
        {
            return source.hole(0, after: node.place) ?? node.place
        }
        return SourcePlace(line: node.place.line, column: node.place.column + node.quote)
    }

    // MARK: - Names

    /// - Parameters:
    ///   - step: The step that reads; `nil` for the run's output, which may read every step.
    ///   - graph: `nil` where it does not matter what is upstream.
    private mutating func check(_ expression: Expression, of step: Int?, at start: SourcePlace?, graph: StepGraph?) {
        for reference in expression.references {
            guard let found = self.nameProblem(reference, of: step, graph: graph) else { continue }
            let place = start.map { self.place(line: found.line, column: found.column, from: $0) }
            report(place, length: found.length, found.message, hint: found.hint)
        }
    }

    private struct ReferenceProblem {
        var line: Int
        var column: Int
        var length: Int
        var message: String
        var hint: String?

        /// About the root, or about a segment of the path.
        init(_ reference: Reference, segment: Int? = nil, _ message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
            if let segment, reference.segments.indices.contains(segment) {
                let found = reference.segments[segment]
                (line, column, length) = (found.line, found.column, found.length)
            } else {
                (line, column, length) = (reference.line, reference.column, reference.length)
            }
        }
    }

    private mutating func nameProblem(_ reference: Reference, of step: Int?, graph: StepGraph?) -> ReferenceProblem? {
        switch reference.root {
        case "inputs": return inputProblem(reference)
        case "run": return runProblem(reference)
        case "steps": return stepProblem(reference, of: step, graph: graph)
        default:
            let hint = Suggestion.closest(to: reference.root, among: ["inputs", "steps", "run"])
            return ReferenceProblem(
                reference, "unknown name \"\(reference.root)\"",
                hint: hint.map { "did you mean \"\($0)\"?" } ?? "names are inputs, steps, run")
        }
    }

    private func inputProblem(_ reference: Reference) -> ReferenceProblem? {
        guard let schema = definition.inputs, !schema.allowsOthers, let name = reference.path.first else { return nil }
        let known = schema.properties.map(\.name)
        guard !known.contains(name) else { return nil }
        return ReferenceProblem(
            reference, segment: 0, "there is no input \"\(name)\"",
            hint: Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" })
    }

    private func runProblem(_ reference: Reference) -> ReferenceProblem? {
        let known = ["id", "workflow"]
        guard let name = reference.path.first else {
            return reference.isComputed ? ReferenceProblem(reference, "write run.id or run.workflow") : nil
        }
        guard !known.contains(name) else { return nil }
        return ReferenceProblem(
            reference, segment: 0, "run has no \"\(name)\"",
            hint: Suggestion.closest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                ?? "it has id and workflow")
    }

    private mutating func stepProblem(
        _ reference: Reference, of step: Int?, graph: StepGraph?
    ) -> ReferenceProblem? {
        guard let id = reference.path.first else {
            return ReferenceProblem(reference, "steps must be followed by a step's id", hint: "as in steps.ID.output")
        }
        guard let target = indices[id] else {
            // steps.read-all.output is a subtraction to the language.
            let longer = definition.steps.first { $0.id.hasPrefix("\(id)-") }?.id
            let hint =
                longer.map { "an id with \"-\" is written as steps[\"\($0)\"]" }
                ?? Suggestion.closest(to: id, among: indices.keys).map { "did you mean \"\($0)\"?" }
            return ReferenceProblem(reference, segment: 0, "there is no step \"\(id)\"", hint: hint)
        }
        if reference.path.count > 1, !["output", "state"].contains(reference.path[1]) {
            let name = reference.path[1]
            return ReferenceProblem(
                reference, segment: 1, "a step has no \"\(name)\"",
                hint: Suggestion.closest(to: name, among: ["output", "state"]).map { "did you mean \"\($0)\"?" }
                    ?? "it has output and state")
        }
        guard let step, let graph else { return nil }
        if target == step { return ReferenceProblem(reference, segment: 0, "step \"\(id)\" reads its own output") }
        if graph.needs[step].contains(target) { return nil }
        if upstream == nil { upstream = graph.upstream() }
        if upstream?.contains(target, of: step) == true { return nil }
        return ReferenceProblem(
            reference, segment: 0,
            "step \"\(definition.steps[step].id)\" reads step \"\(id)\", which need not have ended before it",
            hint: "add \"\(id)\" to its needs")
    }
}
