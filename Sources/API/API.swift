public import Access
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
    /// Routes that answer without a task: few, so a look at each is the quickest search.
    private let constants: [ServedRoute]
    private let rpc: GRPCRouter<Caller>
    private let requestIDs: RequestIDs
    private let streams: OpenStreams
    private let health: GRPCHealth
    /// Ends what a change of access has ended; its `run()` must be running.
    public let access: AccessWatch
    /// Writes what was refused into the audit log; its `run()` must be running.
    public let audit: AuditTrail
    /// The operations that it serves, as openapi.yaml names them: method, path, id.
    public let operations: [(method: String, path: String, id: String)]

    /// The same with what they know, for the comparison with openapi.yaml.
    let listed: [Route]

    /// A reference: finding one copies nothing.
    private final class ServedRoute: Sendable {
        let route: Route
        let metrics: RouteMetrics
        let home: Listener?

        init(route: Route, metrics: RouteMetrics) {
            self.route = route
            self.metrics = metrics
            home = route.home
        }
    }

    public init(_ parts: APIParts) {
        self.parts = parts
        let gate = Gate(
            authenticator: parts.authenticator, limiter: RateLimiter(parts.rates), now: parts.now)
        let streams = OpenStreams()
        access = AccessWatch(parts: parts, streams: streams)
        let audit = AuditTrail(parts: parts)
        self.audit = audit
        let health = GRPCHealth(
            serving: [
                BeamlineV1.RunService.name, BeamlineV1.WorkflowService.name, BeamlineV1.WorkerService.name,
                BeamlineV1.ApprovalService.name, BeamlineV1.QueueService.name, BeamlineV1.BundleService.name,
            ])
        let runs = RunOperations(parts: parts)
        let approvals = ApprovalOperations(parts: parts, runs: runs)
        let workflows = WorkflowOperations(parts: parts)
        self.gate = gate
        self.streams = streams
        self.health = health
        requestIDs = RequestIDs(random: .random(in: 0 ... .max))

        let all =
            RunRoutes(runs: runs).routes + QueueRoutes(queues: QueueOperations(parts: parts)).routes
            + FailureRoutes(failures: FailureOperations(parts: parts), runs: runs).routes
            + BulkRoutes(bulk: BulkOperations(parts: parts)).routes
            + BreakerRoutes(breakers: BreakerOperations(parts: parts)).routes
            + ApprovalRoutes(approvals: approvals, runs: runs).routes
            + WorkflowRoutes(workflows: workflows).routes
            + BundleRoutes(bundles: BundleOperations(parts: parts)).routes
            + LimitRoutes(limits: LimitOperations(parts: parts)).routes
            + EventRoutes(engine: parts.engine, streams: streams, now: parts.now).routes
            + SessionRoutes(parts: parts, gate: gate).routes + SignInRoutes(parts: parts, gate: gate).routes
            + SystemRoutes(parts: parts).routes
            + KeyRoutes(store: parts.access, now: parts.now).routes + RoleRoutes(store: parts.access).routes
            + TenantRoutes(store: parts.access).routes + UserRoutes(store: parts.access).routes
            + QuotaRoutes(engine: parts.engine, catalog: parts.catalog).routes
            + SecretRoutes(vault: parts.secrets).routes
            + AuditRoutes(log: parts.audit, catalog: parts.catalog, now: parts.now).routes
        var trie = RouteTrie<ServedRoute>()
        var constants: [ServedRoute] = []
        for route in all {
            let served = ServedRoute(
                route: route, metrics: RouteMetrics(operation: route.operation, registry: parts.metrics))
            trie.insert(served, method: route.method, pattern: route.pattern)
            if case .always = route.work, route.home == nil { constants.append(served) }
        }
        routes = trie
        self.constants = constants
        listed = all
        operations = all.map { ($0.method, $0.pattern, $0.operation) }
        rpc = Self.services(
            parts: parts, gate: gate, audit: audit, runs: runs, approvals: approvals, workflows: workflows,
            streams: streams, health: health)
    }

    /// The paths of the gRPC methods that it serves.
    public var methods: [String] { rpc.paths }

    /// What an HTTP server is given as its handler.
    public var handler: HTTPHandler { { request in try await self.respond(to: request) } }

    /// The same for a listener that serves a part only.
    public func handler(for scope: ListenerScope) -> HTTPHandler {
        if scope == .everything { return handler }
        return { request in try await self.respond(to: request, within: scope) }
    }

    /// What an HTTP server may ask before the handler: the same answers, of routes that need no task.
    public var immediate: HTTPImmediateHandler { { request in self.answerAtOnce(request) } }

    /// Ends the streams that would never end by themselves (events, workers): the first phase of a stop.
    public func drain() {
        health.stop()
        streams.drain()
        parts.engine.disconnectWorkers(reason: "the server stops")
    }

    /// Answers any request; never throws for anything that a caller can do.
    ///
    /// - Parameter scope: of the listener; `nil` for one that serves everything.
    public func respond(to request: HTTPRequest, within scope: ListenerScope? = nil) async throws -> HTTPResponse {
        if GRPCRouter<Caller>.isGRPC(request) {
            if let scope, !scope.serves(EntryPoints.home(of: String(request.path.dropFirst()))) {
                return Self.unservedCall
            }
            return await rpc.respond(to: request)
        }
        let requestID = requestIDs.id(for: request.fields["x-request-id"])
        do {
            return named(try await answer(request, within: scope, requestID: requestID), requestID, request)
        } catch {
            return named(problem(for: error, request, requestID).response(requestID: requestID), requestID, request)
        }
    }

    /// Of routes that every listener has.
    private func answerAtOnce(_ request: HTTPRequest) -> HTTPResponse? {
        for served in constants where served.route.pattern == request.path && served.route.method == request.method {
            guard case .always(let response) = served.route.work else { continue }
            served.metrics.count(status: response.status, took: .zero)
            return named(response, requestIDs.id(for: request.fields["x-request-id"]), request)
        }
        return nil
    }

    private func named(
        _ response: consuming HTTPResponse, _ requestID: String, _ request: HTTPRequest
    ) -> HTTPResponse {
        // These lines, content-length and date.
        response.fields.makeRoom(lines: 5, bytes: 256)
        response.fields["x-request-id"] = requestID
        if !response.fields.contains("x-content-type-options") {
            response.fields.append("x-content-type-options", "nosniff")
        }
        // A browser that has been here over TLS comes back over TLS alone, for a year (RFC 6797 §6.1).
        if request.isTLS { response.fields.append("strict-transport-security", "max-age=31536000") }
        return response
    }

    /// The answer to a gRPC method that is another listener's.
    private static let unservedCall = HTTPResponse(
        status: 200,
        fields: [
            "content-type": "application/grpc", "grpc-status": "12",
            "grpc-message": "This listener does not serve the method.",
        ])

    private func answer(
        _ request: HTTPRequest, within scope: ListenerScope?, requestID: String
    ) async throws -> HTTPResponse {
        switch routes.match(method: request.method, path: request.path) {
        case .found(let served, let parameters):
            if let scope, !scope.serves(served.home) { throw Self.nothing(at: request) }
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
        case .otherMethods(let others):
            let methods = others.filter { scope?.serves($0.value.home) ?? true }.keys.sorted()
            guard !methods.isEmpty else { throw Self.nothing(at: request) }
            throw HTTPError.methodNotAllowed(methods)
        case .malformed: throw Problem(400, "malformed_path", "The path has a broken percent-encoding.")
        case .nothing:
            if scope?.servesPages ?? true, request.method == "GET" || request.method == "HEAD",
                !request.path.hasPrefix("/v1/"),
                let file = try await parts.files(request)
            {
                return file
            }
            throw Self.nothing(at: request)
        }
    }

    private static func nothing(at request: HTTPRequest) -> Problem {
        Problem(404, "not_found", "There is nothing at \(request.path).")
    }

    private func perform(
        _ route: Route, _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String
    ) async throws -> HTTPResponse {
        switch route.work {
        case .always(let response): return response
        case .open(let handler): return try await handler(request, parameters, requestID)
        case .admitted(let handler):
            let caller = try await gate.admit(request)
            let rate = try gate.limiter.admit(caller.identity, route.rateClass)
            var response =
                route.isControl
                ? try await control(route, request, parameters, requestID, handler, caller)
                : try await look(route, request, parameters, requestID, handler, caller)
            if let rate { response.fields.append(contentsOf: rate) }
            return response
        }
    }

    /// What leaves nothing in the audit log, unless it is refused.
    private func look(
        _ route: Route, _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String,
        _ handler: Route.Handler, _ caller: Caller
    ) async throws -> HTTPResponse {
        do {
            return try await handler(try call(route, request, parameters, requestID, of: caller))
        } catch let denial as Denial {
            audit.scope(route, request, requestID, caller, parameters).refuse()
            throw denial
        }
    }

    /// What the audit log has.
    private func control(
        _ route: Route, _ request: HTTPRequest, _ parameters: [String: String], _ requestID: String,
        _ handler: @escaping Route.Handler, _ caller: Caller
    ) async throws -> HTTPResponse {
        let scope = audit.scope(route, request, requestID, caller, parameters)
        var caller = caller
        caller.audit = scope
        let admitted = caller
        return try await scope.run {
            try await handler(try self.call(route, request, parameters, requestID, of: admitted))
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
