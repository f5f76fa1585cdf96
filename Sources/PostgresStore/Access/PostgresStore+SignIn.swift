public import Access
internal import Engine
internal import Postgres

extension PostgresStore {
    public func session(digest: Digest) async throws -> SessionStanding? {
        try await directory { (connection) throws(PostgresError) in
            let found = try await connection.query(
                """
                SELECT s.id, s.subject, s.roles, s.expires_at, s.ended_at, s.token_id, s.key_id, t.id, t.name,
                    t.suspended_at IS NOT NULL,
                    EXISTS (SELECT FROM revoked_tokens r WHERE r.tenant = s.tenant AND r.token_id IN (s.token_id, s.id)),
                    ARRAY(SELECT unnest(permissions) FROM roles r WHERE r.tenant = s.tenant AND r.name = ANY (s.roles)),
                    EXISTS (
                        SELECT FROM users u WHERE u.tenant = s.tenant AND u.subject = s.subject
                            AND u.suspended_at IS NOT NULL)
                FROM sign_in_sessions s JOIN tenants t ON t.id = s.tenant WHERE s.digest = \(digest.bytes)
                """)
            guard let row = found.first else { return nil }
            let tenant = try row.decode(7, as: Int32.self)
            let signIn = SignIn(
                subject: try row.decode(1), tenant: try row.decode(8), roles: try row.decode(2),
                expiresAt: try row.decode(3, as: PostgresTimestamp.self).seconds, tokenID: try row.decode(5),
                keyID: try row.decode(6))
            // Whose token passed for nobody else keeps doing so.
            let isKey = signIn.subject.hasPrefix(APIKey.subject(""))
            return SessionStanding(
                id: try row.decode(0), signIn: signIn,
                endedAt: try row.decode(4, as: PostgresTimestamp?.self)?.seconds,
                standing: PrincipalStanding(
                    tenant: tenant, isSuspended: try row.decode(9), isUserSuspended: try row.decode(12),
                    isRevoked: try row.decode(10),
                    permissions: Permissions(names: try row.decode(11)),
                    grants: isKey ? [] : try await Self.grants(of: signIn.subject, tenant, connection)))
        }
    }

    public func addSignInCode(_ digest: Digest, for signIn: SignIn, expiresAt: Int64) async throws {
        _ = try await duty { (connection) throws(PostgresError) in
            try await connection.query(
                """
                WITH over AS (
                    DELETE FROM sign_in_codes c USING tenants t
                    WHERE t.name = \(signIn.tenant) AND c.tenant = t.id AND c.expires_at < now())
                INSERT INTO sign_in_codes
                    (tenant, subject, roles, digest, token_id, key_id, expires_at, session_expires_at)
                SELECT id, \(signIn.subject), \(signIn.roles), \(digest.bytes), \(signIn.tokenID), \(signIn.keyID),
                    to_timestamp(\(Double(expiresAt))), to_timestamp(\(Double(signIn.expiresAt)))
                FROM tenants WHERE name = \(signIn.tenant)
                """)
        }
    }

    public func redeemSignInCode(_ digest: Digest) async throws -> SignIn? {
        try await duty { (connection) throws(PostgresError) in
            // Of two that redeem one code at once, one deletes the row and the other finds none.
            let rows = try await connection.query(
                """
                DELETE FROM sign_in_codes c USING tenants t WHERE c.digest = \(digest.bytes) AND t.id = c.tenant
                RETURNING c.subject, t.name, c.roles, c.session_expires_at, c.token_id, c.key_id, c.expires_at > now()
                """)
            guard let row = rows.first, try row.decode(6, as: Bool.self) else { return nil }
            return SignIn(
                subject: try row.decode(0), tenant: try row.decode(1), roles: try row.decode(2),
                expiresAt: try row.decode(3, as: PostgresTimestamp.self).seconds, tokenID: try row.decode(4),
                keyID: try row.decode(5))
        }
    }

    public func addSession(_ session: SessionText, for signIn: SignIn) async throws -> Bool {
        try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.query(
                """
                WITH over AS (
                    DELETE FROM sign_in_sessions s USING tenants t
                    WHERE t.name = \(signIn.tenant) AND s.tenant = t.id AND s.expires_at < now() - interval '1 day'),
                seen AS (
                    INSERT INTO users AS u (tenant, subject, roles, signed_in_at)
                    SELECT id, \(signIn.subject), \(signIn.roles), now()
                    FROM tenants WHERE name = \(signIn.tenant) AND suspended_at IS NULL
                    ON CONFLICT (tenant, subject) DO UPDATE
                    SET roles = excluded.roles, signed_in_at = excluded.signed_in_at WHERE u.suspended_at IS NULL
                    RETURNING tenant)
                INSERT INTO sign_in_sessions (tenant, id, subject, roles, digest, token_id, key_id, expires_at)
                SELECT tenant, \(session.id), \(signIn.subject), \(signIn.roles), \(session.digest.bytes),
                    \(signIn.tokenID), \(signIn.keyID), to_timestamp(\(Double(signIn.expiresAt)))
                FROM seen
                RETURNING id
                """)
            return rows.first != nil
        }
    }

    public func endSession(digest: Digest) async throws {
        _ = try await duty { (connection) throws(PostgresError) in
            try await connection.query(
                """
                UPDATE sign_in_sessions SET ended_at = now() WHERE digest = \(digest.bytes) AND ended_at IS NULL
                """)
        }
    }
}
