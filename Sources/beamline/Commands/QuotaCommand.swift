import ArgumentParser
import JSON

/// `beamline quota …`
struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Show what a tenant uses and may use, and set it.",
        subcommands: [Show.self, Set.self])

    /// `beamline quota show [TENANT]`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What your tenant uses and may use; of another tenant what it may use (platform-admin).")

        @Argument(help: "The tenant's name; yours without one.")
        var tenant: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            guard let tenant else { return show(try await client.get("/v1/usage")) }
            QuotaCommand.show(try await client.get(QuotaCommand.path(tenant)), options)
        }

        private func show(_ usage: JSONValue) {
            if options.output == .json { return printJSON(usage) }
            var table = Table("quota", "used", "warns from", "limit")
            for entry in usage["usage"]?.arrayValue ?? [] {
                table.add(
                    entry["quota"]?.stringValue ?? "", entry["used"]?.intValue.map(String.init) ?? "",
                    entry["soft_limit"]?.intValue.map(String.init) ?? "",
                    entry["limit"]?.intValue.map(String.init) ?? "unlimited")
            }
            print(table.text)
        }
    }

    /// `beamline quota set TENANT NAME=NUMBER…`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change some of a tenant's quotas (platform-admin); the others stay.",
            discussion: """
                Quotas: submissions_per_second, active_runs, pending_steps, concurrent_steps, workers, definitions,
                payload_bytes, log_bytes. NAME=none takes one away. run_days and log_days are how long ended runs and
                their logs are kept, weight is the tenant's share of the turns, soft_percent where warnings begin.

                  beamline quota set acme active_runs=100 workers=none run_days=90
                """)

        @Argument(help: "The tenant's name.")
        var tenant: String

        @Argument(help: "What to set: NAME=NUMBER or NAME=none.")
        var settings: [String]

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            let path = QuotaCommand.path(tenant)
            var body = JSONObject()
            var limits = JSONObject()
            let now = try await client.get(path)
            if case .object(let known)? = now["limits"] { limits = known }
            var retention = JSONObject()
            if case .object(let known)? = now["retention"] { retention = known }
            body["soft_percent"] = now["soft_percent"]
            for setting in settings {
                let (name, value) = try Self.parse(setting)
                switch name {
                case "weight", "soft_percent": body[name] = value
                case "run_days", "log_days": retention[name] = value
                default: limits[name] = value
                }
            }
            body["limits"] = .object(limits)
            body["retention"] = .object(retention)
            QuotaCommand.show(try await client.put(path, body: .object(body)), options)
        }

        static func parse(_ setting: String) throws -> (name: String, value: JSONValue) {
            guard let equals = setting.firstIndex(of: "=") else {
                throw CommandFailure(.invalid, "error: \(setting): write it as NAME=NUMBER or NAME=none")
            }
            let (name, text) = (String(setting[..<equals]), setting[setting.index(after: equals)...])
            if text == "none" { return (name, .null) }
            guard let number = Int64(text), number >= 0 else {
                throw CommandFailure(
                    .invalid, "error: \(setting): \(text) is no number; write it as NAME=NUMBER or NAME=none")
            }
            return (name, .int(number))
        }
    }

    private static func path(_ tenant: String) -> String { "/v1/tenants/\(percentEncoded(tenant))/quotas" }

    private static func show(_ quotas: JSONValue, _ options: ClientOptions) {
        if options.output == .json { return printJSON(quotas) }
        var table = Table("quota", "limit")
        if case .object(let limits)? = quotas["limits"] {
            for (name, value) in limits { table.add(name, value.intValue.map(String.init) ?? "unlimited") }
        }
        for name in ["run_days", "log_days"] {
            table.add(name, quotas["retention"]?[name]?.intValue.map(String.init) ?? "for good")
        }
        for name in ["soft_percent", "weight"] {
            table.add(name, quotas[name]?.intValue.map(String.init) ?? "")
        }
        print(table.text)
    }
}
