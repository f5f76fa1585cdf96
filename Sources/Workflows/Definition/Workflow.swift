public import Expressions
import JSON

/// A definition that has passed every check, with its plan.
public struct Workflow: Sendable {
    public let definition: WorkflowDefinition
    public let plan: Plan

    /// Reads YAML or JSON.
    ///
    /// - Parameters:
    ///   - file: The file's name, for messages.
    ///   - timeZones: Those that its expressions know by name.
    /// - Throws: every problem at once.
    public init(
        parsing source: [UInt8], file: String, timeZones: TimeZones = .fixedOnly
    ) throws(DefinitionError) {
        let text = try SourceText(source, path: file)
        try self.init(root: try Self.read(text), source: text, timeZones: timeZones)
    }

    /// Reads what `WorkflowDefinition.canonical` wrote.
    public init(canonical: [UInt8], timeZones: TimeZones = .fixedOnly) throws(DefinitionError) {
        try self.init(parsing: canonical, file: "definition", timeZones: timeZones)
    }

    init(
        root: SourceNode, source: SourceText, timeZones: TimeZones = .fixedOnly
    ) throws(DefinitionError) {
        var reader = DefinitionReader(path: source.path)
        let definition = reader.read(root)
        var problems = reader.problems
        guard let definition else { throw DefinitionError(problems, source: source) }
        var checker = DefinitionChecker(definition, reader: reader, source: source)
        let compiled = checker.compile()
        problems += checker.problems
        guard problems.isEmpty else { throw DefinitionError(problems, source: source) }
        self.definition = definition
        plan = Plan(definition, compiled, timeZones: timeZones)
    }

    static func read(_ source: SourceText) throws(DefinitionError) -> SourceNode {
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

extension Plan {
    /// Compiles what `WorkflowDefinition.canonical` wrote.
    public static func compile(
        canonical: [UInt8], timeZones: TimeZones = .fixedOnly
    ) throws(DefinitionError) -> Plan {
        try Workflow(canonical: canonical, timeZones: timeZones).plan
    }

    convenience init(
        _ definition: WorkflowDefinition, _ compiled: DefinitionChecker.Compiled, timeZones: TimeZones
    ) {
        let steps = zip(definition.allSteps, compiled.steps).map { step, compiled in
            var made = PlanStep(
                id: step.id, taskType: step.uses, kind: compiled.kind,
                pool: step.pool ?? WorkflowDefinition.Step.defaultPool(of: step.uses), queue: definition.queue,
                priority: step.priority ?? definition.priority ?? 0, needs: compiled.needs, join: step.join,
                condition: compiled.condition, input: compiled.input, fanOut: compiled.fanOut,
                retry: step.retry ?? definition.retry ?? .never,
                timeout: [step.timeout, step.timeLimit].compactMap { $0 }.min(), deadline: step.deadline,
                isBackground: step.isBackground)
            made.limit = step.concurrency.map { PlanLimit($0, key: compiled.limitKey) }
            made.rate = step.rate.map { PlanRate($0, key: compiled.rateKey) }
            made.outcome = OutcomeRule(step, definition, key: compiled.outcomeKey)
            // What was made of a secret is kept nowhere, unless somebody asks for it.
            if let cache = step.cache, !cache.takesSecrets, made.references.contains(where: { $0.root == "secrets" }) {
                made.outcome = nil
            }
            if let breaker = step.breaker, let target = compiled.breakerTarget {
                made.breaker = PlanBreaker(target: target, rule: breaker.rule, scope: breaker.scope)
            }
            return made
        }
        let main = Int32(definition.steps.count)
        let setup = main + Int32(definition.setup.count)
        let finally = setup + Int32(definition.finally.count)
        self.init(
            name: definition.name, steps: steps,
            parts: Parts(main: 0..<main, setup: main..<setup, finally: setup..<finally), handlers: compiled.handlers,
            timeout: definition.timeout, deadline: definition.deadline,
            limit: definition.concurrency.map { PlanLimit($0, key: compiled.runLimitKey) },
            pacing: definition.pacing.map { PlanPacing($0, key: compiled.pacingKey) }, inputs: definition.inputs,
            output: compiled.output, labels: compiled.labels, timeZones: timeZones)
    }
}
