import Audit
import JSON
import Workflows

/// What the audit log gets of the deeds of people on runs.
extension BatchBuilder {
    mutating func record(_ command: LaneCommand, before: RunLifecycle, after: RunLifecycle) {
        guard let context = command.audit else { return }
        let (action, detail) = command.kind.deed
        let now = JSONObject([("state", .string(after.text))] + detail)
        batch.audit.append(
            AuditedChange(
                key: command.key,
                entry: AuditEntry(
                    context: context, tenant: command.key.tenant.value, action: action,
                    name: command.key.run.description,
                    before: JSONValue.object([("state", .string(before.text))]).text(),
                    after: JSONValue.object(now).text())))
    }
}

extension LaneCommand.Kind {
    /// What it is called in the audit log, and what is told of it. A signal's payload and an approval's form may hold what
    /// is nobody else's business, so they stay out.
    fileprivate var deed: (action: String, detail: [(String, JSONValue)]) {
        switch self {
        case .cancel(let reason): ("run.cancel", [("reason", .string(reason))])
        case .event(let event):
            switch event {
            case .cancel(let reason, let force):
                ("run.cancel", [("reason", .string(reason)), ("force", .bool(force))])
            case .signal(let signal): ("run.signal", [("signal", .string(signal.name)), ("id", .string(signal.id))])
            case .decided(let step, let decision):
                (
                    "run.decide",
                    [
                        ("step", .int(Int64(step))), ("decision", .string(decision.verdict.rawValue)),
                        ("comment", decision.comment.map { .string($0) } ?? .null),
                    ]
                )
            case .pause: ("run.pause", [])
            case .resume: ("run.resume", [])
            default: ("run.change", [])
            }
        case .reopen(let reopening, _):
            (
                "run.redrive",
                [
                    ("generation", .int(Int64(reopening.generation) + 1)),
                    ("edited_inputs", .int(Int64(reopening.inputs.count))),
                ]
            )
        case .start, .finish, .acknowledge, .admit, .deadline: ("run.change", [])
        }
    }
}
