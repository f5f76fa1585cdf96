public import HTTP
public import Logging
internal import NIOCore
internal import NIOPosix
public import Protobuf
import Synchronization
public import TLS

/// A client's way to one server: connects when a call needs it and again when the connection has ended, resting with
/// jitter after failures.
///
///     let channel = GRPCChannel(to: .tcp(host: "127.0.0.1", port: 8080), logger: logger)
///     let response = try await channel.unary(BeamlineV1.RunService.startRun, request)
///     let call = try await channel.bidirectional(BeamlineV1.WorkerService.connect)
///     try await call.send(hello)
///     for try await message in call.responses { … }
///     await channel.close()
///
/// Every error of a call is a ``GRPCStatus``.
public final class GRPCChannel: Sendable {
    /// How a channel is set up.
    public struct Configuration: Sendable {
        /// The server.
        public var address: HTTPAddress
        /// TLS, or `nil` for cleartext.
        public var tls: TLSContext?
        /// The name that TLS verifies; the host when `nil`.
        public var serverName: String?
        /// Metadata of every call, such as `authorization`.
        public var metadata = GRPCMetadata()
        /// Largest message in octets, both on the wire and inflated.
        public var maxMessageSize = 4 << 20
        /// Rests between attempts to connect.
        public var backoff = GRPCBackoff()
        /// Windows, keepalive, time for connecting.
        public var http = HTTP2Connection.Configuration()

        /// A channel to an address.
        public init(address: HTTPAddress, tls: TLSContext? = nil) {
            self.address = address
            self.tls = tls
        }
    }

    private struct State {
        var machine: GRPCChannelState<HTTP2Connection>
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let configuration: Configuration
    private let logger: Logger
    private let state: Mutex<State>
    private let loop: any EventLoop

    /// A channel that has not connected yet.
    public init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(State(machine: GRPCChannelState(backoff: configuration.backoff)))
        loop = (configuration.http.group ?? MultiThreadedEventLoopGroup.singleton).next()
    }

    /// Ends the connection and the calls on it; later calls fail.
    public func close() async {
        let connection = state.withLock { $0.machine.close() }
        resumeWaiters()
        await connection?.close()
    }

    // MARK: calls

    /// One request, one response.
    public func unary<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws -> Response {
        try await unaryReply(method, request, options: options).message
    }

    /// One request, one response, with the metadata around it.
    public func unaryReply<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws -> GRPCReply<Response> {
        // A second attempt only when the server surely has not seen the first one (RFC 9113 §8.7).
        do {
            return try await start(method, options, single: request).reply()
        } catch let status as GRPCStatus where status.isRetryable {
            return try await start(method, options, single: request).reply()
        }
    }

    /// One request, many responses.
    public func serverStreaming<Request, Response>(
        _ method: ServerStreamingMethod<Request, Response>, _ request: Request,
        options: GRPCCallOptions = GRPCCallOptions()
    ) async throws -> GRPCCall<Request, Response> {
        try await start(method, options, single: request)
    }

    /// Many requests, one response: `send`, then `reply`.
    public func clientStreaming<Request, Response>(
        _ method: ClientStreamingMethod<Request, Response>, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws -> GRPCCall<Request, Response> {
        try await start(method, options, single: nil)
    }

    /// Many requests, many responses.
    public func bidirectional<Request, Response>(
        _ method: BidirectionalMethod<Request, Response>, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws -> GRPCCall<Request, Response> {
        try await start(method, options, single: nil)
    }

    private func start<Request, Response>(
        _ method: some RPCMethod<Request, Response>, _ options: GRPCCallOptions, single: Request?
    ) async throws -> GRPCCall<Request, Response> {
        let deadline = options.timeout.map { ContinuousClock.now.advanced(by: $0) }
        let codec = GRPCCodec(compression: options.compression, limit: configuration.maxMessageSize)
        do {
            let body: HTTPClientRequest.Body =
                try single.map { .bytes(try codec.encode($0, compress: options.compression == .gzip)) } ?? .stream
            let connection = try await connection(options, deadline)
            var fields = options.compression == .gzip ? Self.gzipHead : Self.plainHead
            if let deadline {
                fields.append("grpc-timeout", GRPCTimeout.format(ContinuousClock.now.duration(to: deadline)))
            }
            fields.append(contentsOf: configuration.metadata.fields)
            fields.append(contentsOf: options.metadata.fields)
            let stream = connection.request(
                HTTPClientRequest(method: "POST", path: method.path, fields: fields, body: body))
            return GRPCCall(stream: stream, codec: codec, deadline: deadline, loop: loop)
        } catch {
            throw GRPCStatus(thrown: error)
        }
    }

    private static let plainHead: HTTPFields = [
        "content-type": "application/grpc", "te": "trailers", "grpc-accept-encoding": GRPCCompression.accepted,
        "user-agent": "beamline-grpc",
    ]
    private static let gzipHead: HTTPFields = {
        var fields = plainHead
        fields.append("grpc-encoding", "gzip")
        return fields
    }()

    // MARK: the connection

    private func connection(
        _ options: GRPCCallOptions, _ deadline: ContinuousClock.Instant?
    ) async throws -> HTTP2Connection {
        let need = state.withLock { $0.machine.need(now: .now, isUsable: \.isUsable) }
        if case .use(let connection) = need { return connection }
        let waits = options.waitsForConnection
        return try await withDeadline(deadline, on: loop) { [self] in
            var need = need
            while true {
                switch need {
                case .use(let connection): return connection
                case .connect: return try await connect()
                case .wait: await waitForAttempt()
                case .rest(let until, let status):
                    guard waits else { throw status }
                    try await ContinuousClock().sleep(until: until)
                case .closed: throw GRPCStatus(.unavailable, "The channel is closed.")
                }
                try Task.checkCancellation()
                need = state.withLock { $0.machine.need(now: .now, isUsable: \.isUsable) }
            }
        }
    }

    private func connect() async throws -> HTTP2Connection {
        defer { resumeWaiters() }
        do {
            let connection = try await HTTP2Connection.connect(
                to: configuration.address, tls: configuration.tls, serverName: configuration.serverName,
                configuration: configuration.http, logger: logger)
            guard state.withLock({ $0.machine.connected(connection) }) else {
                await connection.close()
                throw GRPCStatus(.unavailable, "The channel is closed.")
            }
            return connection
        } catch let status as GRPCStatus {
            throw status
        } catch {
            if Task.isCancelled || error is CancellationError {
                state.withLock { $0.machine.abandoned() }
                throw CancellationError()
            }
            let status = GRPCStatus(.unavailable, "\(configuration.address) cannot be reached: \(error)")
            state.withLock { $0.machine.failed(status, now: .now, random: .random(in: 0...1)) }
            throw status
        }
    }

    /// Returns when the attempt to connect that is under way has ended, or the task is cancelled.
    private func waitForAttempt() async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumed = state.withLock { state in
                    guard !Task.isCancelled, state.machine.isConnecting else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if resumed { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    private func resumeWaiters() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }
}
