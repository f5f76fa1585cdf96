import Expressions
import JSON

/// A definition that has passed every check, with its plan.
public struct Workflow: Sendable {
    public let definition: WorkflowDefinition
    public let plan: Plan

    /// Reads YAML or JSON.
    ///
    /// - Parameter file: The file's name, for messages.
    /// - Throws: every problem at once.
    public init(parsing source: [UInt8], file: String) throws(DefinitionError) {
        let text = try SourceText(source, path: file)
        try self.init(root: try Self.read(text), source: text)
    }

    /// Reads what `WorkflowDefinition.canonical` wrote.
    public init(canonical: [UInt8]) throws(DefinitionError) { try self.init(parsing: canonical, file: "definition") }

    private init(root: SourceNode, source: SourceText) throws(DefinitionError) {
        var reader = DefinitionReader(path: source.path)
        let definition = reader.read(root)
        var problems = reader.problems
        guard let definition else { throw DefinitionError(problems, source: source) }
        var checker = DefinitionChecker(definition, reader: reader, source: source)
        let (steps, output) = checker.compile()
        let keys = RunKeys(limit: checker.runLimitKey(), pacing: checker.pacingKey())
        problems += checker.problems
        guard problems.isEmpty else { throw DefinitionError(problems, source: source) }
        self.definition = definition
        plan = Plan(definition, steps: steps, output: output, keys: keys)
    }

    private static func read(_ source: SourceText) throws(DefinitionError) -> SourceNode {
        // JSON is nearly a part of YAML; its own reader knows all of it and says better what is wrong.
        let first = source.text.unicodeScalars.first { !" \t\r\n".unicodeScalars.contains($0) }
        if first == "{" {
            do {
                return try JSONReader.read(source)
            } catch {
                // YAML may begin with a brace too.
                var reader = YAMLReader(source)
                if let root = reader.read(), reader.problems.isEmpty, error.reason == .invalidSyntax { return root }
                let place = Diagnostic(
                    path: source.path, line: error.line, column: error.column, message: "invalid JSON: \(error.message)"
                )
                throw DefinitionError([place], source: source)
            }
        }
        var reader = YAMLReader(source)
        let root = reader.read()
        guard let root, reader.problems.isEmpty else { throw DefinitionError(reader.problems, source: source) }
        return root
    }
}

/// The keys that are made of a run's input, compiled.
private struct RunKeys {
    var limit: Template?
    var pacing: Template?
}

extension Plan {
    /// Compiles what `WorkflowDefinition.canonical` wrote.
    public static func compile(canonical: [UInt8]) throws(DefinitionError) -> Plan {
        try Workflow(canonical: canonical).plan
    }

    fileprivate convenience init(
        _ definition: WorkflowDefinition, steps compiled: [DefinitionChecker.CompiledStep], output: Template?,
        keys: RunKeys
    ) {
        let steps = zip(definition.steps, compiled).map { step, compiled in
            var made = PlanStep(
                id: step.id, taskType: step.uses, pool: step.pool ?? WorkflowDefinition.Step.defaultPool(of: step.uses),
                queue: definition.queue, priority: step.priority ?? definition.priority ?? 0, needs: compiled.needs,
                condition: compiled.condition, input: compiled.input,
                retry: step.retry ?? definition.retry ?? .never,
                timeout: [step.timeout, step.timeLimit].compactMap { $0 }.min())
            made.limit = step.concurrency.map { PlanLimit($0, key: compiled.limitKey) }
            made.rate = step.rate.map { PlanRate($0, key: compiled.rateKey) }
            return made
        }
        self.init(
            name: definition.name, steps: steps, timeout: definition.timeout, deadline: definition.deadline,
            limit: definition.concurrency.map { PlanLimit($0, key: keys.limit) },
            pacing: definition.pacing.map { PlanPacing($0, key: keys.pacing) }, inputs: definition.inputs,
            output: output)
    }
}
