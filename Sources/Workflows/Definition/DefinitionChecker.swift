import Expressions
import JSON

/// Checks what a definition says as a whole, and compiles its expressions on the way.
struct DefinitionChecker {
    /// Which part of the workflow a step belongs to.
    enum Part: Hashable {
        case main
        case setup
        case finally
        case handler(Int)
    }

    let definition: WorkflowDefinition
    let nodes: [DefinitionReader.StepNodes]
    let handlerNodes: [DefinitionReader.HandlerNodes]
    private let outputNode: SourceNode?
    private let labelsNode: SourceNode?
    private let concurrencyNode: SourceNode?
    private let pacingNode: SourceNode?
    let source: SourceText
    /// Every step, in the order of `Plan.steps`.
    let steps: [WorkflowDefinition.Step]
    let parts: [Part]
    let indices: [String: Int]
    let inputNames: Set<String>
    var problems: [Diagnostic] = []
    /// What is upstream of each step; `nil` while there are cycles.
    var upstream: StepGraph.Upstream?
    var graph: StepGraph
    /// "Did you mean" looks at every name there is: only so many times.
    private var suggestionsLeft = 100
    /// Finding the place of an expression in its text looks at the whole text: only so many times.
    var placesLeft = 200
    /// The `with` of a task is being checked, which alone may name secrets.
    var readsSecrets = false

    /// What a step's texts became.
    struct CompiledStep {
        var needs: [Int32] = []
        var input: Template?
        var condition: Expression?
        var fanOut: FanOut?
        var kind = StepKind.task
        var limitKey: Template?
        var rateKey: Template?
        var outcomeKey: Template?
        var breakerTarget: Template?
    }

    /// What a definition's texts became; meaningful only without problems.
    struct Compiled {
        var steps: [CompiledStep] = []
        var handlers: [FailureHandler] = []
        var output: Template?
        var labels: Template?
        var runLimitKey: Template?
        var pacingKey: Template?
    }

