import HTTP
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TLS

/// A server on a port of its own for the length of a test body; cancelled and awaited at its end.
func withServer<Result: Sendable>(
    tls: TLSContext? = nil, limits: HTTPLimits = HTTPLimits(), address: HTTPAddress = .tcp(host: "127.0.0.1", port: 0),
    immediate: HTTPImmediateHandler? = nil, handler: @escaping HTTPHandler,
    _ body: @Sendable (HTTPServer, HTTPAddress) async throws -> Result
) async throws -> Result {
    var configuration = HTTPServer.Configuration(addresses: [address], tls: tls)
    configuration.limits = limits
    let server = HTTPServer(configuration: configuration, logger: quiet, immediate: immediate, handler: handler)
    let bound = try await server.bind()
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let result = try await body(server, bound[0])
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

/// A logger that shows only what is wrong in this process.
let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// Answers what the tests ask for most.
let echo: HTTPHandler = { request in
    switch request.path {
    case "/echo": HTTPResponse(status: 200, body: .bytes(try await request.body.collect(upTo: 1 << 20)))
    default: .text("hello")
    }
}

/// A gate that tests open and handlers wait at, and the other way round.
final class Signal: Sendable {
    private struct State {
        var count = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Once more.
    func fire() {
        let ready = state.withLock { state in
            state.count += 1
            let count = state.count
            defer { state.waiters.removeAll { $0.count <= count } }
            return state.waiters.filter { $0.count <= count }.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns when it was fired so many times.
    func wait(count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state in
                guard state.count < count else { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if now { continuation.resume() }
        }
    }

    var count: Int { state.withLock(\.count) }
}
