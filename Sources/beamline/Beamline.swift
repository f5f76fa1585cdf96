import ArgumentParser

/// The `beamline` command line.
@main
struct Beamline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "beamline", abstract: "A durable workflow orchestrator.")
}
