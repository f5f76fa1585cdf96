public import Access
internal import Engine
internal import Postgres

extension PostgresStore: AccessDirectory {
    public func standing(of principal: Principal) async throws -> PrincipalStanding? {
        try await directory { (connection) throws(PostgresError) in
            let found = try await connection.query(
                """
                SELECT t.id, t.suspended_at IS NOT NULL,
                    EXISTS (SELECT FROM revoked_tokens r WHERE r.tenant = t.id AND r.token_id = \(principal.tokenID)),
                    ARRAY(
                        SELECT unnest(permissions) FROM roles r
                        WHERE r.tenant = t.id AND r.name = ANY (\(principal.customRoles))),
                    EXISTS (
                        SELECT FROM users u WHERE u.tenant = t.id AND u.subject = \(principal.subject)
                            AND u.suspended_at IS NOT NULL)
                FROM tenants t WHERE t.name = \(principal.tenant)
                """)
            guard let row = found.first else { return nil }
            let tenant = try row.decode(0, as: Int32.self)
            // A token cannot pass for a key, whatever its issuer calls it.
            let isKey = principal.subject.hasPrefix(APIKey.subject(""))
            return PrincipalStanding(
                tenant: tenant, isSuspended: try row.decode(1), isUserSuspended: try row.decode(4),
                isRevoked: try row.decode(2),
                permissions: Permissions(names: try row.decode(3)),
                grants: isKey ? [] : try await Self.grants(of: principal.subject, tenant, connection))
        }
    }

    public func key(digest: Digest) async throws -> KeyStanding? {
        try await directory { (connection) throws(PostgresError) in
            let found = try await connection.query(
                """
                SELECT \(unescaped: Self.keyColumns), t.id, t.name, t.suspended_at IS NOT NULL,
                    ARRAY(SELECT unnest(permissions) FROM roles r WHERE r.tenant = k.tenant AND r.name = ANY (k.roles))
                FROM api_keys k JOIN tenants t ON t.id = k.tenant WHERE k.digest = \(digest.bytes)
                """)
            guard let row = found.first else { return nil }
            let key = try Self.key(row)
            let tenant = try row.decode(8, as: Int32.self)
            return KeyStanding(
                key: key, tenantName: try row.decode(9),
                standing: PrincipalStanding(
                    tenant: tenant, isSuspended: try row.decode(10),
                    permissions: Permissions(names: try row.decode(11)),
                    grants: try await Self.grants(of: key.subject, tenant, connection)))
        }
    }

    public func accessEpochs(recent: Bool) async throws -> [Int32: Int64] {
        try await directory { (connection) throws(PostgresError) in
            let rows = try await connection.query(
                """
                SELECT tenant, epoch FROM access_epochs
                WHERE changed_at > CASE WHEN \(recent) THEN now() - interval '1 minute' ELSE '-infinity' END
                """)
            var epochs: [Int32: Int64] = [:]
            for row in rows { epochs[try row.decode(0)] = try row.decode(1, as: Int64.self) }
            return epochs
        }
    }

    public func noteUse(of keys: [String: Int64]) async throws {
        let ids = Array(keys.keys)
        let times = ids.map { keys[$0] ?? 0 }
        _ = try await duty { (connection) throws(PostgresError) in
            try await connection.query(
                """
                UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, to_timestamp(used.at))
                FROM unnest(\(ids), \(times)) AS used (id, at) WHERE k.id = used.id
                """)
        }
    }

    static func grants(
        of subject: String, _ tenant: Int32, _ connection: PostgresConnection
    ) async throws(PostgresError) -> [Grant] {
        let rows = try await connection.query(
            """
            SELECT g.role, g.kind, g.name, coalesce(r.permissions, '{}')
            FROM grants g LEFT JOIN roles r ON r.tenant = g.tenant AND r.name = g.role
            WHERE g.tenant = \(tenant) AND g.subject = \(subject) ORDER BY g.role, g.kind, g.name
            """)
        var grants: [Grant] = []
        for row in rows {
            let role = Role(rawValue: try row.decode(0, as: String.self))
            guard let target = GrantTarget(kind: try row.decode(1), name: try row.decode(2)) else { continue }
            let own = Permissions(names: try row.decode(3))
            grants.append(Grant(role?.permissions ?? own, on: target))
        }
        return grants
    }
}

extension Permissions {
    /// Names that this version does not know grant nothing.
    init(names: [String]) { self.init(names.compactMap { Action(permission: $0) }) }
}
