import ArgumentParser
import JSON

/// `beamline tenant …`: for the platform's administrators.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "List, suspend and resume tenants (platform-admin).",
        subcommands: [List.self, Suspend.self, Resume.self])

    /// `beamline tenant list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tenants.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let tenants = try await APIClient(options).get("/v1/tenants")["tenants"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(tenants)) }
            var table = Table("tenant", "created", "suspended")
            for tenant in tenants {
                table.add(
                    tenant["name"]?.stringValue ?? "", tenant["created_at"]?.stringValue ?? "",
                    tenant["suspended_at"]?.stringValue ?? "no")
            }
            print(table.text)
        }
    }

    /// `beamline tenant suspend NAME`
    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let nobody of a tenant in; its runs go on where workers are shared.")

        @Argument(help: "The tenant's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("/v1/tenants/\(percentEncoded(name))/suspend", body: nil)
            if options.output == .json { return printJSON(["name": .string(name)]) }
            print("\(name) suspended")
        }
    }

    /// `beamline tenant resume NAME`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a suspended tenant in again.")

        @Argument(help: "The tenant's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("/v1/tenants/\(percentEncoded(name))/resume", body: nil)
            if options.output == .json { return printJSON(["name": .string(name)]) }
            print("\(name) resumed")
        }
    }
}
