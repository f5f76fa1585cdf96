import Schemas
import Testing

/// A schema, and instances with what is to be said of them.
struct Judgement: Sendable, CustomTestStringConvertible {
    var schema: String
    var valid: [String]
    var invalid: [String]

    init(_ schema: String, valid: [String] = [], invalid: [String] = []) {
        self.schema = schema
        self.valid = valid
        self.invalid = invalid
    }

    var testDescription: String { schema }

    func check(resources: [String: String] = [:], options: SchemaOptions = SchemaOptions()) throws {
        let documents = try resources.mapValues { try ExactJSON(parsing: $0) }
        let compiled = try Schema(
            ExactJSON(parsing: schema), resources: KnownResources(documents), options: options)
        for instance in valid {
            let violations = try compiled.violations(in: ExactJSON(parsing: instance))
            #expect(violations == [], "\(instance) is valid by \(schema)")
        }
        for instance in invalid {
            let value = try ExactJSON(parsing: instance)
            #expect(try !compiled.violations(in: value).isEmpty, "\(instance) is invalid by \(schema)")
            #expect(try !compiled.accepts(value), "\(instance) is invalid by \(schema)")
        }
    }
}

/// The problems of a schema that cannot be compiled, as text.
func problems(
    _ schema: String, resources: [String: String] = [:], options: SchemaOptions = SchemaOptions()
) throws -> [SchemaProblem] {
    let documents = try resources.mapValues { try ExactJSON(parsing: $0) }
    let value = try ExactJSON(parsing: schema)
    do {
        _ = try Schema(value, resources: KnownResources(documents), options: options)
        return []
    } catch {
        return error.problems
    }
}

/// What is wrong with an instance, as `instance keyword message`.
func violations(_ schema: String, _ instance: String, options: SchemaOptions = SchemaOptions()) throws -> [String] {
    try Schema(ExactJSON(parsing: schema), options: options)
        .violations(in: ExactJSON(parsing: instance))
        .map { "\($0.instance) \($0.keyword) \($0.message)" }
}
