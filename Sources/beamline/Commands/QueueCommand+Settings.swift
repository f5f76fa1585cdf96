import ArgumentParser
import JSON

/// What a queue is set to.
struct QueueOptions: ParsableArguments {
    @Option(help: "fifo, lifo, priority or deadline.")
    var discipline: String?

    @Option(help: "By priority: the wait that is worth one priority, as 1m.")
    var boost: String?

    @Option(help: "The queue's share of turns beside the other queues', 1 to 1000000; 100 is usual.")
    var weight: Int?

    @Option(help: "true: one claim at a time, always of the lowest ranks.")
    var strict: Bool?

    @Option(help: "Attempts that run at once at most, or none.")
    var concurrency: String?

    func validate() throws {
        guard concurrency.map({ $0 == "none" || Int64($0) != nil }) ?? true else {
            throw ValidationError("--concurrency is a number or none.")
        }
    }

    /// The body of a PUT: these over what the queue has.
    func body(over queue: JSONValue = .null) -> JSONValue {
        var members: [(String, JSONValue)] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value = value ?? queue[name] { members.append((name, value)) }
        }
        add("discipline", discipline.map { .string($0) })
        add("boost", boost.map { .string($0) })
        add("weight", weight.map { .int(Int64($0)) })
        add("strict", strict.map { .bool($0) })
        if concurrency != "none" { add("concurrency", concurrency.flatMap { Int64($0) }.map { .int($0) }) }
        return .object(members)
    }
}

extension QueueCommand {
    /// `beamline queue create NAME --discipline priority --boost 1m`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a queue up; what is left out is the default. One that is set up already stays as it is.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var settings: QueueOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let queue = try await APIClient(options).put(
                QueueCommand.path(name), body: settings.body(), fields: ["if-none-match": "*"])
            QueueCommand.show([queue], options.output, one: true)
        }
    }

    /// `beamline queue update NAME --weight 300`
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a queue's settings; what is left out stays. What waits is ordered anew.")

        @Argument(help: "The queue's name.")
        var name: String

        @OptionGroup var settings: QueueOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            let path = QueueCommand.path(name)
            let known = try await client.get(path)
            let queue = try await client.put(
                path, body: settings.body(over: known),
                fields: ["if-match": "\"\(known["version"]?.intValue ?? 0)\""])
            QueueCommand.show([queue], options.output, one: true)
        }
    }
}
