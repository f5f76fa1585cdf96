import ArgumentParser
import JSON

/// `beamline limit …`
struct LimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit", abstract: "List, declare and delete limits of the tenant's concurrency keys.",
        subcommands: [List.self, Put.self, Delete.self])

    enum Unit: String, ExpressibleByArgument, CaseIterable {
        case runs
        case steps
    }

    private static func path(_ unit: Unit, _ name: String) -> String {
        "/v1/limits/\(unit.rawValue)/\(percentEncoded(name))"
    }

    private static func text(_ limits: [JSONValue]) -> String {
        var table = Table("limit", "of", "slots", "bundle", "version")
        for limit in limits {
            table.add(
                limit["name"]?.stringValue ?? "", limit["of"]?.stringValue ?? "",
                "\(limit["slots"]?.intValue ?? 0)", limit["bundle"]?.stringValue ?? "–",
                "\(limit["version"]?.intValue ?? 0)")
        }
        return table.text
    }

    /// `beamline limit list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List declared limits.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let limits = try await APIClient(options).get("/v1/limits")["limits"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(limits)) }
            print(limits.isEmpty ? "No limit is declared." : LimitCommand.text(limits))
        }
    }

    /// `beamline limit put KEY --of runs --slots 5`
    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declare how many runs or steps with a key of the tenant may be under way at once.")

        @Argument(help: "The text of the key.")
        var name: String

        @Option(help: "What it counts: runs or steps.")
        var of: Unit = .runs

        @Option(help: "How many; 0 lets nothing start.")
        var slots: Int

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let limit = try await APIClient(options).put(
                LimitCommand.path(of, name), body: ["slots": .int(Int64(slots))])
            options.output == .json ? printJSON(limit) : print(LimitCommand.text([limit]))
        }
    }

    /// `beamline limit delete KEY --of runs`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Declare a limit no longer; definitions say again how many slots the key has.")

        @Argument(help: "The text of the key.")
        var name: String

        @Option(help: "What it counts: runs or steps.")
        var of: Unit = .runs

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await APIClient(options).delete(LimitCommand.path(of, name))
            if options.output == .table { print("\(name) deleted") }
        }
    }
}
