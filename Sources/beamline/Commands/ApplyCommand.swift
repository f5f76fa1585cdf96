import ArgumentParser
import JSON

/// `beamline apply FILE…`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Apply bundles and workflows, all or nothing.",
        discussion: """
            A bundle is a file with the key `bundle` (its name) and lists of workflows, queues and limits. What a bundle \
            owns and no longer declares is kept, and named, until it is applied with --prune.
            """)

    @Argument(
        help: "YAML or JSON files; - is standard input.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var files: [String]

    @Flag(help: "Show what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Show in what each thing differs.")
    var diff = false

    @Flag(help: "Remove what a bundle owns and no longer declares; runs that are under way go on.")
    var prune = false

    @OptionGroup var options: ClientOptions

    func run() async throws {
        var query: [String: String] = [:]
        if dryRun { query["dry_run"] = "true" }
        if prune { query["prune"] = "true" }
        let result = try await APIClient(options).apply(try files.map { try DefinitionFile($0) }, query: query)
        if options.output == .json { return printJSON(result) }
        print(ApplyReport(result, showsDifferences: diff, isColored: Terminal.isOutput).text)
    }
}
