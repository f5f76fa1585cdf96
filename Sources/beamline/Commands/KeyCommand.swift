import Access
import ArgumentParser
import JSON

/// `beamline key …`: API keys for services.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make, list and revoke API keys for services.",
        subcommands: [Create.self, List.self, Revoke.self])

    /// `beamline key create NAME --role operator`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it; it is not shown again.",
            discussion: """
                The key goes to standard output, everything else to standard error. Roles are on everything of the \
                tenant; a grant is ROLE:KIND:NAME, KIND being namespace, workflow, queue or secret: \
                operator:workflow:deploy.
                """)

        @Argument(help: "What the key is for.")
        var name: String

        @Option(help: "A role; may be repeated.")
        var role: [String] = []

        @Option(help: "A role on one thing, as ROLE:KIND:NAME; may be repeated.")
        var grant: [String] = []

        @Option(help: "How long it is good: 12h, 90d; without end when left out.")
        var lifetime: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            var body: JSONObject = [
                "name": .string(name), "roles": .array(role.map { .string($0) }),
                "grants": .array(try grant.map(Self.grant)),
            ]
            if let lifetime {
                guard let seconds = Lifetime.seconds(lifetime) else {
                    throw CommandFailure(
                        .invalid, "error: --lifetime \(lifetime): write it as 90m, 12h or 90d, at most a year")
                }
                body["lifetime_seconds"] = .int(seconds)
            }
            let made = try await APIClient(options).post("/v1/keys", body: .object(body))
            if options.output == .json { return printJSON(made) }
            print(made["key"]?.stringValue ?? "")
            printToStandardError("Key \(made["id"]?.stringValue ?? ""). Keep it now: it is not shown again.")
        }

        private static func grant(_ text: String) throws -> JSONValue {
            let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3 else {
                throw CommandFailure(.invalid, "error: --grant \(text): write it as ROLE:KIND:NAME")
            }
            return ["role": .string(parts[0]), "kind": .string(parts[1]), "name": .string(parts[2])]
        }
    }

    /// `beamline key list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys, newest first; never their text.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/keys")
            let keys = answer["keys"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(keys)) }
            guard !keys.isEmpty else { return print("No keys yet: ./beamline key create NAME --role operator") }
            var table = Table("id", "name", "roles", "state", "last used", "expires")
            for key in keys {
                let roles = (key["roles"]?.arrayValue ?? []).compactMap(\.stringValue)
                let grants = (key["grants"]?.arrayValue ?? []).map { grant in
                    ["role", "kind", "name"].compactMap { grant[$0]?.stringValue }.joined(separator: ":")
                }
                table.add(
                    key["id"]?.stringValue ?? "", key["name"]?.stringValue ?? "",
                    (roles + grants).joined(separator: ","), key["revoked_at"] == nil ? "valid" : "revoked",
                    key["last_used_at"]?.stringValue ?? "never", key["expires_at"]?.stringValue ?? "never")
            }
            print(table.text)
        }
    }

    /// `beamline key revoke ID`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key; within a second no server takes it.")

        @Argument(help: "The key's id, as `beamline key list` shows it.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let revoked = try await APIClient(options).delete("/v1/keys/\(percentEncoded(id))")
            if options.output == .json { return printJSON(revoked) }
            print("\(revoked["id"]?.stringValue ?? id) (\(revoked["name"]?.stringValue ?? "")) revoked")
        }
    }
}
