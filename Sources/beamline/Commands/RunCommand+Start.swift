import ArgumentParser
import Glibc
import JSON

extension RunCommand {
    /// `beamline run start hello.yaml -i name=Ada --watch`
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a run of a workflow, or apply a file and start it.",
            discussion: "Inputs: -i name=value takes the value as JSON if it is JSON, else as text; -f reads an object."
        )

        @Argument(help: "A workflow's name, or a definition file, which is applied first.")
        var workflow: String

        @Option(name: [.customShort("i"), .customLong("input")], help: "An input, name=value. May be repeated.")
        var inputs: [String] = []

        @Option(
            name: [.customShort("f"), .customLong("input-file")],
            help: "A JSON file with all inputs; - is standard input.")
        var inputFile: String?

        @Option(help: "A version; the newest when left out.")
        var version: Int?

        @Option(help: "The same key starts the same run, however often it is sent.")
        var idempotencyKey: String?

        @Option(help: "-1000 to 1000, in queues by priority; the definition's when left out.")
        var priority: Int?

        @Option(help: "How long the run should take at most, in queues by deadline, as 30m; it ends nothing.")
        var deadline: String?

        @Flag(help: "Watch the run until it ends; the exit status is the run's.")
        var watch = false

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            var name = workflow
            if Self.isFile(workflow) {
                guard version == nil else {
                    throw CommandFailure(.invalid, "error: --version goes with a workflow's name, not with a file")
                }
                let applied = try await client.apply(DefinitionFile(workflow))
                name = applied["name"]?.stringValue ?? workflow
            }
            var body: [(String, JSONValue)] = [("workflow", .string(name))]
            if let version { body.append(("version", .int(Int64(version)))) }
            if let priority { body.append(("priority", .int(Int64(priority)))) }
            if let deadline { body.append(("deadline", .string(deadline))) }
            body.append(("input", try RunInputs.object(inputs, file: inputFile)))
            // A key of our own makes the call safe to repeat when its answer was lost.
            let key = idempotencyKey ?? RunInputs.freshKey()
            let run = try await client.post("/v1/runs", body: .object(body), fields: ["idempotency-key": key])
            guard let id = run["id"]?.stringValue else {
                throw CommandFailure(.failed, "error: the server's answer has no run id")
            }
            if watch {
                let state = try await RunWatch(client: client, id: id, output: options.output).untilEnd()
                let status = ExitStatus(runState: state)
                if status != .succeeded { throw CommandFailure(status, "") }
                return
            }
            if options.output == .json { return printJSON(run) }
            print("\(name) \(id) \(run["state"]?.stringValue ?? "")\n  ./beamline run watch \(id)")
        }

        private static func isFile(_ text: String) -> Bool {
            text == "-" || text.hasSuffix(".yaml") || text.hasSuffix(".yml") || text.hasSuffix(".json")
        }
    }
}
