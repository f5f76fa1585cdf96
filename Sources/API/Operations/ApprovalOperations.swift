import Access
import Engine
import Workflows

/// What can be done to approvals; REST and gRPC both speak through it.
struct ApprovalOperations: Sendable {
    private let engine: Engine
    private let runs: RunOperations

    init(parts: APIParts, runs: RunOperations) {
        engine = parts.engine
        self.runs = runs
    }

    func list(
        tenant: TenantID, after position: ApprovalPosition?, pageSize: Int
    ) async throws -> (approvals: [PendingApproval], next: ApprovalPosition?) {
        try await engine.approvals(tenant: tenant, after: position, limit: pageSize)
    }

    /// Those of one run, which the caller may read.
    func list(of run: RunID, _ caller: Caller) async throws -> [PendingApproval] {
        try await runs.permit(run, caller, to: .readRuns)
        return try await engine.approvals(of: RunKey(tenant: caller.tenant, run: run))
    }

    /// Decides as the caller, who must have one of the roles that the step names, or have been handed the approval; an admin
    /// may always.
    func decide(
        _ run: RunID, step: String, verdict: ApprovalDecision.Verdict, comment: String?, form: [UInt8]?,
        _ caller: Caller
    ) async throws {
        let decision = ApprovalDecision(
            approver: caller.principal.subject, verdict: verdict, comment: try Self.checked(comment), form: form)
        try await decide(run, step, decision, caller)
    }

    /// Hands the caller's decision on to somebody, who then may decide whatever their roles; the caller may no longer.
    func delegate(_ run: RunID, step: String, to delegate: String, comment: String?, _ caller: Caller) async throws {
        guard (1...200).contains(delegate.utf8.count), !delegate.utf8.contains(0) else {
            throw Problem(400, "invalid_body", "to must name a person by 1 to 200 bytes, as their tokens do.")
        }
        let decision = ApprovalDecision(
            approver: caller.principal.subject, delegate: delegate, comment: try Self.checked(comment))
        try await decide(run, step, decision, caller)
    }

    private func decide(
        _ run: RunID, _ step: String, _ decision: ApprovalDecision, _ caller: Caller
    ) async throws {
        try await runs.permit(run, caller, to: .decideApprovals)
        let roles = caller.principal.roleNames
        let person = caller.principal.subject
        let mayAlways = !caller.principal.roles.isDisjoint(with: [.admin, .platformAdmin])
        try await engine.decide(RunKey(tenant: caller.tenant, run: run), step: step, decision) { approvers in
            mayAlways || approvers.include(person, roles: roles)
        }
    }

    private static func checked(_ comment: String?) throws(Problem) -> String? {
        guard let comment, comment.utf8.count > 4000 else { return comment }
        throw Problem(400, "invalid_body", "comment must be a string of at most 4000 bytes.")
    }
}
