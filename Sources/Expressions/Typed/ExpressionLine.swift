import JSON

/// Answers expressions line by line: `{"id": …, "expr": …, "vars": {…}, "container": …}` becomes `{"id": …, "value": …}`
/// or `{"id": …, "error": {"code", "message", "line", "column"}}`. Variables and values are typed.
public struct ExpressionLine: Sendable {
    private let timeZones: TimeZones
    private let budget: Int

    /// Deeper than values usually are, as each list of the typed form takes three levels.
    private static let limits = JSONLimits(depth: 1000)

    public init(timeZones: TimeZones = .fixedOnly, budget: Int = EvaluationBudget.standard) {
        self.timeZones = timeZones
        self.budget = budget
    }

    /// The answer to one line, without a line feed. It never fails: what is wrong is in the answer.
    public func answer(_ line: [UInt8]) -> [UInt8] {
        let request: JSONValue
        do {
            request = try JSONValue(parsing: line, limits: Self.limits)
        } catch {
            return answer(nil, ("error", self.error("invalid_request", "the line is no JSON: \(error)")))
        }
        let id = request["id"]
        guard let source = request["expr"]?.stringValue else {
            return answer(id, ("error", error("invalid_request", "the line has no \"expr\"")))
        }
        do {
            let variables = try variables(request["vars"])
            let container = request["container"]?.stringValue ?? ""
            let value = try ExpressionRequest(
                source: source, variables: variables, container: container, budget: budget, timeZones: timeZones
            ).evaluate()
            return answer(id, ("value", value))
        } catch let failure as ExpressionError {
            return answer(id, ("error", failure.json))
        } catch {
            return answer(id, ("error", self.error("invalid_request", "\(error)")))
        }
    }

    /// The answer to a line that cannot even be read.
    public func refusal(_ message: String) -> [UInt8] { answer(nil, ("error", error("invalid_request", message))) }

    private func variables(_ json: JSONValue?) throws(TypedValueError) -> [String: Value] {
        guard let json, json != .null else { return [:] }
        guard case .object(let object) = json else {
            throw TypedValueError(message: "\"vars\" is an object, not \(json.typeName)")
        }
        var variables: [String: Value] = [:]
        for member in object {
            do throws(TypedValueError) {
                variables[member.key] = try TypedValue.value(member.value)
            } catch {
                throw TypedValueError(message: "the variable \"\(member.key)\": \(error.message)")
            }
        }
        return variables
    }

    private func error(_ code: String, _ message: String) -> JSONValue {
        ["code": .string(code), "message": .string(message), "line": 1, "column": 1]
    }

    private func answer(_ id: JSONValue?, _ member: (String, JSONValue)) -> [UInt8] {
        JSONValue.object([("id", id ?? .null), member]).bytes()
    }
}
