import GRPC
import HTTP
import Logging

/// A server of ours on a port of its own and a channel to it, for the length of `body`.
func withLoopback<Result: Sendable>(
    configuration: GRPCRouter<String>.Configuration = .init(),
    limits: HTTPLimits = HTTPLimits(),
    _ configure: (inout GRPCRouter<String>) -> Void,
    _ body: @Sendable (GRPCChannel, HTTPAddress) async throws -> Result
) async throws -> Result {
    // The identity of a call is the text behind "Bearer "; "evil" is refused.
    var router = GRPCRouter<String>(configuration: configuration, logger: Logger(label: "test")) { request in
        let identity = request.fields["authorization"].map { String($0.dropFirst("Bearer ".count)) } ?? "nobody"
        if identity == "evil" {
            throw GRPCStatus(.unauthenticated, "The token is not valid.", reason: "token_invalid")
        }
        return identity
    }
    configure(&router)
    let services = router
    var http = HTTPServer.Configuration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
    http.limits = limits
    let server = HTTPServer(configuration: http, logger: Logger(label: "test")) { await services.respond(to: $0) }
    let address = try await server.bind()[0]
    let channel = GRPCChannel(GRPCChannel.Configuration(address: address), logger: Logger(label: "test"))
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(channel, address))
        } catch {
            result = .failure(error)
        }
        await channel.close()
        server.drain()
        try await group.waitForAll()
        return try result.get()
    }
}

/// The status that a call ends with; `nil` when it ends well.
func status(_ call: () async throws -> Void) async -> GRPCStatus? {
    do {
        try await call()
        return nil
    } catch {
        return error as? GRPCStatus ?? GRPCStatus(.unknown, "not a status: \(error)")
    }
}

/// Something that a test waits for, told once or more.
struct Signal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init(of: Value.Type = Value.self) { (stream, continuation) = AsyncStream.makeStream() }

    func tell(_ value: Value) { continuation.yield(value) }

    /// The next value told.
    func wait() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}
