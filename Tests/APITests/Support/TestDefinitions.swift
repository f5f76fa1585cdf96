import API
import Engine
import JSON
import Workflows

/// Definitions as canonical JSON alone, so that the edge is tested apart from the definition language.
struct TestDefinitions: DefinitionChecker {
    struct Invalid: Error {}

    static func source(_ name: String, steps: [String]) -> String {
        let steps = steps.enumerated().map { index, id in
            let needs = index == 0 ? "[]" : "[\"\(steps[index - 1])\"]"
            return #"{"id":"\#(id)","uses":"noop","needs":\#(needs)}"#
        }
        return #"{"name":"\#(name)","steps":[\#(steps.joined(separator: ","))]}"#
    }

    func check(_ source: [UInt8], fileName: String) -> CheckedDefinition {
        guard let value = try? JSONValue(parsing: source), let name = value["name"]?.stringValue else {
            return .invalid(
                [
                    DefinitionProblem(
                        path: fileName, line: 1, column: 1, length: 1, message: "no name", hint: "give it one")
                ],
                rendered: "\(fileName):1:1: error: no name\n1 error; nothing applied.\n")
        }
        return .valid(name: name, canonical: value.bytes())
    }

    static func plan(_ stored: StoredDefinition) throws -> Plan {
        let value = try JSONValue(parsing: stored.canonical)
        let listed = value["steps"]?.arrayValue ?? []
        let ids = listed.map { $0["id"]?.stringValue ?? "" }
        return Plan(
            name: stored.name,
            steps: listed.map { step in
                PlanStep(
                    id: step["id"]?.stringValue ?? "", taskType: step["uses"]?.stringValue ?? "", pool: "io",
                    needs: (step["needs"]?.arrayValue ?? []).compactMap { need in
                        ids.firstIndex { $0 == need.stringValue }.map { Int32($0) }
                    })
            })
    }
}
