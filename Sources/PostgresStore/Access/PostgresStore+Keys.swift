public import Access
internal import Engine
internal import Postgres

extension PostgresStore: AccessStore {
    /// What `key(_:)` reads, of the table `k`.
    static let keyColumns =
        "k.id, k.name, k.roles, k.created_by, k.created_at, k.expires_at, k.last_used_at, k.revoked_at"

    static func key(_ row: PostgresRow, grants: [NamedGrant] = []) throws(PostgresError) -> APIKey {
        APIKey(
            id: try row.decode(0), name: try row.decode(1), roles: try row.decode(2), grants: grants,
            createdBy: try row.decode(3), createdAt: try row.decode(4, as: PostgresTimestamp.self).seconds,
            expiresAt: try row.decode(5, as: PostgresTimestamp?.self)?.seconds,
            lastUsedAt: try row.decode(6, as: PostgresTimestamp?.self)?.seconds,
            revokedAt: try row.decode(7, as: PostgresTimestamp?.self)?.seconds)
    }

    public func addKey(_ key: NewAPIKey, tenant: Int32) async throws -> APIKey? {
        let targets = key.grants.map(\.target)
        return try await change(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                WITH made AS (
                    INSERT INTO api_keys AS k (tenant, id, name, roles, digest, created_by, expires_at)
                    VALUES (\(tenant), \(key.id), \(key.name), \(key.roles), \(key.digest.bytes), \(key.createdBy),
                        to_timestamp(\(key.expiresAt.map(Double.init))))
                    ON CONFLICT (tenant, id) DO NOTHING RETURNING k.*),
                granted AS (
                    INSERT INTO grants (tenant, subject, role, kind, name)
                    SELECT k.tenant, \(APIKey.subject(key.id)), g.role, g.kind, g.name
                    FROM made k, unnest(\(key.grants.map(\.role)), \(targets.map(\.kind)), \(targets.map(\.name)))
                        AS g (role, kind, name)
                    ON CONFLICT DO NOTHING)
                SELECT \(unescaped: Self.keyColumns) FROM made k
                """)
            return try rows.first.map { (row) throws(PostgresError) in try Self.key(row, grants: key.grants) }
        }
    }

    public func keys(tenant: Int32) async throws -> [APIKey] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            let grants = try await Self.grants(tenant: tenant, scope)
            let rows = try await scope.query(
                """
                SELECT \(unescaped: Self.keyColumns) FROM api_keys k WHERE k.tenant = \(tenant)
                ORDER BY k.created_at DESC, k.id
                """)
            var keys: [APIKey] = []
            for row in rows {
                let id = try row.decode(0, as: String.self)
                let own = grants.filter { $0.subject == APIKey.subject(id) }.map(\.grant)
                keys.append(try Self.key(row, grants: own))
            }
            return keys
        }
    }

    public func revokeKey(_ id: String, by subject: String, tenant: Int32) async throws -> APIKey? {
        try await change(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                UPDATE api_keys k
                SET revoked_at = coalesce(k.revoked_at, now()), revoked_by = coalesce(k.revoked_by, \(subject))
                WHERE k.tenant = \(tenant) AND k.id = \(id) RETURNING \(unescaped: Self.keyColumns)
                """)
            return try rows.first.map { (row) throws(PostgresError) in try Self.key(row) }
        }
    }

    public func revokeToken(_ id: String, expiresAt: Int64, by subject: String, tenant: Int32) async throws {
        _ = try await change(of: tenant) { (scope) throws(PostgresError) in
            // What has ended by itself need not be remembered: a day over its end leaves room for clocks that differ.
            try await scope.query(
                """
                WITH over AS (
                    DELETE FROM revoked_tokens WHERE tenant = \(tenant) AND expires_at < now() - interval '1 day')
                INSERT INTO revoked_tokens (tenant, token_id, expires_at, revoked_by)
                VALUES (\(tenant), \(id), to_timestamp(\(Double(expiresAt))), \(subject)) ON CONFLICT DO NOTHING
                """)
        }
    }
}

extension PostgresTimestamp {
    /// Whole seconds since 1970.
    var seconds: Int64 { microseconds.quotientAndRemainder(dividingBy: 1_000_000).quotient }
}
