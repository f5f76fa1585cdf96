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
            Route("GET", "/v1/approvals", "listApprovals", parameters: ["run", "page_size", "cursor"], list),
            Route("POST", "/v1/runs/{id}/approvals/{step}", "decideApproval", decide),
            Route("POST", "/v1/runs/{id}/approvals/{step}/delegate", "delegateApproval", delegate),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        if let text = call.query["run"] {
            guard let run = RunID(text) else {
                throw Problem(400, "invalid_run_id", "\"\(text)\" is no run id; it has 26 characters.")
            }
            let found = try await approvals.list(of: run, call.caller)
            return .page("approvals", found, next: nil) { $0.approval($1) }
        }
        try call.caller.authorize(.readRuns, .tenant)
        let page = try await approvals.list(
            tenant: call.caller.tenant, after: try Cursor.approval(call.query["cursor"]),
            pageSize: try call.query.pageSize)
        return .page("approvals", page.approvals, next: page.next.map { Cursor.text($0) }) { $0.approval($1) }
    }

    private func decide(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(
            limit: RunOperations.inputLimit, members: ["decision", "comment", "form"])
        guard let verdict = body["decision"]?.stringValue.flatMap(ApprovalDecision.Verdict.init(rawValue:)),
            ApprovalDecision.Verdict.votes.contains(verdict)
        else {
            let known = ApprovalDecision.Verdict.votes.map(\.rawValue).joined(separator: " or ")
            throw Problem(400, "invalid_body", "The body needs the field decision: \(known).")
        }
        try await approvals.decide(
            run, step: call.parameter("step"), verdict: verdict, comment: try Self.comment(body),
            form: body["form"]?.bytes(), call.caller)
        return try await answer(run, call)
    }

    private func delegate(_ call: Call) async throws -> HTTPResponse {
        let run = try call.run()
        let body = try await call.object(limit: 16 << 10, members: ["to", "comment"])
        guard let delegate = body["to"]?.stringValue else {
            throw Problem(400, "invalid_body", "The body needs the field to: who shall decide instead.")
        }
        try await approvals.delegate(
            run, step: call.parameter("step"), to: delegate, comment: try Self.comment(body), call.caller)
        return try await answer(run, call)
    }

    private static func comment(_ body: JSONObject) throws(Problem) -> String? {
        guard let given = body["comment"] else { return nil }
        guard let text = given.stringValue else {
            throw Problem(400, "invalid_body", "comment must be a string of at most 4000 bytes.")
        }
        return text
    }

    private func answer(_ run: RunID, _ call: Call) async throws -> HTTPResponse {
        let detail = try await runs.detail(run, call.caller, to: .decideApprovals)
        return .json { $0.runSummary(detail.summary) }
    }
}
