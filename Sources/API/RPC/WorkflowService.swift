import Access
import Engine
import GRPC
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.WorkflowService`.
struct WorkflowService: Sendable {
    let workflows: WorkflowOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.WorkflowService.applyWorkflow, metrics) { request, caller in
            try Self.checkSize(request.source)
            let applied = try await workflows.apply(
                request.source, fileName: request.fileName.isEmpty ? nil : request.fileName, caller)
            let stored = try await workflows.stored(applied.name, version: applied.version, tenant: caller.tenant)
            return BeamlineV1.ApplyWorkflowResponse(workflow: BeamlineV1.Workflow(stored), changed: applied.changed)
        }
        router.serve(BeamlineV1.WorkflowService.validateWorkflow, metrics) { request, _ in
            try Self.checkSize(request.source)
            switch workflows.check(request.source, fileName: request.fileName.isEmpty ? nil : request.fileName) {
            case .valid: return BeamlineV1.ValidateWorkflowResponse()
            case .invalid(let problems, _):
                return BeamlineV1.ValidateWorkflowResponse(
                    diagnostics: problems.map { problem in
                        BeamlineV1.Diagnostic(
                            path: problem.path, line: Int32(clamping: problem.line),
                            column: Int32(clamping: problem.column), message: problem.message,
                            hint: problem.hint ?? "")
                    })
            }
        }
        router.serve(BeamlineV1.WorkflowService.getWorkflow, metrics) { request, caller in
            guard request.version >= 0 else { throw Problem(400, "invalid_argument", "version must not be negative.") }
            try caller.authorize(.readWorkflows, .workflow(request.name))
            return BeamlineV1.Workflow(
                try await workflows.stored(
                    request.name, version: request.version == 0 ? nil : request.version, tenant: caller.tenant))
        }
        router.serve(BeamlineV1.WorkflowService.listWorkflows, metrics) { request, caller in
            let page = try await workflows.list(
                after: try Cursor.name(request.pageToken.isEmpty ? nil : request.pageToken),
                pageSize: try PageSize.checked(request.pageSize), tenant: caller.tenant)
            return BeamlineV1.ListWorkflowsResponse(
                workflows: page.workflows.map {
                    BeamlineV1.Workflow(name: $0.name, version: $0.version, appliedUnixUs: $0.appliedAt.microseconds)
                }, nextPageToken: page.next.map { Cursor.text(name: $0) } ?? "")
        }
    }

    private static func checkSize(_ source: [UInt8]) throws(Problem) {
        guard source.count <= WorkflowOperations.sourceLimit else {
            throw Problem(
                413, "payload_too_large", "The definition is larger than \(WorkflowOperations.sourceLimit) bytes.")
        }
    }
}

extension BeamlineV1.Workflow {
    init(_ stored: StoredDefinition) {
        self.init(
            name: stored.name, version: stored.version, source: stored.source,
            appliedUnixUs: stored.createdAt.microseconds)
    }
}
