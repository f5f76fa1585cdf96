import TestPrograms
import Testing

/// How the server is reached.
enum Transport: String, CaseIterable {
    case cleartext, tls
}

/// Official grpcio against `grpc-interop-server`, once a transport; each case is a test of its own.
actor InteropRun {
    static let cleartext = InteropRun(.cleartext)
    static let tls = InteropRun(.tls)

    private let transport: Transport
    private var run: Task<[String: String], any Error>?

    private init(_ transport: Transport) { self.transport = transport }

    /// "ok", or why the case failed.
    func outcome(of name: String) async throws -> String {
        let task = run ?? Task { [transport] in try await Self.drive(transport) }
        run = task
        return try await task.value[name] ?? "the client did not come to this case"
    }

    private static func drive(_ transport: Transport) async throws -> [String: String] {
        let server = try ChildProgram(
            [Checkout.products + "/grpc-interop-server", "--port", "0"] + (transport == .tls ? ["--tls"] : []))
        var arguments = [
            Checkout.python, Checkout.root + "/Tests/GRPCTests/python/client.py", try #require(await server.line()),
        ]
        if transport == .tls { arguments.append(try #require(await server.line())) }
        let client = try ChildProgram(arguments)
        var outcomes: [String: String] = [:]
        while let line = await client.line() {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            if line.hasPrefix("ok "), parts.count == 2 { outcomes[parts[1]] = "ok" }
            if line.hasPrefix("not ok "), parts.count == 3 {
                outcomes[String(parts[2].prefix { $0 != ":" })] = line
            }
        }
        server.terminate()
        return outcomes
    }
}

@Suite("Official grpcio against our server", .timeLimit(.minutes(3)))
struct InteropServerTests {
    static let cases = [
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
        "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method",
        "unimplemented_service", "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server",
        // beyond the published cases
        "server_enforces_deadline", "compressed", "unknown_compression", "half_duplex", "message_too_large",
        "malformed_message", "many_at_once", "health", "reflection_v1alpha", "reflection_v1",
    ]

    @Test("over cleartext", arguments: cases)
    func cleartext(name: String) async throws {
        #expect(try await InteropRun.cleartext.outcome(of: name) == "ok")
    }

    @Test("over TLS", arguments: cases)
    func tls(name: String) async throws {
        #expect(try await InteropRun.tls.outcome(of: name) == "ok")
    }
}
