import ArgumentParser
import JSON
import Workflows

/// `beamline workflow …`
struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow", abstract: "Apply, validate, list and show definitions.",
        subcommands: [Apply.self, Validate.self, List.self, Show.self])

    /// `beamline workflow apply FILE…`
    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply definitions; an unchanged one keeps its version.")

        @Argument(
            help: "YAML or JSON files; - is standard input.", completion: .file(extensions: ["yaml", "yml", "json"]))
        var files: [String]

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try APIClient(options)
            var answers: [JSONValue] = []
            for file in files {
                let answer = try await client.apply(DefinitionFile(file))
                answers.append(answer)
                guard options.output == .table else { continue }
                let name = answer["name"]?.stringValue ?? "?"
                let version = answer["version"]?.intValue ?? 0
                print("\(name) v\(version)\(answer["changed"]?.boolValue == true ? "" : " (unchanged)")")
            }
            if options.output == .json { printJSON(.array(answers)) }
        }
    }

    /// `beamline workflow validate FILE…`: works without a server.
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all problems of definitions at once; needs no server, applies nothing.")

        @Argument(
            help: "YAML or JSON files; - is standard input.", completion: .file(extensions: ["yaml", "yml", "json"]))
        var files: [String]

        @Option(help: "table for people, json for programs.")
        var output: OutputFormat = .table

        func run() async throws {
            var problems = 0
            var results: [JSONValue] = []
            for path in files {
                let file = try DefinitionFile(path)
                let error = file.problems()
                problems += error?.diagnostics.count ?? 0
                switch output {
                case .table:
                    if let error {
                        printToStandardError(error.rendered)
                    } else {
                        print("\(file.name): valid")
                    }
                case .json:
                    results.append(DefinitionFile.json(file.name, error))
                }
            }
            if output == .json { printJSON(.array(results)) }
            if problems > 0 { throw CommandFailure(.invalid, "") }
        }
    }

    /// `beamline workflow list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List workflows with their newest versions.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let workflows = try await APIClient(options).pages("/v1/workflows", list: "workflows", limit: nil)
            if options.output == .json { return printJSON(.array(workflows)) }
            guard !workflows.isEmpty else { return print("No workflows yet: ./beamline workflow apply FILE") }
            var table = Table("name", "version", "applied")
            for workflow in workflows {
                table.add(
                    workflow["name"]?.stringValue ?? "", "v\(workflow["version"]?.intValue ?? 0)",
                    workflow["applied_at"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }

    /// `beamline workflow show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a definition as it was submitted.")

        @Argument(help: "The workflow's name.")
        var name: String

        @Option(help: "A version; the newest when left out.")
        var version: Int?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let query = version.map { ["version": "\($0)"] } ?? [:]
            let workflow = try await APIClient(options).get("/v1/workflows/\(percentEncoded(name))", query: query)
            if options.output == .json { return printJSON(workflow) }
            print("# \(workflow["name"]?.stringValue ?? name) v\(workflow["version"]?.intValue ?? 0)")
            print(workflow["source"]?.stringValue ?? "")
        }
    }
}
