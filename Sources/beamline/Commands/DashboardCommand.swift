import ArgumentParser
import JSON

/// `beamline dashboard`
struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Print a link that signs you in to the dashboard; good once, for five minutes.")

    @OptionGroup var options: ClientOptions

    func run() async throws {
        let client = try APIClient(options)
        let answer = try await client.post("/v1/session/codes", body: nil)
        guard let code = answer["code"]?.stringValue else {
            throw CommandFailure(.failed, "error: the server's answer has no code")
        }
        if options.output == .json { return printJSON(.object([("url", .string("\(client.url)/#code=\(code)"))])) }
        print("\(client.url)/#code=\(code)")
    }
}
