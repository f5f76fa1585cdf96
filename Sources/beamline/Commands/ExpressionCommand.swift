import ArgumentParser
import Expressions
import JSON

/// `beamline expression eval`
struct ExpressionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expression", abstract: "Try out expressions.", subcommands: [Eval.self])

    struct Eval: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Evaluate a CEL expression and print its value as typed JSON.",
            discussion: """
                Exit status: 0 with a value, 1 when the evaluation fails, 2 when the expression is wrong. An expression \
                that begins with "-" stands after "--".

                With --jsonl, each line of standard input is {"id", "expr", "vars", "container"}, and each line of the \
                output {"id", "value"} or {"id", "error"}. Variables and values are typed there: {"int64Value": "1"}.
                """)

        @Argument(help: "The expression.")
        var expression: String?

        @Option(help: "A file with an object of variables; - is standard input.")
        var vars: String?

        @Flag(help: "The variables are typed, as in {\"x\": {\"int64Value\": \"1\"}}.")
        var typedVars = false

        @Option(help: "The namespace in which names are looked up first.")
        var container: String = ""

        @Option(help: "What an evaluation may cost, in units of an operation.")
        var budget: Int = EvaluationBudget.standard

        @Flag(help: "Read expressions from standard input, one JSON object a line.")
        var jsonl = false

        func validate() throws {
            guard budget > 0 else { throw ValidationError("--budget \(budget): write a number above 0") }
            guard jsonl != (expression != nil) else {
                throw ValidationError("write one expression, or --jsonl to read them from standard input")
            }
            guard !jsonl || vars == nil && container.isEmpty && !typedVars else {
                throw ValidationError("with --jsonl, variables and containers stand in the lines")
            }
        }

        func run() throws {
            guard let expression else { return try ExpressionStream.run(budget: budget) }
            let request = ExpressionRequest(
                source: expression, variables: try variables(), container: container, budget: budget,
                timeZones: ZoneFiles.zones)
            do throws(ExpressionError) {
                print(try request.evaluate().text())
            } catch {
                throw CommandFailure(
                    error.kind.isStatic ? .invalid : .failed, "error: \(error) [\(error.kind.code)]")
            }
        }

        private func variables() throws(CommandFailure) -> [String: Value] {
            guard let vars else { return [:] }
            let json: JSONValue
            do {
                json = try JSONValue(parsing: FileContents.read(vars))
            } catch {
                throw CommandFailure(.invalid, "error: \(vars): \(error)")
            }
            guard case .object(let object) = json else {
                throw CommandFailure(.invalid, "error: \(vars): the variables are one JSON object")
            }
            var variables: [String: Value] = [:]
            for member in object {
                do throws(TypedValueError) {
                    variables[member.key] = typedVars ? try TypedValue.value(member.value) : Value(member.value)
                } catch {
                    throw CommandFailure(.invalid, "error: \(vars): \(member.key): \(error)")
                }
            }
            return variables
        }
    }
}
