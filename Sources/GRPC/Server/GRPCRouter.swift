public import HTTP
public import Logging
internal import NIOCore
public import Protobuf

/// The gRPC services of a server: typed handlers by path, behind one HTTP handler.
///
///     var router = GRPCRouter<Principal>(logger: logger) { request in try await authenticate(request) }
///     router.unary(BeamlineV1.RunService.startRun) { request, context in … }
///     router.bidirectional(BeamlineV1.WorkerService.connect) { requests, responses, context in … }
///     let response = await router.respond(to: request)        // where GRPCRouter.isGRPC(request)
///
/// A handler throws ``GRPCStatus``; other errors reach the caller as INTERNAL without their text, which is logged. Its
/// task is cancelled when the caller's deadline passes, resets the call or goes away.
public struct GRPCRouter<Identity: Sendable>: Sendable {
    /// Rules for all calls.
    public struct Configuration: Sendable {
        /// Largest message in octets, both on the wire and inflated.
        public var maxMessageSize = 4 << 20
        /// Whether messages to callers that understand gzip are compressed, unless a handler says otherwise.
        public var compressesMessages = false

        /// The defaults.
        public init() {}
    }

    /// Runs a stream's body for this caller, and ends it when the caller may no longer have it.
    public typealias StreamGuard =
        @Sendable (
            Identity, _ body: @escaping @Sendable () async throws -> Void
        ) async throws -> Void

    typealias Route = @Sendable (HTTPRequest, GRPCContext<Identity>) async throws -> HTTPResponse

    /// The names of the services that have a method here.
    public private(set) var services: Set<String> = []
    private var routes: [String: Route] = [:]
    private let configuration: Configuration
    private let logger: Logger
    private let authenticate: @Sendable (HTTPRequest) async throws -> Identity

    /// - Parameter authenticate: Says who calls, before the handler and for every method; throws ``GRPCStatus`` to
    ///   refuse.
    public init(
        configuration: Configuration = Configuration(), logger: Logger,
        authenticate: @escaping @Sendable (HTTPRequest) async throws -> Identity
    ) {
        self.configuration = configuration
        self.logger = logger
        self.authenticate = authenticate
    }

    // MARK: methods

    /// Serves a method with one request and one response.
    public mutating func unary<Request, Response>(
        _ method: UnaryMethod<Request, Response>,
        handler: @escaping @Sendable (Request, GRPCContext<Identity>) async throws -> Response
    ) {
        add(method) { request, context in
            let reader = MessageReader<Request>(body: request.body, codec: context.requestCodec)
            return try Self.reply(try await handler(try await reader.single(), context), context)
        }
    }

    /// Serves a method with many requests and one response.
    public mutating func clientStreaming<Request, Response>(
        _ method: ClientStreamingMethod<Request, Response>,
        handler: @escaping @Sendable (GRPCRequests<Request>, GRPCContext<Identity>) async throws -> Response
    ) {
        add(method) { request, context in
            let requests = GRPCRequests<Request>(body: request.body, codec: context.requestCodec)
            return try Self.reply(try await handler(requests, context), context)
        }
    }

    /// Serves a method with one request and many responses.
    ///
    /// - Parameter opening: Runs before the head leaves: it may set the initial metadata, or refuse.
    public mutating func serverStreaming<Request, Response>(
        _ method: ServerStreamingMethod<Request, Response>,
        opening: (@Sendable (GRPCContext<Identity>) async throws -> Void)? = nil,
        handler:
            @escaping @Sendable (
                Request, GRPCResponseWriter<Response>, GRPCContext<Identity>
            ) async throws -> Void
    ) {
        let logger = self.logger
        add(method) { request, context in
            let reader = MessageReader<Request>(body: request.body, codec: context.requestCodec)
            let message = try await reader.single()
            try await opening?(context)
            return Self.stream(context, logger) { try await handler(message, $0, context) }
        }
    }

    /// Serves a method with many requests and many responses. The call ends when the handler returns.
    ///
    /// - Parameter opening: Runs before the head leaves: it may set the initial metadata, or refuse.
    public mutating func bidirectional<Request, Response>(
        _ method: BidirectionalMethod<Request, Response>,
        opening: (@Sendable (GRPCContext<Identity>) async throws -> Void)? = nil,
        handler:
            @escaping @Sendable (
                GRPCRequests<Request>, GRPCResponseWriter<Response>, GRPCContext<Identity>
            ) async throws -> Void
    ) {
        let logger = self.logger
        add(method) { request, context in
            let requests = GRPCRequests<Request>(body: request.body, codec: context.requestCodec)
            try await opening?(context)
            return Self.stream(context, logger) { try await handler(requests, $0, context) }
        }
    }

