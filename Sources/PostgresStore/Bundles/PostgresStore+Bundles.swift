public import Engine
internal import Postgres
public import Workflows

extension PostgresStore: BundleStore {
    public func present(
        _ ids: Set<ResourceID>, bundles: [String], tenant: TenantID
    ) async throws(StoreError) -> PresentResources {
        try await request(of: tenant.value) { (scope) throws(PostgresError) in
            try await PresentResources.read(ids, bundles: bundles, tenant: tenant) {
                (query) throws(PostgresError) in try await scope.query(query)
            }
        }
    }

    public func bundles(
        after name: String?, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> [BundleSummary] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            try Self.summaries(
                try await scope.query(
                    """
                    SELECT b.name, v.version, v.created_at, v.applied_by
                    FROM bundles b JOIN bundle_versions v
                        ON v.tenant = b.tenant AND v.bundle = b.id AND v.version = b.version
                    WHERE b.tenant = \(tenant.value) AND b.name > \(name ?? "")
                    ORDER BY b.name LIMIT \(Int64(max(1, limit)))
                    """))
        }
    }

    public func bundleVersions(of name: String, tenant: TenantID) async throws(StoreError) -> [BundleSummary] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            try Self.summaries(
                try await scope.query(
                    """
                    SELECT b.name, v.version, v.created_at, v.applied_by
                    FROM bundles b JOIN bundle_versions v ON v.tenant = b.tenant AND v.bundle = b.id
                    WHERE b.tenant = \(tenant.value) AND b.name = \(name) ORDER BY v.version DESC LIMIT 1000
                    """))
        }
    }

    public func bundle(
        named name: String, version: Int32?, tenant: TenantID
    ) async throws(StoreError) -> StoredBundle? {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT b.name, v.version, v.created_at, v.applied_by, v.digest, v.source, v.resources
                FROM bundles b JOIN bundle_versions v ON v.tenant = b.tenant AND v.bundle = b.id
                WHERE b.tenant = \(tenant.value) AND b.name = \(name) AND v.version = coalesce(\(version), b.version)
                """)
            guard let row = rows.first, let summary = try Self.summaries(rows).first else { return nil }
            return StoredBundle(
                summary: summary, digest: try row.decode(4), source: try row.decode(5), resources: try row.decode(6))
        }
    }

    public func declaredLimits(tenant: TenantID) async throws(StoreError) -> [DeclaredLimit] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT l.level, l.name, l.slots, l.version, b.name FROM declared_limits l
                LEFT JOIN bundle_resources r ON r.tenant = l.tenant AND r.kind = l.level + 1 AND r.name = l.name
                LEFT JOIN bundles b ON b.tenant = r.tenant AND b.id = r.bundle
                WHERE l.tenant = \(tenant.value) ORDER BY l.level, l.name
                """)
            var limits: [DeclaredLimit] = []
            for row in rows {
                limits.append(
                    DeclaredLimit(
                        declaration: try LimitDeclaration(row), version: try row.decode(3), owner: try row.decode(4)))
            }
            return limits
        }
    }

    private static func summaries(_ rows: PostgresResult) throws(PostgresError) -> [BundleSummary] {
        var summaries: [BundleSummary] = []
        for row in rows {
            summaries.append(
                BundleSummary(
                    name: try row.decode(0), version: try row.decode(1),
                    appliedAt: Timestamp(try row.decode(2, as: PostgresTimestamp.self)), appliedBy: try row.decode(3)))
        }
        return summaries
    }
}
