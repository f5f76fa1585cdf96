import API
import Expressions
import Workflows

/// The API's view of the definition parser.
struct WorkflowChecker: DefinitionChecker {
    let timeZones: TimeZones

    func check(_ source: [UInt8], fileName: String) -> CheckedDefinition {
        do {
            let workflow = try Workflow(parsing: source, file: fileName, timeZones: timeZones)
            let definition = workflow.definition
            return .valid(name: definition.name, canonical: definition.canonical, plan: workflow.plan)
        } catch {
            let problems = error.diagnostics.map { problem in
                DefinitionProblem(
                    path: problem.path, line: problem.line, column: problem.column, length: problem.length,
                    message: problem.message, hint: problem.hint)
            }
            return .invalid(problems, rendered: error.rendered)
        }
    }
}
