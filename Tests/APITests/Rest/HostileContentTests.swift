import Access
import GRPC
import HTTP
import JSON
import Protobuf
import Testing

/// Content that costs its reader more than its sender, on real sockets: refused with a code, never with 500, and the
/// server serves on.
@Suite("Hostile content", .serialized, .timeLimit(.minutes(5)))
struct HostileContentTests {
    private struct Attack: Sendable {
        var what: String
        var path = "/v1/runs"
        var type = "application/json"
        var content: String
        var status = 400
        var code = "malformed_json"
    }

    private static func input(_ text: String) -> String { #"{"workflow":"f","input":\#(text)}"# }

    private static func nested(_ count: Int) -> String {
        String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }

    /// Each level has nine of the one below.
    private static let laughs = (1..<9).reduce("name: f\na0: &a0 [x, x]\n") { text, level in
        let below = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
        return text + "a\(level): &a\(level) [\(below)]\n"
    }

    private static let attacks = [
        Attack(what: "JSON 200 levels deep", content: input(nested(200))),
        Attack(what: "JSON 400,000 levels deep", content: input(nested(400_000))),
        Attack(what: "objects without an end", content: input(String(repeating: #"{"a":"#, count: 100_000))),
        Attack(what: "a number without bounds", content: input(#"{"n":1e999999999}"#)),
        Attack(what: "the same key twice", content: input(#"{"n":1,"n":2}"#)),
        Attack(what: "half a surrogate pair", content: input(#"{"n":"\ud800"}"#)),
        Attack(what: "NUL", content: input(#"{"n":"\u0000"}"#)),
        Attack(
            what: "a number of a million digits",
            content: input(#"{"n":-\#(String(repeating: "9", count: 1_000_000))}"#)),
        Attack(
            what: "more than is taken", content: input("\"\(String(repeating: "x", count: 9 << 20))\""), status: 413,
            code: "payload_too_large"),
        Attack(
            what: "YAML aliases that multiply", path: "/v1/workflows", type: "application/yaml", content: laughs,
            status: 422, code: "invalid_definition"),
        Attack(
            what: "YAML 100,000 levels deep", path: "/v1/workflows", type: "application/yaml",
            content: "name: f\nsteps: \(String(repeating: "[", count: 100_000))", status: 422,
            code: "invalid_definition"),
        Attack(
            what: "YAML mappings in one line", path: "/v1/workflows", type: "application/yaml",
            content: String(repeating: "? ", count: 50_000), status: 422, code: "invalid_definition"),
        Attack(
            what: "a duration without bounds", path: "/v1/workflows", type: "application/yaml",
            content: "name: f\nsteps: [{ id: a, uses: noop, timeout: \(String(repeating: "9", count: 5_000))h }]",
            status: 422, code: "invalid_definition"),
        Attack(
            what: "an expression 10,000 levels deep", path: "/v1/workflows", type: "application/yaml",
            content:
                "name: f\nsteps: [{ id: a, uses: noop, if: \"\(String(repeating: "(", count: 10_000))1\" }]",
            status: 422, code: "invalid_definition"),
    ]

    @Test("bombs of JSON and YAML")
    func bombs() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            for attack in Self.attacks {
                let answer = try await api.send(
                    "POST", attack.path, json: attack.content, fields: ["content-type": attack.type])
                #expect(
                    answer.status == attack.status && answer.json?["code"]?.stringValue == attack.code,
                    "\(attack.what): \(answer.status) \(answer.text.prefix(300))")
            }
            #expect(try await api.send("POST", "/v1/runs", json: Self.input("{}")).status == 201)
        }
    }

    @Test("a message that inflates to more than is taken, a depth bomb in one, and an output that is one")
    func messages() async throws {
        try await APIFixture.run { api in
            try await api.apply("f", steps: ["a"])
            let grpc = try api.channel(.admin)
            func code(_ input: [UInt8], _ compression: GRPCCompression) async -> (GRPCStatusCode?, String?) {
                do {
                    _ = try await grpc.unary(
                        BeamlineV1.RunService.startRun, .init(workflow: "f", input: input),
                        options: GRPCCallOptions(compression: compression))
                    return (nil, nil)
                } catch {
                    return ((error as? GRPCStatus)?.code, (error as? GRPCStatus)?.reason)
                }
            }
            let spaces = await code(Array(repeating: 0x20, count: 64 << 20), .gzip)
            #expect(spaces == (.resourceExhausted, "message_too_large"))
            let deep = await code(Array(Self.nested(100_000).utf8), .gzip)
            #expect(deep == (.invalidArgument, "malformed_json"))
            #expect(await code(Array("{}".utf8), .gzip) == (nil, nil))
            await grpc.close()

            let run = try await api.send("POST", "/v1/runs", json: Self.input("{}"))
            let id = try #require(run.json?["id"]?.stringValue)
            try await api.working(output: Self.nested(100_000)) {
                let ended = try await api.ended(id)
                #expect(ended.state == "failed", "\(ended.state)")
            }
        }
    }
}
