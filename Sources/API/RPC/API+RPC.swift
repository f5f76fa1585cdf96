import Access
import GRPC
import HTTP
import Protobuf
import Telemetry

extension API {
    /// Every gRPC method, each behind its permission.
    static func services(
        parts: APIParts, gate: Gate, runs: RunOperations, workflows: WorkflowOperations, streams: OpenStreams,
        health: GRPCHealth
    ) -> GRPCRouter<Caller> {
        let actions = RPCActions.all
        var router = GRPCRouter<Caller>(logger: parts.logger) { request in
            do {
                // Methods that are not in the table (health, reflection, unknown ones) take any valid token.
                return try await gate.admit(request, to: actions[request.path] ?? .readSession)
            } catch {
                guard let problem = Problem(error) else { throw error }
                throw problem.grpcStatus
            }
        }
        RunService(runs: runs, metrics: parts.metrics).add(to: &router)
        WorkflowService(workflows: workflows, metrics: parts.metrics).add(to: &router)
        WorkerService(parts: parts, streams: streams).add(to: &router)
        router.addHealth(health)
        router.addReflection()
        return router
    }
}

/// Which permission each method needs.
enum RPCActions {
    static let all: [String: Action] = [
        BeamlineV1.RunService.startRun.path: .startRuns,
        BeamlineV1.RunService.startRuns.path: .startRuns,
        BeamlineV1.RunService.getRun.path: .readRuns,
        BeamlineV1.RunService.listRuns.path: .readRuns,
        BeamlineV1.RunService.cancelRun.path: .cancelRuns,
        BeamlineV1.RunService.watchRun.path: .readRuns,
        BeamlineV1.WorkflowService.applyWorkflow.path: .applyWorkflows,
        BeamlineV1.WorkflowService.validateWorkflow.path: .readWorkflows,
        BeamlineV1.WorkflowService.getWorkflow.path: .readWorkflows,
        BeamlineV1.WorkflowService.listWorkflows.path: .readWorkflows,
        BeamlineV1.WorkerService.connect.path: .connectWorker,
    ]
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
                let response = try await handler(request, context.identity)
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
