import API
import Workflows

/// The API's view of the definition parser.
struct WorkflowChecker: DefinitionChecker {
    func check(_ source: [UInt8], fileName: String) -> CheckedDefinition {
        do {
            let workflow = try Workflow(parsing: source, file: fileName)
            return .valid(name: workflow.definition.name, canonical: workflow.definition.canonical)
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
