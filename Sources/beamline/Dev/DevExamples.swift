import Glibc
import JSON

/// Applies the examples that came with the program and runs the first.
struct DevExamples {
    let client: APIClient
    let stages: Stages
    let isOn: Bool

    private static let first = "package-audit"

    func run() async throws -> ExitStatus {
        guard isOn, let folder = Installation.examples() else { return .succeeded }
        let input = try await stages.run(6, "Examples") {
            let applied = try await client.apply(DefinitionFile("\(folder)/\(Self.first)/\(Self.first).yaml"))
            let input: JSONValue = .object([("programs", .string("\(folder)/\(Self.first)"))])
            return ("\(applied["name"]?.stringValue ?? Self.first) v\(applied["version"]?.intValue ?? 0)", input)
        }
        let run = try await client.post(
            "/v1/runs", body: .object([("workflow", .string(Self.first)), ("input", input)]),
            fields: ["idempotency-key": RunInputs.freshKey()])
        guard let id = run["id"]?.stringValue else {
            throw CommandFailure(.failed, "error: the server's answer has no run id")
        }
        return ExitStatus(runState: try await RunWatch(client: client, id: id, output: .table).untilEnd())
    }
}