    private mutating func add(_ method: some RPCMethod, _ route: @escaping Route) {
        precondition(routes[method.path] == nil, "\(method.path) is served twice")
        routes[method.path] = route
        services.insert(method.service)
    }

    // MARK: calls

    /// Whether a request is gRPC's, by its content type.
    public static func isGRPC(_ request: HTTPRequest) -> Bool {
        guard let type = request.fields.bytes(of: "content-type") else { return false }
        let name = type.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return name.elementsEqual("application/grpc".utf8) || name.elementsEqual("application/grpc+proto".utf8)
    }

    /// Whether a path is one of a method here.
    public func serves(_ path: String) -> Bool { routes[path] != nil }

    /// The paths of all methods, sorted.
    public var paths: [String] { routes.keys.sorted() }

    /// Answers a call; what is not a call is answered with HTTP's own 415 or 405.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard Self.isGRPC(request) else {
            return HTTPError(
                status: 415, code: "unsupported_media_type", message: "This path takes application/grpc."
            ).response()
        }
        guard request.method == "POST" else { return HTTPError.methodNotAllowed(["POST"]).response() }
        do {
            guard let route = routes[request.path] else { throw unimplemented(request.path) }
            let context = try await context(of: request)
            return try await withDeadline(context.deadline, on: request.eventLoop) {
                try await route(request, context)
            }
        } catch {
            let status = Self.status(for: error, path: request.path, logger)
            var fields = GRPCFields.plainHead
            status.write(to: &fields)
            return HTTPResponse(status: 200, fields: fields)
        }
    }

    private func unimplemented(_ path: String) -> GRPCStatus {
        let parts = path.split(separator: "/")
        guard parts.count == 2, services.contains(String(parts[0])) else {
            return GRPCStatus(.unimplemented, "There is no service for the path \(path).")
        }
        return GRPCStatus(.unimplemented, "The service \(parts[0]) has no method \(parts[1]).")
    }

    private func context(of request: HTTPRequest) async throws -> GRPCContext<Identity> {
        let fields = request.fields
        var deadline: ContinuousClock.Instant?
        if let value = fields["grpc-timeout"] {
            guard let span = GRPCTimeout.parse(value) else {
                throw GRPCStatus(.invalidArgument, "grpc-timeout is malformed.", reason: "malformed_timeout")
            }
            deadline = ContinuousClock.now.advanced(by: span)
        }
        var codec = GRPCCodec(compression: .identity, limit: configuration.maxMessageSize)
        if let value = fields["grpc-encoding"] {
            guard let compression = GRPCCompression(rawValue: value) else {
                throw GRPCStatus(.unimplemented, "The encoding \(value) is not known here; identity and gzip are.")
            }
            codec.compression = compression
        }
        return GRPCContext(
            identity: try await authenticate(request), request: request, deadline: deadline, requestCodec: codec,
            acceptsGzip: fields["grpc-accept-encoding"].map(GRPCCompression.gzip.isNamed) ?? false,
            compress: configuration.compressesMessages)
    }

    private static func reply(_ message: some ProtobufMessage, _ context: GRPCContext<Identity>) throws -> HTTPResponse
    {
        let compress = context.acceptsGzip && context.compressesMessages
        return HTTPResponse(
            status: 200, fields: context.head(compressed: compress),
            body: .bytes(try context.responseCodec.encode(message, compress: compress)), trailers: context.trailers())
    }

    private static func stream<Response>(
        _ context: GRPCContext<Identity>, _ logger: Logger,
        _ handler: @escaping @Sendable (GRPCResponseWriter<Response>) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(
            status: 200, fields: context.head(compressed: context.acceptsGzip),
            body: .stream { writer in
                let responses = GRPCResponseWriter<Response>(
                    writer: writer, codec: context.responseCodec, compresses: context.compressesMessages)
                do {
                    try await withDeadline(context.deadline, on: context.eventLoop) { try await handler(responses) }
                    return context.trailers()
                } catch {
                    return context.trailers(status(for: error, path: context.path, logger))
                }
            })
    }

    /// What the caller is told; what it is not told is logged.
    private static func status(for error: any Error, path: String, _ logger: Logger) -> GRPCStatus {
        let status = GRPCStatus(thrown: error)
        if status.code == .internal, !(error is GRPCStatus) {
            logger.error("call failed", metadata: ["path": "\(path)", "error": "\(error)"])
        }
        return status
    }
}
