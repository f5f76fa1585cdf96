import Access
import Engine
import JSON
import Supervision
import Telemetry
import Workflows

/// Workflows, workers and the node itself as openapi.yaml's schemas say.
extension JSONWriter {
    /// `WorkflowSummary`.
    mutating func workflowSummary(_ workflow: WorkflowSummary) {
        object { members in
            members.string("name", workflow.name)
            members.integer("version", workflow.version)
            members.time("applied_at", workflow.appliedAt)
        }
    }

    /// `WorkflowVersion`.
    mutating func workflowVersion(_ version: AppliedVersion) {
        object { members in
            members.integer("version", version.version)
            members.string("digest", version.digest.hexadecimal)
            members.time("applied_at", version.appliedAt)
        }
    }

    /// `Workflow`.
    mutating func workflow(_ stored: StoredDefinition, outline: FlowOutline) {
        object { members in
            members.string("name", stored.name)
            members.integer("version", stored.version)
            members.time("applied_at", stored.createdAt)
            members.string("source", String(decoding: stored.source, as: UTF8.self))
            members.payload("definition", stored.canonical)
            members.member("steps") { writer in
                writer.array(outline.steps.enumerated()) { writer, entry in
                    writer.object { members in
                        members.string("id", entry.element.id)
                        members.integer("index", entry.offset)
                        members.string("uses", entry.element.uses)
                        members.strings("needs", entry.element.needs)
                    }
                }
            }
        }
    }

    /// `Worker`.
    mutating func worker(_ worker: WorkerSummary) {
        let capabilities = WorkerCapabilities(json: worker.capabilities)
        object { members in
            members.string("session", RunID(worker.session.value).description)
            members.string("name", worker.worker)
            members.string("node", RunID(worker.node.value).description)
            members.time("connected_at", worker.connectedAt)
            members.time("leased_until", worker.leasedUntil)
            members.integer("running", worker.running)
            members.string("version", capabilities.version)
            members.member("pools") { writer in
                writer.array(capabilities.pools) { writer, pool in
                    writer.object { members in
                        members.string("name", pool.name)
                        members.integer("slots", pool.slots)
                    }
                }
            }
            members.strings("task_types", capabilities.taskTypes)
            members.member("labels") { writer in
                writer.value(.object(capabilities.labels.map { ($0.name, .string($0.value)) }))
            }
        }
    }

    /// `Overview`.
    mutating func overview(_ overview: Overview) {
        object { members in
            members.member("runs") { writer in
                writer.value(
                    .object(
                        overview.runs.sorted { $0.key.rawValue < $1.key.rawValue }
                            .map { ($0.key.text, .int(Int64($0.value))) }))
            }
            members.integer("ready", overview.ready)
            members.integer("running", overview.running)
            members.integer("scheduled", overview.scheduled)
            members.integer("workers", overview.workers)
        }
    }

    /// `SupervisedNode`.
    mutating func supervised(_ node: SupervisedNode) {
        object { members in
            members.string("name", node.name)
            members.string("kind", node.kind.rawValue)
            members.string("strategy", node.strategy?.rawValue)
            members.string("state", node.state)
            members.integer("restarts", node.restarts)
            members.string("since", node.since?.rfc3339)
            members.string("last_error", node.lastError)
            members.member("children") { $0.array(node.children) { $0.supervised($1) } }
        }
    }

    /// `Health`.
    mutating func health(_ checks: [HealthCheck]) {
        object { members in
            members.string("status", checks.allSatisfy(\.isOK) ? "ok" : "unavailable")
            members.member("checks") { writer in
                writer.array(checks) { writer, check in
                    writer.object { members in
                        members.string("name", check.name)
                        members.bool("ok", check.isOK)
                        members.string("detail", check.detail)
                    }
                }
            }
        }
    }

    /// `Session`.
    ///
    /// - Parameter csrfToken: of a browser's session.
    mutating func session(_ principal: Principal, csrfToken: String? = nil) {
        object { members in
            members.string("subject", principal.subject)
            members.string("tenant", principal.tenant)
            members.strings("roles", principal.roleNames)
            members.strings("permissions", principal.permissions.actions.map(\.permission))
            members.member("grants") { writer in
                writer.array(principal.grants) { writer, grant in
                    writer.object { members in
                        members.strings("permissions", grant.permissions.actions.map(\.permission))
                        members.string("kind", grant.target.kind)
                        members.string("name", grant.target.name)
                    }
                }
            }
            members.string("csrf_token", csrfToken)
            if principal.expiresAt < .max {
                members.string("expires_at", WallTime(seconds: principal.expiresAt).rfc3339)
            }
        }
    }
}

/// One thing that a node needs in order to serve.
public struct HealthCheck: Sendable {
    public var name: String
    public var isOK: Bool
    public var detail: String?

    public init(name: String, isOK: Bool, detail: String? = nil) {
        self.name = name
        self.isOK = isOK
        self.detail = detail
    }
}

extension WallTime {
    /// Clamped to the years that RFC 3339 can write.
    init(seconds: Int64) { self.init(microseconds: min(max(seconds, 0), 253_402_300_799) * 1_000_000) }
}

extension [UInt8] {
    /// Lower-case hexadecimal text.
    var hexadecimal: String {
        let digits = Array<UInt8>("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
