import ArgumentParser
import JSON

/// `beamline bundle …`
struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "List and show bundles; apply them with: beamline apply FILE",
        subcommands: [List.self, Show.self, Versions.self])

    private static func path(_ name: String) -> String { "/v1/bundles/\(percentEncoded(name))" }

    private static func text(_ bundles: [JSONValue]) -> String {
        var table = Table("bundle", "version", "applied", "by")
        for bundle in bundles {
            table.add(
                bundle["name"]?.stringValue ?? "", "v\(bundle["version"]?.intValue ?? 0)",
                bundle["applied_at"]?.stringValue ?? "", bundle["applied_by"]?.stringValue ?? "")
        }
        return table.text
    }

    /// `beamline bundle list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List bundles with their newest versions.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let bundles = try await APIClient(options).pages("/v1/bundles", list: "bundles", limit: nil)
            if options.output == .json { return printJSON(.array(bundles)) }
            print(bundles.isEmpty ? "No bundles yet: beamline apply FILE" : BundleCommand.text(bundles))
        }
    }

    /// `beamline bundle show NAME`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a bundle owns, and its text as it was submitted.")

        @Argument(help: "The bundle's name.")
        var name: String

        @Option(help: "A version; the newest when left out.")
        var version: Int?

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let query = version.map { ["version": "\($0)"] } ?? [:]
            let bundle = try await APIClient(options).get(BundleCommand.path(name), query: query)
            if options.output == .json { return printJSON(bundle) }
            print("# \(name) v\(bundle["version"]?.intValue ?? 0), by \(bundle["applied_by"]?.stringValue ?? "?")")
            for resource in bundle["resources"]?.arrayValue ?? [] {
                let kind = (resource["kind"]?.stringValue ?? "").replacing("_", with: " ")
                print("# \(kind) \(resource["name"]?.stringValue ?? "") v\(resource["version"]?.intValue ?? 0)")
            }
            print(bundle["source"]?.stringValue ?? "")
        }
    }

    /// `beamline bundle versions NAME`
    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the versions of a bundle, newest first.")

        @Argument(help: "The bundle's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).get("\(BundleCommand.path(name))/versions")
            let versions = answer["versions"]?.arrayValue ?? []
            options.output == .json ? printJSON(.array(versions)) : print(BundleCommand.text(versions))
        }
    }
}
