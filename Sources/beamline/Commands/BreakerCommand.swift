import ArgumentParser
import JSON

/// `beamline breaker …`
struct BreakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breaker", abstract: "List, show, set up, reset, trip and delete circuit breakers.",
        subcommands: [List.self, Show.self, Set.self, Reset.self, Trip.self, Delete.self])

    static func path(_ name: String) -> String { "/v1/breakers/\(percentEncoded(name))" }

    static func show(_ breakers: [JSONValue], _ output: OutputFormat, one: Bool = false) {
        if output == .json { return printJSON(one ? breakers.first ?? .null : .array(breakers)) }
        guard !breakers.isEmpty else { return print("No breakers.") }
        print(text(breakers))
    }

    static func text(_ breakers: [JSONValue]) -> String {
        var table = Table("breaker", "kind", "state", "since", "until", "failed", "opens at", "trips")
        for breaker in breakers {
            let rule = "\(breaker["failures"]?.intValue ?? 0) in \(breaker["window"]?.stringValue ?? "")"
            let ratio = breaker["ratio"]?.doubleValue.map { ", \(Int(($0 * 100).rounded())) %" } ?? ""
            table.add(
                breaker["name"]?.stringValue ?? "", breaker["kind"]?.stringValue ?? "",
                breaker["state"]?.stringValue ?? "", breaker["since"]?.stringValue ?? "",
                breaker["until"]?.stringValue ?? "–", "\(breaker["failed"]?.intValue ?? 0)", rule + ratio,
                "\(breaker["trips"]?.intValue ?? 0)")
        }
        return table.text
    }
}

extension BreakerCommand {
    /// `beamline breaker list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List breakers by kind and name.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/breakers")
            BreakerCommand.show(answer["breakers"]?.arrayValue ?? [], options.output)
        }
    }

    /// `beamline breaker show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a breaker.")

        @Argument(help: "The task type, the target's name, or the id.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            BreakerCommand.show(
                [try await APIClient(options).get(BreakerCommand.path(name))], options.output, one: true)
        }
    }

    /// `beamline breaker set http --failures 20 --window 1m --open 30s`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set up the breaker of a task type, or change its rule; what is left out is the default.")

        @Argument(help: "The task type.")
        var taskType: String

        @OptionGroup var rule: BreakerOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let breaker = try await APIClient(options).put(BreakerCommand.path(taskType), body: rule.body)
            BreakerCommand.show([breaker], options.output, one: true)
        }
    }

    /// `beamline breaker reset NAME`
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a breaker and forget what it has counted; what waits goes on.")

        @Argument(help: "The task type, the target's name, or the id.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let breaker = try await APIClient(options).post("\(BreakerCommand.path(name))/reset", body: nil)
            BreakerCommand.show([breaker], options.output, one: true)
        }
    }

    /// `beamline breaker trip NAME --for 10m`
    struct Trip: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a breaker by hand; what runs goes on, and nothing more starts.")

        @Argument(help: "The task type, the target's name, or the id.")
        var name: String

        @Option(name: .customLong("for"), help: "For how long, as 10m; without it, until somebody resets it.")
        var time: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let body = JSONValue.object(time.map { [("for", .string($0))] } ?? [])
            let breaker = try await APIClient(options).post("\(BreakerCommand.path(name))/trip", body: body)
            BreakerCommand.show([breaker], options.output, one: true)
        }
    }

    /// `beamline breaker delete NAME`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget the breaker of a task type; its steps go on.")

        @Argument(help: "The task type.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await APIClient(options).delete(BreakerCommand.path(name))
            if options.output == .table { print("\(name) deleted") }
        }
    }
}

/// When a breaker opens, and what closes it.
struct BreakerOptions: ParsableArguments {
    @Option(help: "Failures within the window at which it opens.")
    var failures: Int?

    @Option(help: "And only if at least this share of the outcomes are failures, above 0 and at most 1.")
    var ratio: Double?

    @Option(help: "The window, as 1m.")
    var window: String?

    @Option(help: "How long it stays open before probes start, as 30s.")
    var open: String?

    @Option(help: "Attempts at once while it is half-open; so many successes close it.")
    var probes: Int?

    var body: JSONValue {
        var members: [(String, JSONValue)] = []
        if let failures { members.append(("failures", .int(Int64(failures)))) }
        if let ratio { members.append(("ratio", .double(ratio))) }
        if let window { members.append(("window", .string(window))) }
        if let open { members.append(("open", .string(open))) }
        if let probes { members.append(("probes", .int(Int64(probes)))) }
        return .object(members)
    }
}
