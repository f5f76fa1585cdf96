import Logging
import NIOCore
import Synchronization
import TLS

/// A connection as the server sees it. Called from any thread.
protocol HTTPServerConnection: AnyObject, Sendable {
    /// Lets requests in flight end, takes no new ones.
    func drain()
    /// Ends now; handlers are cancelled.
    func closeNow()
}

/// What every connection of a server needs.
final class HTTPServerContext: Sendable {
    let handler: HTTPHandler
    let immediate: HTTPImmediateHandler?
    let limits: HTTPLimits
    let metrics: HTTPMetrics
    let logger: Logger
    let connections = HTTPConnectionTable()
    /// Log lines about misbehaving peers: a flood of bad peers is no flood of lines.
    private let complaints: Mutex<TokenBucket>

    init(
        handler: @escaping HTTPHandler, immediate: HTTPImmediateHandler?, limits: HTTPLimits, metrics: HTTPMetrics,
        logger: Logger
    ) {
        self.handler = handler
        self.immediate = immediate
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        complaints = Mutex(TokenBucket(burst: 20, perSecond: 2, now: .now()))
    }

    /// Logs what a peer did wrong, at most a few lines a second.
    func complain(_ message: Logger.Message, peer: String, _ detail: String) {
        guard complaints.withLock({ $0.take(now: .now()) }) else { return }
        logger.warning(message, metadata: ["peer": "\(peer)", "detail": "\(detail)"])
    }

    /// The answer to an error that a handler threw; only an ``HTTPError`` shows what happened.
    func response(to error: any Error, method: String, path: String) -> HTTPResponse {
        if let error = error as? HTTPError { return error.response() }
        if error is CancellationError {
            return HTTPError(status: 503, code: "cancelled", message: "The server is stopping; try again.").response()
        }
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        metrics.add(metrics.handlerFailures)
        logger.error(
            "request failed",
            metadata: ["request_id": "\(id)", "method": "\(method)", "path": "\(path)", "error": "\(error)"])
        return HTTPError(status: 500, code: "internal", message: "The server failed; its log names the request id.")
            .response(requestID: id)
    }
}

/// The open connections of a server: drained and closed together, and awaited.
final class HTTPConnectionTable: Sendable {
    private struct State {
        var connections: [UInt64: any HTTPServerConnection] = [:]
        var count = 0
        var draining = false
        var closing = false
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())
    private static let numbers = Atomic<UInt64>(1)

    static func nextNumber() -> UInt64 { numbers.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// Counts an accepted connection; `false` when there are too many.
    func admit(limit: Int) -> Bool {
        state.withLock { state in
            guard state.count < limit, !state.closing else { return false }
            state.count += 1
            return true
        }
    }

    /// The connection that was admitted speaks now; one that comes during a drain is drained at once.
    func add(_ connection: any HTTPServerConnection, number: UInt64) {
        let (draining, closing) = state.withLock { state in
            state.connections[number] = connection
            return (state.draining, state.closing)
        }
        if closing {
            connection.closeNow()
        } else if draining {
            connection.drain()
        }
    }

    /// The protocol of a connection was replaced by another (the sniffer by HTTP/2) or it is over.
    func remove(_ number: UInt64) { state.withLock { _ = $0.connections.removeValue(forKey: number) } }

    /// An admitted connection is over: channel closed and no handler running.
    func leave() {
        let waiters = state.withLock { state in
            state.count -= 1
            guard state.count == 0 else { return [Waiter]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func drainAll() {
        let all = state.withLock { state in
            state.draining = true
            return Array(state.connections.values)
        }
        for connection in all { connection.drain() }
    }

    func closeAll() {
        let all = state.withLock { state in
            state.closing = true
            return Array(state.connections.values)
        }
        for connection in all { connection.closeNow() }
    }

    /// Returns when the last connection has left. It does not react to cancellation: the caller has ordered the end.
    func waitUntilEmpty() async {
        try? await Waiter.suspend { waiter in
            let now = state.withLock { state in
                if state.count > 0 { state.waiters.append(waiter) }
                return state.count == 0
            }
            if now { waiter.resume() }
        }
    }

    var count: Int { state.withLock(\.count) }
}
