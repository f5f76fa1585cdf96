import ArgumentParser
import JSON
import Schemas

/// `beamline schema …`
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Check JSON against JSON Schema (draft 2020-12); needs no server.",
        subcommands: [Check.self])

    /// `beamline schema check --schema FILE --instance FILE`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check an instance, or with --jsonl one a line.",
            discussion: """
                Exit status: 0 valid, 1 invalid, 2 a file that cannot be read or a schema that cannot be compiled. With \
                --jsonl each line {"id", "schema", "instance"} is answered by a line {"id", "valid", "errors"}, and the \
                status is 0 when all lines were answered.
                """)

        @Option(help: "The schema's file; - is standard input.", completion: .file(extensions: ["json"]))
        var schema: String?

        @Option(help: "The instance's file; - is standard input.", completion: .file(extensions: ["json"]))
        var instance: String?

        @Option(
            help: """
                A folder with the documents that the schema names by URI: the path of the URI is the path below it, \
                with or without .json. Nothing is fetched from the network.
                """, completion: .directory)
        var resources: String?

        @Flag(help: "Take \"format\" for a check; otherwise it is a remark.")
        var format = false

        @Flag(help: "Read lines of JSON from standard input, or from the file given as argument.")
        var jsonl = false

        @Argument(help: "With --jsonl: the file with the lines.")
        var lines: String = "-"

        @Option(help: "table for people, json for programs.")
        var output: OutputFormat = .table

        func validate() throws {
            if jsonl, schema != nil || instance != nil {
                throw ValidationError("--jsonl takes schema and instance from each line; leave out the options")
            }
            if !jsonl, schema == nil || instance == nil {
                throw ValidationError("name --schema FILE and --instance FILE, or --jsonl")
            }
            if schema == "-", instance == "-" { throw ValidationError("only one of both can be standard input") }
        }

        func run() throws {
            let documents: any SchemaResources = resources.map { SchemaFolder(path: $0) } ?? KnownResources()
            let options = SchemaOptions(assertsFormats: format)
            if jsonl {
                var checker = SchemaLines(resources: documents, options: options)
                return try SchemaStream(path: lines).answer(with: &checker)
            }
            guard let schema, let instance else { return }
            let document = try read(schema)
            let value = try read(instance)
            let report: SchemaReport
            do {
                report = SchemaReport(try Schema(document, resources: documents, options: options), value)
            } catch {
                report = SchemaReport(error)
            }
            show(report, of: instance)
            if let failure = report.failure {
                let reason = report.violations.isEmpty ? failure.message : "the schema cannot be compiled"
                throw CommandFailure(.invalid, output == .json ? "" : "error: \(schema): \(reason)")
            }
            if !report.isValid { throw CommandFailure(.failed, "") }
        }

        private func read(_ path: String) throws -> ExactJSON {
            do {
                return try SchemaFolder.read(path)
            } catch let failure as FileContents.Failure {
                throw CommandFailure(.invalid, "error: \(failure)")
            } catch {
                throw CommandFailure(.invalid, "error: \(path): \(error)")
            }
        }

        private func show(_ report: SchemaReport, of instance: String) {
            if output == .json { return printJSON(.object(report.members)) }
            if report.isValid { return print("\(instance): valid") }
            for violation in report.violations {
                let place = report.failure == nil ? "\(instance)#\(violation.instance): " : ""
                print("\(place)\(violation.message) (\(violation.keyword))")
            }
        }
    }
}
