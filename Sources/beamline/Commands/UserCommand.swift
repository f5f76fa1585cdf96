import ArgumentParser
import JSON

/// `beamline user …`: whom the tenant knows, and keeping them out.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "List users, give them roles, keep them out, end their sessions.",
        discussion: """
            A user is the subject of tokens; of an OpenID provider's people with the provider's name before it. Roles on
            everything come with the token or from the provider; a role on one thing is a grant.

              beamline user grant company:ada operator workflow deploy
              beamline user suspend company:ada
            """,
        subcommands: [
            List.self, Show.self, Grant.self, Revoke.self, Suspend.self, Resume.self, EndSessions.self,
        ])

    /// `beamline user list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List who has signed in, has a grant, or is suspended.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/users")
            let users = answer["users"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(users)) }
            var table = Table("user", "roles", "signed in", "sessions", "suspended")
            for user in users {
                table.add(
                    user["subject"]?.stringValue ?? "", UserCommand.roles(user),
                    user["signed_in_at"]?.stringValue ?? "never", user["sessions"]?.intValue.map(String.init) ?? "",
                    user["suspended_at"]?.stringValue ?? "no")
            }
            print(table.text)
            if answer["more"]?.boolValue == true { print("… and more; ask for one: beamline user show SUBJECT") }
        }
    }

    /// `beamline user show SUBJECT`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a user with its grants and open sessions.")

        @OptionGroup var user: Subject
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get(user.path)
            if options.output == .json { return printJSON(answer) }
            print(UserCommand.text(of: answer))
        }
    }

    /// `beamline user grant SUBJECT ROLE KIND NAME`
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a user a role on one thing or namespace.")

        @OptionGroup var terms: RoleCommand.Terms
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let grant = try await APIClient(options).post("/v1/grants", body: terms.body)
            if options.output == .json { return printJSON(grant) }
            print("\(terms.subject) is \(terms.role) of the \(terms.kind) \(terms.name)")
        }
    }

    /// `beamline user revoke SUBJECT ROLE KIND NAME`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a user's role on one thing away.")

        @OptionGroup var terms: RoleCommand.Terms
        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("/v1/grants/remove", body: terms.body)
            if options.output == .json { return printJSON(terms.body) }
            print("\(terms.subject) is no longer \(terms.role) of the \(terms.kind) \(terms.name)")
        }
    }

    /// `beamline user suspend SUBJECT`
    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a user out, whatever its tokens say, and end its sessions and streams.")

        @OptionGroup var user: Subject
        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("\(user.path)/suspend", body: nil)
            if options.output == .json { return printJSON(["subject": .string(user.subject)]) }
            print("\(user.subject) suspended")
        }
    }

    /// `beamline user resume SUBJECT`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a suspended user in again.")

        @OptionGroup var user: Subject
        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).post("\(user.path)/resume", body: nil)
            if options.output == .json { return printJSON(["subject": .string(user.subject)]) }
            print("\(user.subject) resumed")
        }
    }

    /// `beamline user end-sessions SUBJECT`
    struct EndSessions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "end-sessions", abstract: "Sign a user out of the dashboard everywhere.")

        @OptionGroup var user: Subject
        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).delete("\(user.path)/sessions")
            if options.output == .json { return printJSON(answer) }
            print("\(answer["ended"]?.intValue ?? 0) sessions of \(user.subject) ended")
        }
    }

    struct Subject: ParsableArguments {
        @Argument(help: "The user: a token's subject.")
        var subject: String

        var path: String { "/v1/users/\(percentEncoded(subject))" }
    }

    static func roles(_ user: JSONValue) -> String {
        (user["roles"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
    }

    /// What `show` prints.
    static func text(of answer: JSONValue) -> String {
        let user = answer["user"] ?? .null
        var facts = Table("user", user["subject"]?.stringValue ?? "")
        facts.add("roles at the last sign-in", roles(user))
        facts.add("signed in", user["signed_in_at"]?.stringValue ?? "never")
        let by = user["suspended_by"]?.stringValue.map { " by \($0)" } ?? ""
        facts.add("suspended", user["suspended_at"]?.stringValue.map { $0 + by } ?? "no")
        var parts = [facts.text]
        let grants = answer["grants"]?.arrayValue ?? []
        if !grants.isEmpty {
            var table = Table("grant", "on")
            for grant in grants {
                table.add(
                    grant["role"]?.stringValue ?? "",
                    "\(grant["kind"]?.stringValue ?? "") \(grant["name"]?.stringValue ?? "")")
            }
            parts.append(table.text)
        }
        let sessions = answer["sessions"]?.arrayValue ?? []
        if !sessions.isEmpty {
            var table = Table("session", "since", "until")
            for session in sessions {
                table.add(
                    session["id"]?.stringValue ?? "", session["created_at"]?.stringValue ?? "",
                    session["expires_at"]?.stringValue ?? "")
            }
            parts.append(table.text)
        }
        return parts.joined(separator: "\n\n")
    }
}
