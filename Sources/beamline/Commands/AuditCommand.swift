import ArgumentParser
import JSON

/// `beamline audit …`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "See who did what, export the log, and prove that it is whole.",
        subcommands: [List.self, Export.self, Verify.self])

    /// `beamline audit list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List records, newest first.")

        @OptionGroup var filter: AuditFilterOptions
        @Option(help: "How many at most.")
        var limit: Int = 50
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let records = try await APIClient(options).pages(
                "/v1/audit", query: filter.query, list: "records", limit: limit)
            if options.output == .json { return printJSON(.array(records)) }
            var table = Table("at", "actor", "action", "name", "outcome", "from", "request")
            for record in records {
                func text(_ name: String) -> String { record[name]?.stringValue ?? "" }
                let times = record["times"]?.intValue ?? 1
                table.add(
                    text("at"), text("actor"), text("action"), text("name"),
                    times > 1 ? "\(text("outcome")) \(times)×" : text("outcome"), text("address"), text("request_id"))
            }
            print(table.text)
        }
    }

    /// `beamline audit export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print records as lines of JSON, newest first, with what was before and after.")

        @OptionGroup var filter: AuditFilterOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            var query = filter.query
            query["page_size"] = "500"
            while true {
                let page = try await client.get("/v1/audit", query: query)
                for record in page["records"]?.arrayValue ?? [] { printJSON(record, pretty: false) }
                guard let next = page["next_cursor"]?.stringValue else { return }
                query["cursor"] = next
            }
        }
    }
}

/// Which records.
struct AuditFilterOptions: ParsableArguments {
    @Option(help: "Who: a token's subject, or key:ID.")
    var actor: String?

    @Option(help: "What was done, as run.cancel, or all that was done to a kind of thing: 'queue.*'.")
    var action: String?

    @Option(help: "The thing's name.")
    var name: String?

    @Option(help: "done or refused.")
    var outcome: String?

    @Option(help: "From this time on, as 2026-01-31T08:00:00Z or how long ago: 24h.")
    var since: String?

    @Option(help: "Before this time.")
    var until: String?

    @Option(help: "The request's id.")
    var request: String?

    @Option(help: "Another tenant's log (platform-admin).")
    var tenant: String?

    var query: [String: String] {
        let all = [
            "actor": actor, "action": action, "name": name, "outcome": outcome, "since": since, "until": until,
            "request_id": request, "tenant": tenant,
        ]
        return all.compactMapValues { $0 }
    }
}
