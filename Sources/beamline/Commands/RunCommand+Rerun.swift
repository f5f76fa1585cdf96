import ArgumentParser
import JSON

extension RunCommand {
    /// `beamline run rerun ID --failed`
    struct Rerun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Repeat an ended run as a new one: all of it, what has not succeeded, or from a step on.")

        @Argument(help: "The run's id.")
        var id: String

        @Flag(help: "Only what has not succeeded, and all that comes after it.")
        var failed = false

        @Option(help: "Only this step and all that comes after it, with what has not succeeded.")
        var step: String?

        @Option(help: "A JSON object: the run's input, in place of the old one's.")
        var input: String?

        @Option(help: "A JSON object: the input of the step that --step names, in place of what the definition makes.")
        var stepInput: String?

        @Flag(help: "Watch the new run until it ends; the exit status is the run's.")
        var watch = false

        @OptionGroup var options: ClientOptions

        func validate() throws {
            if failed, step != nil { throw ValidationError("--failed and --step exclude each other.") }
            if stepInput != nil, step == nil { throw ValidationError("--step-input needs --step.") }
        }

        func run() async throws {
            var body: [(String, JSONValue)] = []
            if failed { body.append(("from", "failed")) }
            if let step { body.append(("step", .string(step))) }
            if let input { body.append(("input", try jsonArgument(input, "--input"))) }
            if let stepInput { body.append(("step_input", try jsonArgument(stepInput, "--step-input"))) }
            let client = try APIClient(options)
            let run = try await client.post("/v1/runs/\(percentEncoded(id))/rerun", body: .object(body))
            let newID = run["id"]?.stringValue ?? ""
            guard watch else {
                if options.output == .json { return printJSON(run) }
                return print("\(newID) \(run["state"]?.stringValue ?? "")")
            }
            let state = try await RunWatch(client: client, id: newID, output: options.output).untilEnd()
            let status = ExitStatus(runState: state)
            if status != .succeeded { throw CommandFailure(status, "") }
        }
    }
}
