import Access
import GRPC
import HTTP
import Protobuf
import Telemetry

extension API {
    /// Every gRPC method, each behind its rule.
    static func services(
        parts: APIParts, gate: Gate, audit: AuditTrail, runs: RunOperations, approvals: ApprovalOperations,
        workflows: WorkflowOperations, streams: OpenStreams, health: GRPCHealth
    ) -> GRPCRouter<Caller> {
        var router = GRPCRouter<Caller>(logger: parts.logger) { request in
            do {
                var caller = try await gate.admit(request)
                guard let rule = EntryPoints.rule(path: request.path) else {
                    throw Problem(403, Denial.code, "The method \(request.path) has no rule, so nobody may call it.")
                }
                _ = try gate.limiter.admit(caller.identity, RateClass(rule))
                // Messages name things, heads do not: the services ask again where a grant is enough.
                do {
                    try Gate.check(rule, caller, path: { _ in "" }, query: { _ in nil })
                } catch {
                    audit.scope(method: request.path, rule, request, caller).refuse()
                    throw error
                }
                if EntryPoints.isControl(request.path) {
                    caller.audit = audit.scope(method: request.path, rule, request, caller)
                }
                return caller
            } catch {
                guard let problem = Problem(error) else { throw error }
                throw problem.grpcStatus
            }
        }
        RunService(runs: runs, metrics: parts.metrics, streams: streams).add(to: &router)
        WorkflowService(workflows: workflows, metrics: parts.metrics).add(to: &router)
        ApprovalService(approvals: approvals, runs: runs, metrics: parts.metrics).add(to: &router)
        QueueService(queues: QueueOperations(parts: parts), metrics: parts.metrics).add(to: &router)
        BundleService(bundles: BundleOperations(parts: parts), metrics: parts.metrics).add(to: &router)
        FailureService(failures: FailureOperations(parts: parts), metrics: parts.metrics).add(to: &router)
        BulkService(bulk: BulkOperations(parts: parts), metrics: parts.metrics).add(to: &router)
        BreakerService(breakers: BreakerOperations(parts: parts), metrics: parts.metrics).add(to: &router)
        LimitService(limits: LimitOperations(parts: parts), engine: parts.engine, metrics: parts.metrics)
            .add(to: &router)
        WorkerService(parts: parts, streams: streams).add(to: &router)
        router.addHealth(health) { caller, body in try await streams.guarding(caller.identity, body) }
        router.addReflection { caller, body in try await streams.guarding(caller.identity, body) }
        return router
    }
}

extension GRPCRouter<Caller> {
    /// Serves a unary method: counted, and with the errors of the modules below as statuses.
    mutating func serve<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ metrics: MetricsRegistry,
        _ handler: @escaping @Sendable (Request, Caller) async throws -> Response
    ) {
        let metrics = RouteMetrics(operation: "\(method.service)/\(method.name)", registry: metrics)
        unary(method) { request, context in
            let began = ContinuousClock.now
            do {
                let caller = context.identity
                let response: Response
                if let audit = caller.audit {
                    response = try await audit.run { try await handler(request, caller) }
                } else {
                    response = try await handler(request, caller)
                }
                metrics.count(status: 200, took: .now - began)
                return response
            } catch {
                let problem = Problem(error)
                metrics.count(status: problem?.status ?? 500, took: .now - began)
                throw problem?.grpcStatus ?? error
            }
        }
    }
}
