public import JSON

/// What a check of one instance against one schema has found, for programs.
public struct SchemaReport: Hashable, Sendable {
    public var violations: [SchemaViolation]
    /// Why there is no answer: the schema cannot be compiled, or its evaluation was given up.
    public var failure: Failure?

    public struct Failure: Hashable, Sendable {
        /// Stable: a code of `SchemaProblem` or of `EvaluationError`, or one of `SchemaLines`.
        public var code: String
        public var message: String

        public init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    public var isValid: Bool { violations.isEmpty && failure == nil }

    public init(violations: [SchemaViolation] = [], failure: Failure? = nil) {
        self.violations = violations
        self.failure = failure
    }

    /// The report on a schema that cannot be compiled: its problems stand in place of violations.
    public init(_ error: SchemaError) {
        violations = error.problems.map { SchemaViolation(instance: "", keyword: $0.place, message: $0.text) }
        failure = Failure(
            code: error.problems.first?.code.rawValue ?? "invalid_schema",
            message: error.problems.first?.description ?? "the schema cannot be compiled")
    }

    /// Evaluates an instance.
    public init(_ schema: Schema, _ instance: ExactJSON, limits: EvaluationLimits = .standard) {
        do {
            self.init(violations: try schema.violations(in: instance, limits: limits))
        } catch {
            self.init(failure: Failure(code: error.code.rawValue, message: error.description))
        }
    }

    /// `valid`, `errors` and, where there is one, `error`.
    public var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("valid", .bool(isValid)),
            (
                "errors",
                .array(
                    violations.map { violation in
                        [
                            "instance": .string(violation.instance), "keyword": .string(violation.keyword),
                            "message": .string(violation.message),
                        ]
                    })
            ),
        ]
        if let failure {
            members.append(("error", ["code": .string(failure.code), "message": .string(failure.message)]))
        }
        return members
    }
}
