import ArgumentParser
import Glibc
import JSON

/// What a job is to be done to, and how fast.
struct BulkOrder: ParsableArguments {
    @Option(help: "Terms that the runs pass; of a redrive, their dead letters. The language is in docs/filters.md.")
    var filter: String?

    @Option(help: "Runs a second at most.")
    var rate: Int?

    @Option(help: "Of a redrive: leave out runs that were redriven so often.")
    var maxReplays: Int?

    @Option(help: "Kept with the job, and with runs that it cancels.")
    var reason: String?

    @Flag(help: "Only count the matches.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Flag(help: "Show the progress until the job has ended.")
    var watch = false

    func start(_ action: String, _ options: ClientOptions) async throws {
        guard let filter else {
            throw CommandFailure(
                .invalid, "error: which runs?\n  Say --filter 'TERMS', such as --filter 'state:failed since:1h'.")
        }
        let client = try APIClient(options)
        var body: [(String, JSONValue)] = [("action", .string(action)), ("filter", .string(filter))]
        if let rate { body.append(("rate", .int(Int64(rate)))) }
        if let maxReplays { body.append(("max_replays", .int(Int64(maxReplays)))) }
        if let reason { body.append(("reason", .string(reason))) }
        let match = try await client.post("/v1/bulk", body: .object(body + [("dry_run", .bool(true))]))
        if dryRun, options.output == .json { return printJSON(match) }
        let count = match["matches"]?.intValue ?? 0
        if options.output != .json { print(Self.text(match, action)) }
        guard !dryRun, count > 0 else { return }
        if !yes {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandFailure(
                    .invalid, "error: nobody is there to confirm\n  Add --yes, or --dry-run to look only.")
            }
            print("Go on? [y/N] ", terminator: "")
            guard readLine()?.lowercased().hasPrefix("y") == true else {
                throw CommandFailure(.cancelled, "Nothing was done.")
            }
        }
        let job = try await client.post("/v1/bulk", body: .object(body + [("expected", .int(count))]))
        let id = job["id"]?.stringValue ?? ""
        if watch { return try await BulkCommand.watch(id, client, options) }
        if options.output == .json { return printJSON(job) }
        print(BulkCommand.line(job))
    }

    /// `1000 runs to redrive; left out: 3 children, 1 redriven too often. Longest chain: 2.`
    static func text(_ match: JSONValue, _ action: String) -> String {
        func number(_ name: String) -> Int64 { match[name]?.intValue ?? 0 }
        var text = "\(number("matches")) runs to \(action)"
        if action == "redrive" {
            text += "; left out: \(number("children")) of child workflows, \(number("exhausted")) redriven too often"
            text += ". Longest chain of replays: \(number("longest_chain"))"
        }
        return text + "."
    }
}
