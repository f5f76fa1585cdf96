import ArgumentParser
import JSON

extension RunCommand {
    /// `beamline run explain ID`
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say why a run, or each of its steps that have not ended, does not go on.")

        @Argument(help: "The run's id.")
        var id: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("/v1/runs/\(percentEncoded(id))/explain")
            if options.output == .json { return printJSON(answer) }
            print(Self.text(answer))
        }

        /// One line a step; below it who has the slots that it waits for.
        static func text(_ answer: JSONValue) -> String {
            let waits = answer["waits"]?.arrayValue ?? []
            guard !waits.isEmpty else { return "The run has ended: nothing waits." }
            var table = Table("step", "reason", "why")
            for wait in waits {
                table.add(
                    wait["step"]?.stringValue ?? "(run)", wait["reason"]?.stringValue ?? "",
                    wait["message"]?.stringValue ?? "")
                for holder in wait["limit"]?["holders"]?.arrayValue ?? [] {
                    let step = holder["step"]?.intValue.map { ", step \($0)" } ?? ""
                    table.add(
                        "", "",
                        "held by \(holder["run"]?.stringValue ?? "")\(step) since "
                            + (holder["since"]?.stringValue ?? ""))
                }
            }
            return table.text
        }
    }
}
