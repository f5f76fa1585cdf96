import Access
import Audit
import Engine
import HTTP
import JSON
import Telemetry
import Workflows

/// `/v1/audit`: who did what in the tenant.
struct AuditRoutes: Sendable {
    let log: any AuditLog
    let catalog: any Catalog
    let now: @Sendable () -> WallTime

    var routes: [Route] {
        [
            Route(
                "GET", "/v1/audit", "listAudit",
                parameters: [
                    "actor", "action", "name", "operation", "outcome", "request_id", "since", "until", "tenant",
                    "page_size", "cursor",
                ], list)
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let pageSize = try call.query.pageSize
        var query = AuditQuery(limit: pageSize + 1)
        query.actor = try call.query.text("actor", limit: 255)
        query.action = try call.query.text("action")
        query.name = try call.query.text("name", limit: 1000)
        query.operation = try call.query.text("operation")
        query.requestID = try call.query.text("request_id")
        query.since = try time("since", call)
        query.until = try time("until", call)
        query.before = try Cursor.audit(call.query["cursor"])
        if let outcome = call.query["outcome"] {
            guard let known = AuditEntry.Outcome(rawValue: outcome) else {
                throw Problem(400, "invalid_parameter", "The parameter outcome is done or refused.")
            }
            query.outcome = known
        }
        let found = try await log.records(query, tenant: try await tenant(call))
        let page = found.prefix(pageSize)
        let next = found.count > pageSize ? page.last?.position.id : nil
        return .page("records", Array(page), next: next.map { Cursor.text(audit: $0) }) { $0.auditRecord($1) }
    }

    /// The caller's own tenant, or any, for those who look after all of them.
    private func tenant(_ call: Call) async throws -> Int32 {
        guard let name = try call.query.text("tenant"), name != call.caller.principal.tenant else {
            return call.caller.identity.tenant
        }
        try call.caller.authorize(.manageTenants, .tenant)
        guard let tenant = try await catalog.tenant(named: name) else {
            throw Problem(404, "tenant_not_found", "There is no tenant \"\(name)\".")
        }
        return tenant.value
    }

    /// A time of RFC 3339, or how long ago.
    private func time(_ name: String, _ call: Call) throws(Problem) -> Int64? {
        guard let text = call.query[name] else { return nil }
        if let ago = try? Duration(parsing: text), ago <= .seconds(36_600 * 86_400) {
            return now().microseconds - ago.components.seconds * 1_000_000
        }
        guard let at = Timestamp(rfc3339: text) else {
            throw Problem(
                400, "invalid_parameter",
                "The parameter \(name) must be a time such as 2026-01-31T08:09:10Z, or how long ago: 24h.")
        }
        return at.microseconds
    }
}

extension JSONWriter {
    /// `AuditRecord`.
    mutating func auditRecord(_ record: AuditRecord) {
        object { members in
            members.string("id", "\(record.position.id)")
            members.string("at", WallTime(microseconds: record.at).rfc3339)
            members.string("actor", record.actor)
            members.string("actor_kind", record.actorKind)
            members.string("actor_tenant", record.actorTenant)
            members.string("address", record.address)
            members.string("agent", record.agent)
            members.string("operation", record.operation)
            members.string("action", record.action)
            members.string("name", record.name)
            members.string("outcome", record.outcome)
            members.integer("times", record.times)
            members.payload("before", record.before.map { Array($0.utf8) })
            members.payload("after", record.after.map { Array($0.utf8) })
            members.string("request_id", record.requestID)
            members.string("trace_id", record.traceID)
        }
    }
}
