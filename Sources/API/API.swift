import Access
import Engine
import GRPC
public import HTTP
import Logging
import Protobuf
import Telemetry

/// The edge: REST, server-sent events, gRPC and the dashboard's files behind one HTTP handler.
///
/// A request gets an id, is admitted (token or cookie, tenant, role), handled, and answered; whatever is thrown on the
/// way becomes problem+json, or a gRPC status, in one place.
public final class API: Sendable {
    private let parts: APIParts
    private let gate: Gate
    private let routes: RouteTrie<ServedRoute>
    private let rpc: GRPCRouter<Caller>
    private let requestIDs: RequestIDs
    private let streams: OpenStreams
    private let health: GRPCHealth
    /// Ends what a change of access has ended; its `run()` must be running.
    public let access: AccessWatch
    /// The operations that it serves, as openapi.yaml names them: method, path, id.
    public let operations: [(method: String, path: String, id: String)]

    /// The same with what they know, for the comparison with openapi.yaml.
    let listed: [Route]

    /// A reference: finding one copies nothing.
    private final class ServedRoute: Sendable {
        let route: Route
        let metrics: RouteMetrics

        init(route: Route, metrics: RouteMetrics) {
            self.route = route
            self.metrics = metrics
        }
    }

    public init(_ parts: APIParts) {
        self.parts = parts
        let gate = Gate(authenticator: parts.authenticator, now: parts.now)
        let streams = OpenStreams()
        access = AccessWatch(parts: parts, streams: streams)
        let health = GRPCHealth(
            serving: [BeamlineV1.RunService.name, BeamlineV1.WorkflowService.name, BeamlineV1.WorkerService.name])
        let runs = RunOperations(parts: parts)
        let workflows = WorkflowOperations(parts: parts)
        self.gate = gate
        self.streams = streams
        self.health = health
        requestIDs = RequestIDs(random: .random(in: 0 ... .max))

        let all =
            RunRoutes(runs: runs).routes + QueueRoutes(queues: QueueOperations(parts: parts)).routes
            + ApprovalRoutes(approvals: ApprovalOperations(parts: parts), runs: runs).routes
            + WorkflowRoutes(workflows: workflows).routes
            + EventRoutes(engine: parts.engine, streams: streams, now: parts.now).routes
            + SessionRoutes(parts: parts, gate: gate).routes + SignInRoutes(parts: parts, gate: gate).routes + SystemRoutes(parts: parts).routes
            + KeyRoutes(store: parts.access, now: parts.now).routes + RoleRoutes(store: parts.access).routes
            + TenantRoutes(store: parts.access).routes + SecretRoutes(vault: parts.secrets).routes
        var trie = RouteTrie<ServedRoute>()
        for route in all {
            let metrics = RouteMetrics(operation: route.operation, registry: parts.metrics)
            trie.insert(ServedRoute(route: route, metrics: metrics), method: route.method, pattern: route.pattern)
        }
        routes = trie
        listed = all
        operations = all.map { ($0.method, $0.pattern, $0.operation) }
        rpc = Self.services(
            parts: parts, gate: gate, runs: runs, workflows: workflows, streams: streams, health: health)
    }

    /// The paths of the gRPC methods that it serves.
    public var methods: [String] { rpc.paths }

    /// What an HTTP server is given as its handler.
    public var handler: HTTPHandler { { request in try await self.respond(to: request) } }

    /// Ends the streams that would never end by themselves (events, workers): the first phase of a stop.
    public func drain() {
        health.stop()
        streams.drain()
        parts.engine.disconnectWorkers(reason: "the server stops")
    }

    /// Answers any request; never throws for anything that a caller can do.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        if GRPCRouter<Caller>.isGRPC(request) { return await rpc.respond(to: request) }
        let requestID = requestIDs.id(for: request.fields["x-request-id"])
        var response: HTTPResponse
        do {
            response = try await answer(request, requestID: requestID)
        } catch {
            response = problem(for: error, request, requestID).response(requestID: requestID)
        }
        // This line, content-length and date.
        response.fields.makeRoom(lines: 3, bytes: 128)
        response.fields["x-request-id"] = requestID
        return response
    }

    private func answer(_ request: HTTPRequest, requestID: String) async throws -> HTTPResponse {
        switch routes.match(method: request.method, path: request.path) {
        case .found(let served, let parameters):
            let began = ContinuousClock.now
            do {
                let response = try await perform(served.route, request, parameters, requestID)
                served.metrics.count(status: response.status, took: .now - began)
                return response
            } catch {
                let problem = problem(for: error, request, requestID)
                served.metrics.count(status: problem.status, took: .now - began)
                throw problem
            }
        case .otherMethods(let methods): throw HTTPError.methodNotAllowed(methods)
        case .malformed: throw Problem(400, "malformed_path", "The path has a broken percent-encoding.")
        case .nothing:
            if request.method == "GET" || request.method == "HEAD", !request.path.hasPrefix("/v1/"),
                let file = try await parts.files(request)
            {
                return file
            }
            throw Problem(404, "not_found", "There is nothing at \(request.path).")
        }
    }

    private func perform(
        _ route: Route, _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String
    ) async throws -> HTTPResponse {
        switch route.work {
        case .open(let handler): return try await handler(request, parameters, requestID)
        case .admitted(let handler):
            let caller = try await gate.admit(request)
            return try await handler(try call(route, request, parameters, requestID, of: caller))
        }
    }

    /// What a handler gets, of a caller who may ask for it. Apart from `perform`, in which the optimiser of Swift 6.3
    /// crashes over this when it is compiled into the asynchronous function.
    @inline(never)
    private func call(
        _ route: Route, _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String, of caller: Caller
    ) throws -> Call {
        let parsed = Result { try Query(parsing: request.query, allowed: route.parameters) }
        try Gate.check(route.rule, caller, path: { parameters[$0] ?? "" }, query: { try parsed.get()[$0] })
        let query = try parsed.get()
        var logger = parts.logger
        if logger.logLevel <= .debug {
            logger[metadataKey: "request_id"] = "\(requestID)"
            logger[metadataKey: "trace_id"] = "\(caller.trace.traceID)"
            logger.debug("request", metadata: ["operation": "\(route.operation)"])
        }
        return Call(
            request: request, parameters: parameters, query: query, caller: caller, requestID: requestID,
            logger: logger)
    }

    private func problem(for error: any Error, _ request: HTTPRequest, _ requestID: String) -> Problem {
        if let problem = Problem(error) { return problem }
        // A caller who went away is nobody's failure.
        if !(error is CancellationError || error is HTTPTransportError) {
            parts.logger.error(
                "request failed",
                metadata: ["request_id": "\(requestID)", "path": "\(request.path)", "error": "\(error)"])
        }
        return .internalError
    }
}
