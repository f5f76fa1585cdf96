import ArgumentParser

/// `beamline run …`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Start, list, show, watch, explain and cancel runs, and read their output.",
        subcommands: [Start.self, List.self, Show.self, Watch.self, Explain.self, Cancel.self, Logs.self])
}
