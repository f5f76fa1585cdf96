import ArgumentParser

/// What every client command takes.
struct ClientOptions: ParsableArguments {
    @Option(help: "table for people, json for programs.")
    var output: OutputFormat = .table

    @Option(help: "Seconds to wait for an answer.")
    var timeout: Int = 30

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600 seconds.") }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
}
