import ArgumentParser
import JSON

/// `beamline role …`: roles of the tenant's own, and grants.
struct RoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "List, make and delete roles; grant them on single things.",
        subcommands: [List.self, Put.self, Delete.self, Grants.self, Grant.self, Ungrant.self])

    /// `beamline role list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the roles with their permissions.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let roles = try await APIClient(options).get("/v1/roles")["roles"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(roles)) }
            var table = Table("role", "built in", "permissions")
            for role in roles {
                table.add(
                    role["name"]?.stringValue ?? "", role["built_in"]?.boolValue == true ? "yes" : "no",
                    (role["permissions"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " "))
            }
            print(table.text)
        }
    }

    /// `beamline role set NAME PERMISSION…`
    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Make or change a role: NAME PERMISSION… (docs/permissions.md).")

        @Argument(help: "The role's name.")
        var name: String

        @Argument(help: "Permissions, such as runs:read.")
        var permissions: [String]

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let role = try await APIClient(options).put(
                "/v1/roles/\(percentEncoded(name))", body: ["permissions": .array(permissions.map { .string($0) })])
            if options.output == .json { return printJSON(role) }
            print("\(name) set")
        }
    }

    /// `beamline role delete NAME`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a role of the tenant's own.")

        @Argument(help: "The role's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).delete("/v1/roles/\(percentEncoded(name))")
            if options.output == .json { return printJSON(["name": .string(name)]) }
            print("\(name) deleted")
        }
    }

    /// `beamline role grants`
    struct Grants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the grants by subject.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let grants = try await APIClient(options).get("/v1/grants")["grants"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(grants)) }
            var table = Table("subject", "role", "on")
            for grant in grants {
                table.add(
                    grant["subject"]?.stringValue ?? "", grant["role"]?.stringValue ?? "",
                    "\(grant["kind"]?.stringValue ?? "") \(grant["name"]?.stringValue ?? "")")
            }
            print(table.text)
        }
    }

    /// What a grant is: a subject, a role, and the one thing.
    struct Terms: ParsableArguments {
        @Argument(help: "A token's subject, or key: and a key's id.")
        var subject: String

        @Argument(help: "The role.")
        var role: String

        @Argument(help: "namespace, workflow, queue or secret.")
        var kind: String

        @Argument(help: "The thing's name.")
        var name: String

        var body: JSONValue {
            ["subject": .string(subject), "role": .string(role), "kind": .string(kind), "name": .string(name)]
        }
    }

    /// `beamline role grant SUBJECT ROLE KIND NAME`
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a subject a role on one thing or namespace.")

        @OptionGroup var terms: Terms
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let grant = try await APIClient(options).post("/v1/grants", body: terms.body)
            if options.output == .json { return printJSON(grant) }
            print("\(terms.subject) is \(terms.role) of the \(terms.kind) \(terms.name)")
        }
    }

    /// `beamline role ungrant SUBJECT ROLE KIND NAME`
    struct Ungrant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a grant away.")

        @OptionGroup var terms: Terms
        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("/v1/grants/remove", body: terms.body)
            if options.output == .json { return printJSON(terms.body) }
            print("\(terms.subject) is no longer \(terms.role) of the \(terms.kind) \(terms.name)")
        }
    }
}
