import Engine
import JSON
import Workflows

extension JSONWriter {
    /// `BulkJob`.
    mutating func bulkJob(_ job: BulkJob) {
        object { members in
            members.string("id", job.id.description)
            members.string("action", job.order.action.text)
            members.string("filter", job.order.filter)
            members.string("state", job.state.text)
            members.integer("total", job.total)
            members.integer("dealt_with", job.dealtWith)
            members.integer("done", job.dealtWith - job.unchanged - job.failed)
            members.integer("unchanged", job.unchanged)
            members.integer("failed", job.failed)
            if let rate = job.order.rate { members.integer("rate", rate) }
            if job.order.action == .redrive { members.integer("max_replays", job.order.mostReplays) }
            members.string("reason", job.order.reason)
            members.string("asked_by", job.order.by)
            members.time("created_at", job.createdAt)
            members.time("ended_at", job.endedAt)
            members.string("cancelled_by", job.cancelledBy)
        }
    }

    /// `BulkMatch`.
    mutating func bulkMatch(_ match: BulkMatch) {
        object { members in
            members.integer("matches", match.items.count)
            members.integer("children", match.children)
            members.integer("exhausted", match.exhausted)
            members.integer("longest_chain", match.longestChain)
            members.member("sample") { $0.array(match.items.prefix(10)) { $0.string($1.run.description) } }
        }
    }

    /// `BulkRun`.
    mutating func bulkResult(_ result: BulkResult) {
        object { members in
            members.string("run", result.item.run.description)
            members.string("outcome", result.outcome?.text ?? "pending")
            members.string("detail", result.detail)
            members.string("new_run", result.newRun?.description)
        }
    }
}
