import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `Approval`.
    mutating func approval(_ approval: PendingApproval) {
        object { members in
            members.string("run", approval.waiting.step.run.run.description)
            members.string("workflow", approval.workflow)
            members.integer("version", approval.version)
            members.string("step", approval.step)
            members.time("since", approval.waiting.since)
            members.string("message", approval.waiting.message.isEmpty ? nil : approval.waiting.message)
            members.strings("roles", approval.approvers.roles)
            members.integer("quorum", approval.rule.quorum)
            members.bool("escalated", approval.isEscalated)
            members.integer("reminders", approval.reminders)
            if let next = approval.next {
                members.time("next_at", next.at)
                members.string("next", next.stage.rawValue)
            }
            members.time("expires_at", approval.expiresAt)
            members.string("on_timeout", approval.rule.timeout.map { _ in approval.rule.onTimeout.rawValue })
            members.member("decisions") { $0.array(approval.decisions) { $0.decision($1) } }
            members.payload("form", approval.rule.form?.document.bytes())
        }
    }

    private mutating func decision(_ decision: ApprovalDecision) {
        object { members in
            members.string("approver", decision.approver)
            members.string("decision", decision.verdict.rawValue)
            members.string("delegate", decision.delegate)
            members.string("comment", decision.comment)
            members.payload("form", decision.form)
        }
    }
}
