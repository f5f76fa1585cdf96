import ArgumentParser
import JSON

extension RunCommand {
    /// `beamline run list --state failed,timed_out`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List runs, newest first.")

        @Option(help: "States, separated by commas: queued running succeeded failed cancelled timed_out.")
        var state: String?

        @Option(help: "Only runs of this workflow.")
        var workflow: String?

        @Option(help: "Terms to pass, such as 'state:failed workflow:etl/* since:2h duration:>5m \"disk full\"'.")
        var filter: String?

        @Option(help: "At most so many.")
        var limit: Int = 20

        @OptionGroup var options: ClientOptions

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000.") }
        }

        func run() async throws {
            var query: [String: String] = [:]
            query["state"] = state
            query["workflow"] = workflow
            query["filter"] = filter
            let runs = try await APIClient(options).pages("/v1/runs", query: query, list: "runs", limit: limit)
            if options.output == .json { return printJSON(.array(runs)) }
            guard !runs.isEmpty else { return print("No runs.") }
            var table = Table("run", "workflow", "state", "created", "took")
            for run in runs {
                table.add(
                    run["id"]?.stringValue ?? "",
                    "\(run["workflow"]?.stringValue ?? "") v\(run["version"]?.intValue ?? 0)",
                    run["state"]?.stringValue ?? "", run["created_at"]?.stringValue ?? "", RunView.took(run) ?? "–")
            }
            print(table.text)
        }
    }

    /// `beamline run show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a run: steps, attempts, input and output.")

        @Argument(help: "The run's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let run = try await APIClient(options).get("/v1/runs/\(percentEncoded(id))")
            if options.output == .json { return printJSON(run) }
            print(RunView.text(run))
        }
    }

    /// `beamline run watch ID`
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch a run until it ends; the exit status is the run's.")

        @Argument(help: "The run's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let state = try await RunWatch(client: APIClient(options), id: id, output: options.output).untilEnd()
            let status = ExitStatus(runState: state)
            if status != .succeeded { throw CommandFailure(status, "") }
        }
    }

    /// `beamline run cancel ID`
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel a run; its running attempts are stopped.")

        @Argument(help: "The run's id.")
        var id: String

        @Option(help: "Kept with the run.")
        var reason: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let body: JSONValue = .object(reason.map { [("reason", .string($0))] } ?? [])
            let run = try await APIClient(options).post("/v1/runs/\(percentEncoded(id))/cancel", body: body)
            if options.output == .json { return printJSON(run) }
            print("\(id) \(run["state"]?.stringValue ?? "")")
        }
    }

    /// `beamline run logs ID --follow`
    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the output of a run's attempts.")

        @Argument(help: "The run's id.")
        var id: String

        @Option(help: "Only this step.")
        var step: String?

        @Option(help: "Only this attempt.")
        var attempt: Int?

        @Flag(help: "Go on until the run has ended.")
        var follow = false

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            let path = "/v1/runs/\(percentEncoded(id))"
            var query = ["page_size": "500"]
            query["step"] = step
            query["attempt"] = attempt.map(String.init)
            while true {
                // Asked before the page: output that came before the end is then never missed.
                var ended = true
                if follow {
                    let run = try await client.get(path)
                    ended = RunView.isEnded(run["state"]?.stringValue ?? "")
                }
                var more = true
                while more {
                    let page = try await client.get("\(path)/logs", query: query)
                    for line in page["lines"]?.arrayValue ?? [] { show(line) }
                    query["cursor"] = page["cursor"]?.stringValue
                    more = page["more"]?.boolValue ?? false
                }
                if ended { return }
                try await Task.sleep(for: .milliseconds(500))
            }
        }

        private func show(_ line: JSONValue) {
            if options.output == .json { return printJSON(line, pretty: false) }
            let text = line["text"]?.stringValue ?? ""
            let from = step == nil ? "\(line["step"]?.stringValue ?? "") | " : ""
            print(from + (text.hasSuffix("\n") ? String(text.dropLast()) : text))
        }
    }
}
