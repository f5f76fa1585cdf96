public import Access
internal import Engine
internal import Postgres

extension PostgresStore {
    private static let userColumns = """
        s.subject, coalesce(u.roles, '{}'), u.first_seen_at, u.signed_in_at, u.suspended_at, u.suspended_by, (
            SELECT count(*) FROM sign_in_sessions o
            WHERE o.tenant = s.tenant AND o.subject = s.subject AND o.ended_at IS NULL AND o.expires_at > now())
        """

    /// Those of the table, and those that have nothing but grants.
    private static let subjects = """
        (SELECT tenant, subject FROM users UNION SELECT tenant, subject FROM grants WHERE subject NOT LIKE 'key:%') s
        LEFT JOIN users u ON u.tenant = s.tenant AND u.subject = s.subject
        """

    public func users(tenant: Int32, limit: Int) async throws -> [UserRecord] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT \(unescaped: Self.userColumns) FROM \(unescaped: Self.subjects)
                WHERE s.tenant = \(tenant) ORDER BY s.subject LIMIT \(Int64(limit))
                """)
            var users: [UserRecord] = []
            for row in rows { users.append(try Self.user(row)) }
            return users
        }
    }

    public func user(_ subject: String, tenant: Int32) async throws -> UserRecord? {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT \(unescaped: Self.userColumns) FROM \(unescaped: Self.subjects)
                WHERE s.tenant = \(tenant) AND s.subject = \(subject)
                """)
            guard let row = rows.first else { return nil }
            return try Self.user(row)
        }
    }

    private static func user(_ row: PostgresRow) throws(PostgresError) -> UserRecord {
        UserRecord(
            subject: try row.decode(0), roles: try row.decode(1),
            firstSeenAt: try row.decode(2, as: PostgresTimestamp?.self)?.seconds,
            signedInAt: try row.decode(3, as: PostgresTimestamp?.self)?.seconds,
            suspendedAt: try row.decode(4, as: PostgresTimestamp?.self)?.seconds, suspendedBy: try row.decode(5),
            sessions: try row.decode(6))
    }

    public func sessions(of subject: String, tenant: Int32) async throws -> [OpenSession] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT id, roles, created_at, expires_at FROM sign_in_sessions
                WHERE tenant = \(tenant) AND subject = \(subject) AND ended_at IS NULL AND expires_at > now()
                ORDER BY created_at DESC, id LIMIT 200
                """)
            var sessions: [OpenSession] = []
            for row in rows {
                sessions.append(
                    OpenSession(
                        id: try row.decode(0), roles: try row.decode(1),
                        createdAt: try row.decode(2, as: PostgresTimestamp.self).seconds,
                        expiresAt: try row.decode(3, as: PostgresTimestamp.self).seconds))
            }
            return sessions
        }
    }

    public func setSuspended(
        _ isSuspended: Bool, user subject: String, by caller: String, tenant: Int32
    ) async throws {
        _ = try await change(of: tenant) { (scope) throws(PostgresError) in
            guard isSuspended else {
                return try await scope.query(
                    """
                    UPDATE users SET suspended_at = NULL, suspended_by = NULL
                    WHERE tenant = \(tenant) AND subject = \(subject) AND suspended_at IS NOT NULL
                    """)
            }
            return try await scope.query(
                """
                WITH ended AS (
                    UPDATE sign_in_sessions SET ended_at = now()
                    WHERE tenant = \(tenant) AND subject = \(subject) AND ended_at IS NULL AND expires_at > now())
                INSERT INTO users AS u (tenant, subject, suspended_at, suspended_by)
                VALUES (\(tenant), \(subject), now(), \(caller))
                ON CONFLICT (tenant, subject) DO UPDATE
                SET suspended_at = excluded.suspended_at, suspended_by = excluded.suspended_by
                WHERE u.suspended_at IS NULL
                """)
        }
    }

    public func endSessions(of subject: String, tenant: Int32) async throws -> Int64 {
        try await change(of: tenant) { (scope) throws(PostgresError) in
            Int64(
                try await scope.query(
                    """
                    UPDATE sign_in_sessions SET ended_at = now()
                    WHERE tenant = \(tenant) AND subject = \(subject) AND ended_at IS NULL AND expires_at > now()
                    RETURNING id
                    """
                ).count)
        }
    }
}
