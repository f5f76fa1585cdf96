import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/approvals`, and the decisions about them.
struct ApprovalRoutes: Sendable {
    let approvals: ApprovalOperations
    let runs: RunOperations

    var routes: [Route] {
        [
            Route("GET", "/v1/approvals", "listApprovals", parameters: ["page_size", "cursor"], list),
            Route("POST", "/v1/runs/{id}/approvals/{step}", "decideApproval", decide),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let page = try await approvals.list(
            tenant: call.caller.tenant, after: try Cursor.approval(call.query["cursor"]),
            pageSize: try call.query.pageSize)
        return .page("approvals", page.approvals, next: page.next.map { Cursor.text($0) }) { $0.approval($1) }
    }

    private func decide(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(
            limit: RunOperations.inputLimit, members: ["decision", "comment", "form"])
        guard let verdict = body["decision"]?.stringValue.flatMap(ApprovalDecision.Verdict.init(rawValue:)) else {
            let known = ApprovalDecision.Verdict.allCases.map(\.rawValue).joined(separator: " or ")
            throw Problem(400, "invalid_body", "The body needs the field decision: \(known).")
        }
        var comment: String?
        if let given = body["comment"] {
            guard let text = given.stringValue, text.utf8.count <= 4000 else {
                throw Problem(400, "invalid_body", "comment must be a string of at most 4000 bytes.")
            }
            comment = text
        }
        try await runs.permit(run, call.caller, to: .decideApprovals)
        try await approvals.decide(
            run, step: call.parameter("step"), verdict: verdict, comment: comment, form: body["form"]?.bytes(),
            call.caller)
        let detail = try await runs.detail(run, call.caller, to: .decideApprovals)
        return .json { $0.runSummary(detail.summary) }
    }
}
