import Access
import ArgumentParser
import JSON
import Server

/// `beamline token create`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make and revoke access tokens.",
        subcommands: [Create.self, Revoke.self])

    /// `beamline token revoke ID`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a token of this tenant before its end; within a second no server takes it.")

        @Argument(help: "The token's id: the jti of its claims.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).delete("/v1/tokens/\(percentEncoded(id))")
            if options.output == .json { return printJSON(["id": .string(id)]) }
            print("\(id) revoked")
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token with the node's signing key and print it.",
            discussion: "Roles: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")

        @Option(help: "Whom or what the token is for.")
        var subject: String

        @Option(help: "The tenant that it is good for.")
        var tenant: String = "default"

        @Option(help: "A role; may be repeated.")
        var role: [String] = ["developer"]

        @Option(help: "How long it is good: 90m, 12h, 720h.")
        var lifetime: String = "12h"

        @OptionGroup var keys: KeyOptions

        func run() async throws {
            for name in role where Role(rawValue: name) == nil && !Role.isCustomName(name) {
                throw CommandFailure(
                    .invalid,
                    """
                    error: "\(name)" is no role: \(Role.allCases.map(\.rawValue).joined(separator: ", ")), \
                    or one of the tenant's own (a-z, 0-9, - and _)
                    """)
            }
            let roles = Set(role.compactMap { Role(rawValue: $0) })
            let custom = role.filter { Role(rawValue: $0) == nil }
            guard Principal.isTenantName(tenant) else {
                throw CommandFailure(.invalid, "error: \"\(tenant)\" is not a tenant's name: a-z, 0-9 and -")
            }
            guard let seconds = Lifetime.seconds(lifetime) else {
                throw CommandFailure(
                    .invalid, "error: --lifetime \(lifetime): write it as 90m, 12h or 720h, at most a year")
            }
            do {
                let keys = try NodeKeys.open(keys.folder)
                print(
                    try keys.mint(
                        subject: subject, tenant: tenant, roles: roles, customRoles: custom, lifetime: seconds,
                        now: wallClockMicroseconds() / 1_000_000))
            } catch {
                throw CommandFailure(.invalid, "error: \(error)")
            }
        }
    }
}

/// How long a token is good.
enum Lifetime {
    static func seconds(_ text: String) -> Int64? {
        guard let unit = text.last, let number = Int64(text.dropLast()), number > 0 else { return nil }
        let scale: Int64
        switch unit {
        case "s": scale = 1
        case "m": scale = 60
        case "h": scale = 3600
        case "d": scale = 86_400
        default: return nil
        }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: scale)
        return !overflow && seconds <= 366 * 86_400 ? seconds : nil
    }
}
