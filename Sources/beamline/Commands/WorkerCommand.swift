import ArgumentParser
import JSON

/// `beamline worker` runs a worker; `beamline worker list` lists those that are connected.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run a worker, or list the connected ones.",
        subcommands: [Serve.self, List.self], defaultSubcommand: Serve.self)

    /// `beamline worker list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List connected workers.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/workers")
            if options.output == .json { return printJSON(answer["workers"] ?? .array([])) }
            let workers = answer["workers"]?.arrayValue ?? []
            guard !workers.isEmpty else { return print("No worker is connected: ./beamline worker") }
            var table = Table("worker", "running", "slots", "task types", "connected")
            for worker in workers {
                let pools = (worker["pools"]?.arrayValue ?? []).map { pool in
                    "\(pool["name"]?.stringValue ?? "") \(pool["slots"]?.intValue ?? 0)"
                }
                let types = (worker["task_types"]?.arrayValue ?? []).compactMap(\.stringValue)
                table.add(
                    worker["name"]?.stringValue ?? "", "\(worker["running"]?.intValue ?? 0)",
                    pools.joined(separator: ", "), types.joined(separator: ", "),
                    worker["connected_at"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }
}
