import Access
import Engine
import GRPC
import JSON
import Protobuf
import Telemetry
import Workflows

/// `beamline.v1.ApprovalService`.
struct ApprovalService: Sendable {
    let approvals: ApprovalOperations
    let runs: RunOperations
    let metrics: MetricsRegistry

    func add(to router: inout GRPCRouter<Caller>) {
        router.serve(BeamlineV1.ApprovalService.listApprovals, metrics, list)
        router.serve(BeamlineV1.ApprovalService.decideApproval, metrics) { request, caller in
            let run = try RunService.run(request.runID)
            try await approvals.decide(
                run, step: request.stepID, verdict: request.approve ? .approve : .reject,
                comment: request.comment.isEmpty ? nil : request.comment, form: try Self.form(request.form), caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .decideApprovals))
        }
        router.serve(BeamlineV1.ApprovalService.delegateApproval, metrics) { request, caller in
            let run = try RunService.run(request.runID)
            try await approvals.delegate(
                run, step: request.stepID, to: request.to, comment: request.comment.isEmpty ? nil : request.comment,
                caller)
            return BeamlineV1.Run(try await runs.view(run, caller, to: .decideApprovals))
        }
    }

    private func list(
        _ request: BeamlineV1.ListApprovalsRequest, _ caller: Caller
    ) async throws -> BeamlineV1.ListApprovalsResponse {
        if !request.runID.isEmpty {
            let found = try await approvals.list(of: try RunService.run(request.runID), caller)
            return BeamlineV1.ListApprovalsResponse(approvals: found.map { BeamlineV1.Approval($0) })
        }
        try caller.authorize(.readRuns, .tenant)
        let page = try await approvals.list(
            tenant: caller.tenant, after: try Cursor.approval(request.pageToken.isEmpty ? nil : request.pageToken),
            pageSize: try PageSize.checked(request.pageSize))
        return BeamlineV1.ListApprovalsResponse(
            approvals: page.approvals.map { BeamlineV1.Approval($0) },
            nextPageToken: page.next.map { Cursor.text($0) } ?? "")
    }

    private static func form(_ text: [UInt8]) throws(Problem) -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        do {
            return try JSONText(validating: text).bytes
        } catch { throw Problem(400, "malformed_json", "The form is not acceptable JSON: \(error).") }
    }
}

extension BeamlineV1.Approval {
    init(_ approval: PendingApproval) {
        self.init(
            runID: approval.waiting.step.run.run.description, workflow: approval.workflow, version: approval.version,
            stepID: approval.step, sinceUnixUs: approval.waiting.since.microseconds,
            message: approval.waiting.message, roles: approval.approvers.roles, quorum: Int32(approval.rule.quorum),
            escalated: approval.isEscalated, reminders: Int32(approval.reminders),
            next: approval.next?.stage.rawValue ?? "", nextUnixUs: approval.next?.at.microseconds ?? 0,
            expiresUnixUs: approval.expiresAt?.microseconds ?? 0,
            decisions: approval.decisions.map { BeamlineV1.Decision($0) },
            form: approval.rule.form?.document.bytes() ?? [])
    }
}

extension BeamlineV1.Decision {
    init(_ decision: ApprovalDecision) {
        self.init(
            approver: decision.approver, decision: decision.verdict.rawValue, delegate: decision.delegate ?? "",
            comment: decision.comment ?? "", form: decision.form ?? [])
    }
}
