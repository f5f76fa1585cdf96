import ArgumentParser
import JSON

/// `beamline queue …`
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "List, show, set up, pause, resume, drain and delete queues.",
        subcommands: [
            List.self, Show.self, Create.self, Update.self, Pause.self, Resume.self, Drain.self, Delete.self,
        ])

    static func path(_ name: String) -> String { "/v1/queues/\(percentEncoded(name))" }

    static func show(_ queues: [JSONValue], _ output: OutputFormat, one: Bool = false) {
        if output == .json { return printJSON(one ? queues.first ?? .null : .array(queues)) }
        guard !queues.isEmpty else { return print("No queues.") }
        print(text(queues))
    }

    static func text(_ queues: [JSONValue]) -> String {
        var table = Table(
            "queue", "order", "boost", "weight", "concurrency", "state", "ready", "running", "held", "version")
        for queue in queues {
            var states: [String] = []
            if queue["paused"]?.boolValue == true { states.append("paused") }
            if queue["draining"]?.boolValue == true { states.append("draining") }
            let strict = queue["strict"]?.boolValue == true ? ", strict" : ""
            table.add(
                queue["name"]?.stringValue ?? "", (queue["discipline"]?.stringValue ?? "") + strict,
                queue["boost"]?.stringValue ?? "", "\(queue["weight"]?.intValue ?? 0)",
                queue["concurrency"]?.intValue.map(String.init) ?? "–",
                states.isEmpty ? "open" : states.joined(separator: ", "), "\(queue["ready"]?.intValue ?? 0)",
                "\(queue["running"]?.intValue ?? 0)", "\(queue["held"]?.intValue ?? 0)",
                "\(queue["version"]?.intValue ?? 0)")
        }
        return table.text
    }
}

extension QueueCommand {
    /// `beamline queue list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List queues by name.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/queues")
            QueueCommand.show(answer["queues"]?.arrayValue ?? [], options.output)
        }
    }

    /// `beamline queue show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a queue.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            QueueCommand.show([try await APIClient(options).get(QueueCommand.path(name))], options.output, one: true)
        }
    }

    /// `beamline queue pause NAME`
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hand out nothing of a queue; what arrives waits, what runs goes on.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws { try await QueueCommand.act("pause", on: name, options) }
    }

    /// `beamline queue resume NAME`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a queue's pause or drain.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws { try await QueueCommand.act("resume", on: name, options) }
    }

    /// `beamline queue drain NAME`
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take no new runs into a queue; what is there is served.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws { try await QueueCommand.act("drain", on: name, options) }
    }

    /// `beamline queue delete NAME`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget the settings of a queue in which nothing waits.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await APIClient(options).delete(QueueCommand.path(name))
            if options.output == .table { print("\(name) deleted") }
        }
    }

    fileprivate static func act(_ verb: String, on name: String, _ options: ClientOptions) async throws {
        let queue = try await APIClient(options).post("\(path(name))/\(verb)", body: nil)
        show([queue], options.output, one: true)
    }
}
