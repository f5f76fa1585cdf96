import Access
import ArgumentParser
import Server

/// `beamline token create`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make access tokens.", subcommands: [Create.self])

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
            let roles = try role.map { name in
                guard let role = Role(rawValue: name) else {
                    throw CommandFailure(
                        .invalid,
                        "error: no role \"\(name)\"; roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))"
                    )
                }
                return role
            }
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
                        subject: subject, tenant: tenant, roles: Set(roles), lifetime: seconds,
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
