import API
import Engine
import Workflows

/// The definition parser as the API sees it, and definitions for it.
struct TestDefinitions: DefinitionChecker {
    /// Steps of noop tasks, each needing the one before.
    static func source(_ name: String, steps: [String]) -> String {
        let steps = steps.enumerated().map { index, id in
            let needs = index == 0 ? "" : #","needs":["\#(steps[index - 1])"]"#
            return #"{"id":"\#(id)","uses":"noop"\#(needs)}"#
        }
        return
            #"{"name":"\#(name)","inputs":{"type":"object","additionalProperties":true},"steps":[\#(steps.joined(separator: ","))]}"#
    }

    func check(_ source: [UInt8], fileName: String) -> CheckedDefinition {
        do {
            let workflow = try Workflow(parsing: source, file: fileName)
            let definition = workflow.definition
            return .valid(name: definition.name, canonical: definition.canonical, plan: workflow.plan)
        } catch {
            return .invalid(
                error.diagnostics.map { problem in
                    DefinitionProblem(
                        path: problem.path, line: problem.line, column: problem.column, length: problem.length,
                        message: problem.message, hint: problem.hint)
                }, rendered: error.rendered)
        }
    }
}
