public import Access
internal import Engine
internal import Postgres

extension PostgresStore {
    public func roles(tenant: Int32) async throws -> [CustomRole] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            var roles: [CustomRole] = []
            let rows = try await scope.query(
                "SELECT name, permissions FROM roles WHERE tenant = \(tenant) ORDER BY name")
            for row in rows {
                roles.append(CustomRole(name: try row.decode(0), permissions: Permissions(names: try row.decode(1))))
            }
            return roles
        }
    }

    public func putRole(_ role: CustomRole, tenant: Int32) async throws {
        _ = try await change(of: tenant) { (scope) throws(PostgresError) in
            try await scope.query(
                """
                INSERT INTO roles (tenant, name, permissions)
                VALUES (\(tenant), \(role.name), \(role.permissions.actions.map(\.permission)))
                ON CONFLICT (tenant, name) DO UPDATE SET permissions = excluded.permissions
                """)
        }
    }

    public func deleteRole(_ name: String, tenant: Int32) async throws -> Bool {
        try await change(of: tenant) { (scope) throws(PostgresError) in
            try await !scope.query(
                "DELETE FROM roles WHERE tenant = \(tenant) AND name = \(name) RETURNING name"
            ).isEmpty
        }
    }

    public func grants(tenant: Int32) async throws -> [SubjectGrant] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in try await Self.grants(tenant: tenant, scope) }
    }

    static func grants(
        tenant: Int32, _ scope: TenantScope
    ) async throws(PostgresError) -> [SubjectGrant] {
        var grants: [SubjectGrant] = []
        let rows = try await scope.query(
            """
            SELECT subject, role, kind, name FROM grants WHERE tenant = \(tenant) ORDER BY subject, role, kind, name
            """)
        for row in rows {
            guard let target = GrantTarget(kind: try row.decode(2), name: try row.decode(3)) else { continue }
            grants.append(
                SubjectGrant(
                    subject: try row.decode(0), grant: NamedGrant(role: try row.decode(1), target: target)))
        }
        return grants
    }

    public func addGrant(_ grant: SubjectGrant, tenant: Int32) async throws {
        let target = grant.grant.target
        _ = try await change(of: tenant) { (scope) throws(PostgresError) in
            try await scope.query(
                """
                INSERT INTO grants (tenant, subject, role, kind, name)
                VALUES (\(tenant), \(grant.subject), \(grant.grant.role), \(target.kind), \(target.name))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    public func removeGrant(_ grant: SubjectGrant, tenant: Int32) async throws -> Bool {
        let target = grant.grant.target
        return try await change(of: tenant) { (scope) throws(PostgresError) in
            try await !scope.query(
                """
                DELETE FROM grants WHERE tenant = \(tenant) AND subject = \(grant.subject)
                    AND role = \(grant.grant.role) AND kind = \(target.kind) AND name = \(target.name) RETURNING name
                """
            ).isEmpty
        }
    }

    public func tenants() async throws -> [TenantRecord] {
        try await directory { (connection) throws(PostgresError) in
            var tenants: [TenantRecord] = []
            let rows = try await connection.query("SELECT name, created_at, suspended_at FROM tenants ORDER BY name")
            for row in rows {
                tenants.append(
                    TenantRecord(
                        name: try row.decode(0), createdAt: try row.decode(1, as: PostgresTimestamp.self).seconds,
                        suspendedAt: try row.decode(2, as: PostgresTimestamp?.self)?.seconds))
            }
            return tenants
        }
    }

    public func setSuspended(_ isSuspended: Bool, tenant name: String) async throws -> Bool {
        try await change { transaction in
            try await !transaction.query(
                """
                UPDATE tenants SET suspended_at = CASE WHEN \(isSuspended) THEN coalesce(suspended_at, now()) END
                WHERE name = \(name) RETURNING id
                """
            ).isEmpty
        }
    }
}
