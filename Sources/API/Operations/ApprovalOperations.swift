import Access
import Engine
import Workflows

/// What can be done to approvals.
struct ApprovalOperations: Sendable {
    private let engine: Engine

    init(parts: APIParts) { engine = parts.engine }

    func list(
        tenant: TenantID, after position: ApprovalPosition?, pageSize: Int
    ) async throws -> (approvals: [PendingApproval], next: ApprovalPosition?) {
        try await engine.approvals(tenant: tenant, after: position, limit: pageSize)
    }

    /// Decides as the caller, who must have one of the roles that the step names; an admin may always.
    func decide(
        _ run: RunID, step: String, verdict: ApprovalDecision.Verdict, comment: String?, form: [UInt8]?,
        _ caller: Caller
    ) async throws {
        let roles = caller.principal.roleNames
        let mayAlways = !caller.principal.roles.isDisjoint(with: [.admin, .platformAdmin])
        let decision = ApprovalDecision(
            approver: caller.principal.subject, verdict: verdict, comment: comment, form: form)
        try await engine.decide(RunKey(tenant: caller.tenant, run: run), step: step, decision) { wanted in
            mayAlways || wanted.isEmpty || roles.contains(where: wanted.contains)
        }
    }
}
