import ArgumentParser
import JSON

/// `beamline approval …`
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval", abstract: "List approvals that wait, approve, reject, delegate.",
        subcommands: [List.self, Approve.self, Reject.self, Delegate.self])

    /// `beamline approval list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List approvals that wait, the longest first.")

        @Option(help: "How many at most.")
        var limit: Int?

        @Option(name: .customLong("run"), help: "Only those of this run.")
        var ofRun: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            let approvals =
                if let ofRun {
                    try await client.get("/v1/approvals", query: ["run": ofRun])["approvals"]?.arrayValue ?? []
                } else {
                    try await client.pages("/v1/approvals", list: "approvals", limit: limit)
                }
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

    /// `beamline approval delegate RUN STEP --to NAME`
    struct Delegate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hand your decision on to somebody, who then may decide whatever their roles; you may no longer.")

        @Argument(help: "The run's id.")
        var id: String

        @Argument(help: "The step's id.")
        var step: String

        @Option(help: "Who shall decide: the subject of their tokens.")
        var to: String

        @Option(help: "Kept with the decision.")
        var comment: String?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            var body: [(String, JSONValue)] = [("to", .string(to))]
            if let comment { body.append(("comment", .string(comment))) }
            try await RunCommand.act(
                "approvals/\(percentEncoded(step))/delegate", on: id, body: .object(body), options)
        }
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
        var table = Table("run", "workflow", "step", "since", "approved", "roles", "next", "message")
        for approval in approvals {
            let given = approval["decisions"]?.arrayValue?.count { $0["decision"] == "approve" } ?? 0
            let roles = (approval["roles"]?.arrayValue ?? []).compactMap(\.stringValue)
            table.add(
                approval["run"]?.stringValue ?? "", approval["workflow"]?.stringValue ?? "",
                approval["step"]?.stringValue ?? "", approval["since"]?.stringValue ?? "",
                "\(given) of \(approval["quorum"]?.intValue ?? 1)",
                roles.isEmpty ? "any" : roles.joined(separator: ", "),
                approval["next"]?.stringValue.map { "\($0) \(approval["next_at"]?.stringValue ?? "")" } ?? "–",
                approval["message"]?.stringValue ?? "")
        }
        return table.text
    }
}
