import ArgumentParser
import JSON

/// `beamline bulk …`
struct BulkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Do one thing to all runs that pass a filter, as a job.",
        subcommands: [Start.self, List.self, Show.self, Cancel.self, Runs.self])

    /// `beamline bulk start cancel --filter 'workflow:etl/* since:1h'`
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count the matches, ask, and start the job. The matches are fixed then.")

        @Argument(help: "cancel, pause, resume, rerun, rerun_failed or redrive.")
        var action: String

        @OptionGroup var order: BulkOrder
        @OptionGroup var options: ClientOptions

        func run() async throws { try await order.start(action, options) }
    }

    /// `beamline bulk list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, newest first.")

        @Option(help: "At most so many.")
        var limit: Int = 20

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let jobs = try await APIClient(options).pages("/v1/bulk", list: "jobs", limit: limit)
            if options.output == .json { return printJSON(.array(jobs)) }
            guard !jobs.isEmpty else { return print("No jobs.") }
            var table = Table("job", "action", "state", "done", "of", "asked by", "filter")
            for job in jobs {
                table.add(
                    job["id"]?.stringValue ?? "", job["action"]?.stringValue ?? "", job["state"]?.stringValue ?? "",
                    "\(job["dealt_with"]?.intValue ?? 0)", "\(job["total"]?.intValue ?? 0)",
                    job["asked_by"]?.stringValue ?? "", job["filter"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }

    /// `beamline bulk show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how far a job is.")

        @Argument(help: "The job's id.")
        var id: String

        @Flag(help: "Go on until the job has ended.")
        var watch = false

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            if watch { return try await BulkCommand.watch(id, client, options) }
            let job = try await client.get("/v1/bulk/\(percentEncoded(id))")
            if options.output == .json { return printJSON(job) }
            print(BulkCommand.line(job))
        }
    }

    /// `beamline bulk cancel ID`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deal with no further run; what was done stays done.")

        @Argument(help: "The job's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let job = try await APIClient(options).post("/v1/bulk/\(percentEncoded(id))/cancel", body: nil)
            if options.output == .json { return printJSON(job) }
            print(BulkCommand.line(job))
        }
    }

    /// `beamline bulk runs ID --outcome failed`
    struct Runs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what became of each run of a job.")

        @Argument(help: "The job's id.")
        var id: String

        @Option(help: "done, unchanged or failed.")
        var outcome: String?

        @Option(help: "At most so many.")
        var limit: Int = 1000

        @OptionGroup var options: ClientOptions

        func run() async throws {
            var query: [String: String] = [:]
            query["outcome"] = outcome
            let runs = try await APIClient(options).pages(
                "/v1/bulk/\(percentEncoded(id))/runs", query: query, list: "runs", limit: limit)
            if options.output == .json { return printJSON(.array(runs)) }
            var table = Table("run", "outcome", "new run", "detail")
            for run in runs {
                table.add(
                    run["run"]?.stringValue ?? "", run["outcome"]?.stringValue ?? "",
                    run["new_run"]?.stringValue ?? "–", run["detail"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }

    /// `redrive 01K…: running, 300 of 1000 (2 unchanged, 0 failed)`
    static func line(_ job: JSONValue) -> String {
        func number(_ name: String) -> Int64 { job[name]?.intValue ?? 0 }
        return """
            \(job["action"]?.stringValue ?? "") \(job["id"]?.stringValue ?? ""): \(job["state"]?.stringValue ?? ""), \
            \(number("dealt_with")) of \(number("total")) (\(number("unchanged")) unchanged, \(number("failed")) failed)
            """
    }

    /// Shows a job each second until it has ended. The exit status is 1 when some run has failed, 3 when it was cancelled.
    static func watch(_ id: String, _ client: APIClient, _ options: ClientOptions) async throws {
        while true {
            let job = try await client.get("/v1/bulk/\(percentEncoded(id))")
            let state = job["state"]?.stringValue ?? ""
            if options.output == .json, state != "running" { printJSON(job) }
            if options.output != .json { print(line(job)) }
            guard state == "running" else {
                if state == "cancelled" { throw CommandFailure(.cancelled, "") }
                if job["failed"]?.intValue ?? 0 > 0 { throw CommandFailure(.failed, "") }
                return
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}
