import ArgumentParser
import JSON

/// `beamline approval …`
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval", abstract: "List approvals that wait, approve and reject.",
        subcommands: [List.self, Approve.self, Reject.self])

    /// `beamline approval list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List approvals that wait, the longest first.")

        @Option(help: "How many at most.")
        var limit: Int?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let approvals = try await APIClient(options).pages("/v1/approvals", list: "approvals", limit: limit)
            if options.output == .json { return printJSON(.array(approvals)) }
            guard !approvals.isEmpty else { return print("Nothing waits for an approval.") }
            print(ApprovalCommand.text(approvals))
        }
    }

    /// `beamline approval approve RUN STEP`
    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approve a step of a run.")

        @OptionGroup var decision: Decision
        @Option(help: "What the form asks for, as JSON.")
        var form: String?
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await decision.send("approve", form: try form.map { try jsonArgument($0, "--form") }, options)
        }
    }

    /// `beamline approval reject RUN STEP`
    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reject a step of a run: the step fails.")

        @OptionGroup var decision: Decision
        @OptionGroup var options: ClientOptions

        func run() async throws { try await decision.send("reject", form: nil, options) }
    }

    struct Decision: ParsableArguments {
        @Argument(help: "The run's id.")
        var run: String

        @Argument(help: "The step's id.")
        var step: String

        @Option(help: "Kept with the decision.")
        var comment: String?

        func send(_ verdict: String, form: JSONValue?, _ options: ClientOptions) async throws {
            var body: [(String, JSONValue)] = [("decision", .string(verdict))]
            if let comment { body.append(("comment", .string(comment))) }
            if let form { body.append(("form", form)) }
            try await RunCommand.act("approvals/\(percentEncoded(step))", on: run, body: .object(body), options)
        }
    }

    static func text(_ approvals: [JSONValue]) -> String {
        var table = Table("run", "workflow", "step", "since", "approved", "roles", "message")
        for approval in approvals {
            let given = approval["decisions"]?.arrayValue?.count ?? 0
            let roles = (approval["roles"]?.arrayValue ?? []).compactMap(\.stringValue)
            table.add(
                approval["run"]?.stringValue ?? "", approval["workflow"]?.stringValue ?? "",
                approval["step"]?.stringValue ?? "", approval["since"]?.stringValue ?? "",
                "\(given) of \(approval["quorum"]?.intValue ?? 1)",
                roles.isEmpty ? "any" : roles.joined(separator: ", "), approval["message"]?.stringValue ?? "")
        }
        return table.text
    }
}
