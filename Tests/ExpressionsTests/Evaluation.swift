import Expressions
import JSON
import Testing

/// Evaluates with variables of JSON.
func evaluate(
    _ source: String, _ variables: [String: JSONValue] = [:], container: String = "", budget: Int = 1_000_000
) throws -> Value {
    try evaluate(source, values: variables.mapValues { Value($0) }, container: container, budget: budget)
}

func evaluate(
    _ source: String, values: [String: Value], container: String = "", budget: Int = 1_000_000,
    timeZones: TimeZones = .fixedOnly
) throws -> Value {
    let environment = ExpressionEnvironment(container: container, variables: Set(values.keys))
    var budget = EvaluationBudget(budget)
    return try Expression(source, environment: environment).value(
        in: ValueScope(values: values, timeZones: timeZones), budget: &budget)
}

/// Every expression of a table that is not `true`.
func expectTrue(_ sources: [String], _ location: SourceLocation = #_sourceLocation) {
    for source in sources {
        do {
            let value = try evaluate(source)
            #expect(value == .bool(true), "\(source) is \(value)", sourceLocation: location)
        } catch {
            Issue.record("\(source): \(error)", sourceLocation: location)
        }
    }
}

/// Every expression of a table that does not fail in the given way.
func expectFailure(
    _ kind: ExpressionError.Kind, _ sources: [String], _ location: SourceLocation = #_sourceLocation
) {
    for source in sources {
        do {
            let value = try evaluate(source)
            Issue.record("\(source) is \(value)", sourceLocation: location)
        } catch let error as ExpressionError {
            #expect(error.kind == kind, "\(source): \(error)", sourceLocation: location)
        } catch {
            Issue.record("\(source): \(error)", sourceLocation: location)
        }
    }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    init(integerLiteral value: Int64) { self = .int(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: Value...) { self = .list(ListValue(elements)) }
    init(nilLiteral: ()) { self = .null }
}
