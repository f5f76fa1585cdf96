internal import Audit
internal import Engine
internal import Postgres
internal import Workflows

/// A change of quotas in the audit log. Their table is written with each block of submissions, so it has no trigger.
enum QuotaChange {
    /// What is shown of a tenant's quotas, as JSON; `nil` when it has none.
    static func text(
        of tenant: TenantID, _ transaction: PostgresTransaction
    ) async throws(PostgresError) -> String? {
        try await transaction.query(
            """
            SELECT (to_jsonb(q) - ARRAY['tenant', 'changed_at', 'spoken_until'])::text
            FROM quotas q WHERE tenant = \(tenant.value)
            """
        ).first?.decode(0)
    }

    static func record(
        of tenant: TenantID, before: String?, after: String?, _ context: AuditContext,
        _ transaction: PostgresTransaction
    ) async throws(PostgresError) {
        var pipeline = PostgresPipeline(.single)
        let entry = AuditEntry(
            context: context, tenant: tenant.value, action: "quota.set", before: before, after: after)
        AuditColumns([entry]).add(to: &pipeline)
        _ = try await transaction.execute(pipeline)
    }
}
