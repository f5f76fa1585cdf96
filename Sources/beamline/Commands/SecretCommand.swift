import ArgumentParser
import JSON
import Secrets

/// `beamline secret …`
struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Set, list, delete and re-seal secrets.",
        subcommands: [Put.self, List.self, Delete.self, Rotate.self, MasterKey.self])

    /// `beamline secret set NAME < FILE`
    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set a secret to what standard input, or a file, has.",
            discussion: """
                A value is never an argument, where other users of the machine could read it. A line's end at its end \
                is not part of it.
                """)

        @Argument(help: "The secret's name, with its namespace: ci/token.")
        var name: String

        @Option(help: "The file; - is standard input.", completion: .file())
        var file: String = "-"

        @OptionGroup var options: ClientOptions

        func run() async throws {
            var bytes: [UInt8]
            do {
                bytes = try FileContents.read(file, limit: SecretVault.longestValue + 2)
            } catch { throw CommandFailure(.invalid, "error: \(error)") }
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let value = String(validating: bytes, as: UTF8.self) else {
                throw CommandFailure(.invalid, "error: \(file) is not UTF-8 text; encode it as base64 first")
            }
            let answer = try await APIClient(options).put(
                "/v1/secrets/\(percentEncoded(name))", body: ["value": .string(value)])
            if options.output == .json { return printJSON(answer) }
            print("\(name) set")
        }
    }

    /// `beamline secret list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List secrets; never their values.")

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let secrets = try await APIClient(options).get("/v1/secrets")["secrets"]?.arrayValue ?? []
            if options.output == .json { return printJSON(.array(secrets)) }
            guard !secrets.isEmpty else { return print("No secrets yet: ./beamline secret set NAME < FILE") }
            var table = Table("name", "from", "updated", "by")
            for secret in secrets {
                table.add(
                    secret["name"]?.stringValue ?? "", secret["provider"]?.stringValue ?? "",
                    secret["updated_at"]?.stringValue ?? "", secret["updated_by"]?.stringValue ?? "")
            }
            print(table.text)
        }
    }

    /// `beamline secret delete NAME`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a secret that was set here.")

        @Argument(help: "The secret's name.")
        var name: String

        @OptionGroup var options: ClientOptions

        func run() async throws {
            _ = try await APIClient(options).delete("/v1/secrets/\(percentEncoded(name))")
            if options.output == .json { return printJSON(["name": .string(name)]) }
            print("\(name) deleted")
        }
    }

    /// `beamline secret rotate`
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal again under the current master key what is sealed under another.",
            discussion: """
                First put the new key's line before the old one in every node's master keys and restart them; then \
                rotate, as a platform-admin for all tenants; then take the old line away.
                """)

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let answer = try await APIClient(options).post("/v1/secrets/rotate", body: nil)
            if options.output == .json { return printJSON(answer) }
            print("\(answer["resealed"]?.intValue ?? 0) secrets sealed again")
        }
    }

    /// `beamline secret master-key`: needs no server.
    struct MasterKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a line with a new master key, for the file that BEAMLINE_MASTER_KEY_FILE names.")

        @Option(help: "The key's name, which sealed secrets are marked with.")
        var name: String = "m1"

        func run() throws {
            var generator = SystemRandomNumberGenerator()
            let line = NamedKeys.line(name: name, using: &generator)
            do {
                _ = try NamedKeys(text: line)
            } catch { throw CommandFailure(.invalid, "error: \(error.description)") }
            print(line)
        }
    }
}
