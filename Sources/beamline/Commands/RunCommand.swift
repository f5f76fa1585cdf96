import ArgumentParser

/// `beamline run …`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract:
            "Start, list, show, watch, explain, signal, pause, resume, cancel and rerun runs, and read their output.",
        subcommands: [
            Start.self, List.self, Show.self, Watch.self, Explain.self, Signal.self, Pause.self, Resume.self,
            Cancel.self, Rerun.self, Logs.self,
        ])
}