    init(_ definition: WorkflowDefinition, reader: DefinitionReader, source: SourceText) {
        self.definition = definition
        nodes = reader.stepNodes
        handlerNodes = reader.handlerNodes
        outputNode = reader.outputNode
        labelsNode = reader.labelsNode
        concurrencyNode = reader.concurrencyNode
        pacingNode = reader.pacingNode
        self.source = source
        steps = definition.allSteps
        parts =
            definition.steps.map { _ in .main } + definition.setup.map { _ in .setup }
            + definition.finally.map { _ in .finally }
            + definition.handlers.enumerated().flatMap { index, handler in handler.steps.map { _ in .handler(index) } }
        indices = Dictionary(steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        inputNames = Set(definition.inputs?.properties.map(\.name) ?? [])
        graph = StepGraph(needs: [])
    }

    mutating func compile() -> Compiled {
        checkIDs()
        graph = StepGraph(needs: needs())
        let cycles = graph.cycles()
        for cycle in cycles { report(cycle) }
        if cycles.isEmpty { upstream = graph.upstream(joins: steps.map(\.join), guaranteed: false) }
        var compiled = Compiled()
        for index in steps.indices { compiled.steps.append(compile(index)) }
        compiled.handlers = compileHandlers()
        if cycles.isEmpty { checkRaces() }
        compiled.output = definition.output.flatMap { template($0, node: outputNode, for: .output) }
        compiled.labels = compileLabels()
        compiled.runLimitKey = definition.concurrency?.key.flatMap {
            template(.string($0), node: concurrencyNode?["key"], for: .runKey)
        }
        compiled.pacingKey = definition.pacing?.key.flatMap {
            template(.string($0), node: pacingNode?["key"], for: .runKey)
        }
        return compiled
    }

    private mutating func compile(_ index: Int) -> CompiledStep {
        let step = steps[index]
        var compiled = CompiledStep()
        compiled.needs = graph.needs[index].map(Int32.init)
        let reader = Reader.step(index, item: step.forEach != nil)
        let plain = Reader.step(index, item: false)
        if let text = step.condition {
            compiled.condition = expression(text, node: nodes[index].condition, for: plain)
            check(compiled.condition, isOf: "boolean", for: "if", node: nodes[index].condition)
        }
        if let text = step.forEach, let items = expression(text, node: nodes[index].forEach, for: plain) {
            check(items, isOf: "array", for: "for_each", node: nodes[index].forEach)
            compiled.fanOut = FanOut(items: items, maxParallel: step.maxParallel ?? FanOut.mostParallel)
        }
        compiled.limitKey = step.concurrency?.key.flatMap {
            template(.string($0), node: nodes[index].concurrency?["key"], for: reader)
        }
        compiled.rateKey = step.rate?.key.flatMap {
            template(.string($0), node: nodes[index].rate?["key"], for: reader)
        }
        if let key = step.cache?.key ?? step.idempotency?.key {
            compiled.outcomeKey = template(.string(key), node: nodes[index].outcome?["key"], for: reader)
        }
        compiled.breakerTarget = step.breaker.flatMap {
            template(.string($0.target), node: nodes[index].breaker?["target"], for: reader)
        }
        if let form = nodes[index].kind {
            compiled.kind = kind(form, of: index, reader) ?? .task
        } else if let with = step.with {
            readsSecrets = true
            compiled.input = template(with, node: nodes[index].with, for: reader)
            readsSecrets = false
        }
        return compiled
    }

    private mutating func compileLabels() -> Template? {
        guard !definition.labels.isEmpty, let labelsNode else { return nil }
        let value = JSONValue.object(definition.labels.map { ($0.name, .string($0.value)) })
        return template(value, node: labelsNode, for: .labels)
    }

    mutating func report(_ place: SourcePlace?, length: Int = 1, _ message: String, hint: String? = nil) {
        problems.append(
            Diagnostic(
                path: source.path, line: place?.line ?? 1, column: place?.column ?? 1, length: length,
                message: message, hint: hint))
    }

    mutating func report(_ node: SourceNode, _ message: String, hint: String? = nil) {
        report(node.place, length: node.length, message, hint: hint)
    }

    mutating func suggestion(for word: String, among known: some Sequence<String>) -> String? {
        guard suggestionsLeft > 0 else { return nil }
        suggestionsLeft -= 1
        return Suggestion.closest(to: word, among: known).map { "did you mean \"\($0)\"?" }
    }

    // MARK: - The graph

    private mutating func checkIDs() {
        for (index, step) in steps.enumerated() where indices[step.id] != index {
            let first = indices[step.id].map { nodes[$0].id.place.line } ?? 0
            report(nodes[index].id, "the id \"\(step.id)\" stands twice", hint: "first in line \(first)")
        }
    }

    private mutating func needs() -> [[Int]] {
        var all: [[Int]] = []
        for (index, step) in steps.enumerated() {
            var found: [Int] = []
            for (position, need) in step.needs.enumerated() {
                let node = nodes[index].needs[position]
                guard let target = indices[need] else {
                    report(
                        node, "step \"\(step.id)\" needs unknown step \"\(need)\"",
                        hint: suggestion(for: need, among: indices.keys))
                    continue
                }
                guard parts[target] == parts[index] else {
                    report(
                        node, "step \"\(step.id)\" needs \"\(need)\", which belongs to \(parts[target].text)",
                        hint: "it belongs to \(parts[index].text) itself; the parts run one after the other")
                    continue
                }
                found.append(target)
            }
            all.append(found)
        }
        return all
    }

    private mutating func report(_ cycle: [Int]) {
        let ids = cycle.map { steps[$0].id }
        // The path is cut in its middle when it is long; the last step's need closes it.
        let shown = ids.count > 12 ? ids.prefix(6) + ["…"] + ids.suffix(5) : ids[...]
        let path = (shown + [ids[0]]).joined(separator: " → ")
        let last = cycle[cycle.count - 1]
        let position = steps[last].needs.firstIndex(of: ids[0])
        let node = position.map { nodes[last].needs[$0] } ?? nodes[last].id
        let message =
            cycle.count == 1 ? "step \"\(ids[0])\" needs itself" : "the steps need one another in a cycle: \(path)"
        report(node, message)
    }
}

extension DefinitionChecker.Part {
    var text: String {
        switch self {
        case .main: "steps"
        case .setup: "setup"
        case .finally: "finally"
        case .handler(let index): "handler \(index + 1) of on_failure"
        }
    }
}

extension WorkflowDefinition {
    /// Every step: those of the main part, of `setup`, of `finally`, of the handlers.
    var allSteps: [Step] { steps + setup + finally + handlers.flatMap(\.steps) }
}
