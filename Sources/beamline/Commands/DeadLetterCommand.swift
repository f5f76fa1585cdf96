import ArgumentParser
import JSON

/// `beamline dead-letter …`
struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letter", abstract: "List, show, redrive and export steps that have failed for good.",
        subcommands: [List.self, Show.self, Redrive.self, Export.self], aliases: ["dlq"])

    /// `beamline dead-letter list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List dead letters, newest first.")

        @Option(help: "Terms to pass, such as 'state:open workflow:etl/* error:exit_1 since:2h \"disk full\"'.")
        var filter: String?

        @Option(help: "At most so many.")
        var limit: Int = 20

        @OptionGroup var options: ClientOptions

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000.") }
        }

        func run() async throws {
            var query: [String: String] = [:]
            query["filter"] = filter
            let letters = try await APIClient(options).pages(
                "/v1/dead-letters", query: query, list: "dead_letters", limit: limit)
            if options.output == .json { return printJSON(.array(letters)) }
            guard !letters.isEmpty else { return print("No dead letters.") }
            var table = Table("id", "workflow", "step", "failed", "state", "error")
            for letter in letters {
                table.add(
                    letter["id"]?.stringValue ?? "", letter["workflow"]?.stringValue ?? "",
                    letter["step"]?.stringValue ?? "", letter["failed_at"]?.stringValue ?? "",
                    letter["state"]?.stringValue ?? "", letter["error"]?["message"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }

    /// `beamline dead-letter show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a dead letter: input, error, every attempt and the end of the last one's output.")

        @Argument(help: "The dead letter's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            let letter = try await client.get("/v1/dead-letters/\(percentEncoded(id))")
            if options.output == .json { return printJSON(letter) }
            print(DeadLetterCommand.text(letter))
            let lines = try await DeadLetterCommand.tail(of: letter, client)
            if !lines.isEmpty { print("\noutput\n" + lines.map { "  \($0)" }.joined(separator: "\n")) }
        }
    }

    /// `beamline dead-letter redrive ID`, `beamline dead-letter redrive --filter 'error:exit_1 since:1d' --rate 10`
    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reopen the run of a dead letter, or of all that pass a filter: the failed steps begin anew.")

        @Argument(help: "The dead letter's id; without it, --filter says which.")
        var id: String?

        @Option(help: "A JSON object: the step's input, in place of what the definition makes.")
        var input: String?

        @OptionGroup var order: BulkOrder
        @OptionGroup var options: ClientOptions

        func validate() throws {
            guard (id == nil) != (order.filter == nil) else {
                throw ValidationError("Name one dead letter, or say --filter.")
            }
            if input != nil, id == nil { throw ValidationError("--input is for one dead letter.") }
        }

        func run() async throws {
            guard let id else { return try await order.start("redrive", options) }
            let client = try APIClient(options)
            let body: JSONValue? =
                if let input { .object([("input", try jsonArgument(input, "--input"))]) } else { nil }
            let run = try await client.post("/v1/dead-letters/\(percentEncoded(id))/redrive", body: body)
            let runID = run["id"]?.stringValue ?? ""
            guard order.watch else {
                if options.output == .json { return printJSON(run) }
                return print("\(runID) \(run["state"]?.stringValue ?? "")")
            }
            let state = try await RunWatch(client: client, id: runID, output: options.output).untilEnd()
            let status = ExitStatus(runState: state)
            if status != .succeeded { throw CommandFailure(status, "") }
        }
    }

    /// `beamline dead-letter export --filter 'state:open' > letters.jsonl`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write dead letters to standard output as JSON lines, newest first.")

        @Option(help: "Terms to pass; the language is in docs/filters.md.")
        var filter: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            var query = ["page_size": "500"]
            query["filter"] = filter
            while true {
                let page = try await client.get("/v1/dead-letters", query: query)
                for letter in page["dead_letters"]?.arrayValue ?? [] { printJSON(letter, pretty: false) }
                guard let next = page["next_cursor"]?.stringValue else { return }
                query["cursor"] = next
            }
        }
    }

    static func text(_ letter: JSONValue) -> String {
        let error = letter["error"]
        let code = error?["code"]?.stringValue.map { " [\($0)]" } ?? ""
        var lines = [
            "\(letter["workflow"]?.stringValue ?? "") v\(letter["version"]?.intValue ?? 0)  step \(letter["step"]?.stringValue ?? "")",
            "run      \(letter["run"]?.stringValue ?? "")",
            "state    \(letter["state"]?.stringValue ?? "")"
                + (letter["redriven_by"]?.stringValue.map { " by \($0)" } ?? ""),
            "failed   \(letter["failed_at"]?.stringValue ?? "") after \(letter["replays"]?.intValue ?? 0) replays",
            "error    \(error?["kind"]?.stringValue ?? ""): \(error?["message"]?.stringValue ?? "")\(code)",
            "input    \(letter["input"].map { $0.text() } ?? "–")", "",
        ]
        var table = Table("attempt", "state", "worker", "started", "ended", "error")
        for attempt in letter["attempts"]?.arrayValue ?? [] {
            table.add(
                "\(attempt["attempt"]?.intValue ?? 0)", attempt["state"]?.stringValue ?? "",
                attempt["worker"]?.stringValue ?? "–", attempt["started_at"]?.stringValue ?? "–",
                attempt["ended_at"]?.stringValue ?? "–", attempt["error"]?["message"]?.stringValue ?? "")
        }
        lines.append(table.text)
        return lines.joined(separator: "\n")
    }

    /// The last lines that the failed attempt wrote.
    private static func tail(of letter: JSONValue, _ client: APIClient) async throws(CommandFailure) -> [String] {
        guard let run = letter["run"]?.stringValue, let step = letter["step"]?.stringValue,
            let attempt = letter["attempt"]?.intValue, attempt > 0
        else { return [] }
        var query = ["step": step, "attempt": "\(attempt)", "page_size": "500"]
        var lines: [JSONValue] = []
        while true {
            let page = try await client.get("/v1/runs/\(percentEncoded(run))/logs", query: query)
            lines = Array((lines + (page["lines"]?.arrayValue ?? [])).suffix(20))
            guard page["more"]?.boolValue == true, let cursor = page["cursor"]?.stringValue else { break }
            query["cursor"] = cursor
        }
        return lines.compactMap { $0["text"]?.stringValue }
    }
}
