import ArgumentParser

/// The benchmarks' own client and no-op worker: separate processes that speak gRPC as anybody's would.
@main
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "beamline-load",
        abstract: "Load for benchmarks: a client that starts runs, a worker that does nothing.",
        subcommands: [ClientCommand.self, WorkerCommand.self, TenantsCommand.self])
}
