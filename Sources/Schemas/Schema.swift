/// A JSON Schema (draft 2020-12), compiled once and then used for any number of instances, from any thread.
///
/// Compiling resolves every reference; evaluating does no input or output, and is bounded by `EvaluationLimits` whatever
/// the schema and the instance are.
public struct Schema: Sendable {
    let program: SchemaProgram

    /// - Parameters:
    ///   - document: The schema: an object or a boolean.
    ///   - uri: The absolute URI that it was read from; the base of references in it, unless an `$id` says otherwise.
    ///   - resources: Where other documents come from. The metaschemas of draft 2020-12 are known without it.
    /// - Throws: Every problem of the schema and of what it reaches.
    public init(
        _ document: ExactJSON, uri: String = Schema.defaultURI, resources: any SchemaResources = KnownResources(),
        options: SchemaOptions = SchemaOptions()
    ) throws(SchemaError) {
        var compiler = SchemaCompiler(resources: resources, options: options)
        program = try compiler.compile(document, uri: uri)
    }

    /// The base of a schema that has no address of its own.
    public static let defaultURI = "schema:///schema.json"

    /// What is wrong with an instance: every violation, up to the limit; empty when the instance is valid.
    ///
    /// - Throws: Why the evaluation was given up before there was an answer.
    public func violations(
        in instance: ExactJSON, limits: EvaluationLimits = .standard
    ) throws(EvaluationError) -> [SchemaViolation] {
        // Most instances are valid, and finding that out costs less than collecting what is wrong.
        var judge = Evaluator(program, instance, limits, isReporting: false)
        if try judge.run() { return [] }
        var reporter = Evaluator(program, instance, limits, isReporting: true)
        _ = try reporter.run()
        return reporter.violations
    }

    /// Whether an instance is valid.
    ///
    /// - Throws: Why the evaluation was given up before there was an answer.
    public func accepts(_ instance: ExactJSON, limits: EvaluationLimits = .standard) throws(EvaluationError) -> Bool {
        var judge = Evaluator(program, instance, limits, isReporting: false)
        return try judge.run()
    }
}
