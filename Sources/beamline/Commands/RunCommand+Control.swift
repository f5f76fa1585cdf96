import ArgumentParser
import JSON

extension RunCommand {
    /// `beamline run pause ID`
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin no further step of a run until it is resumed; what runs goes on.")

        @Argument(help: "The run's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws { try await RunCommand.act("pause", on: id, body: nil, options) }
    }

    /// `beamline run resume ID`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused run go on.")

        @Argument(help: "The run's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws { try await RunCommand.act("resume", on: id, body: nil, options) }
    }

    /// `beamline run signal ID NAME`
    struct Signal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a signal to a run; it is kept until a step waits for it.")

        @Argument(help: "The run's id.")
        var id: String

        @Argument(help: "The signal's name.")
        var name: String

        @Option(help: "A JSON value: the output of the step that waits.")
        var payload: String?

        @Option(help: "Sent twice with one key, the signal comes once.")
        var key: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            var body: JSONValue?
            if let payload { body = .object([("payload", try jsonArgument(payload, "--payload"))]) }
            try await RunCommand.act(
                "signals/\(percentEncoded(name))", on: id, body: body,
                fields: key.map { ["idempotency-key": $0] } ?? [:], options)
        }
    }

    static func act(
        _ verb: String, on id: String, body: JSONValue?, fields: [String: String] = [:], _ options: ClientOptions
    ) async throws {
        let path = "/v1/runs/\(percentEncoded(id))/\(verb)"
        let run = try await APIClient(options).post(path, body: body, fields: fields)
        if options.output == .json { return printJSON(run) }
        print("\(id) \(run["state"]?.stringValue ?? "")")
    }
}

/// An argument that must be JSON.
func jsonArgument(_ text: String, _ name: String) throws(CommandFailure) -> JSONValue {
    do {
        return try JSONValue(parsing: Array(text.utf8))
    } catch {
        throw CommandFailure(
            .invalid, "error: \(name) is not JSON: \(error)\n  Text needs quotes of its own: '\"yes\"'")
    }
}
