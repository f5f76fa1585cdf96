internal import Engine
internal import Postgres
internal import Workflows

/// Statements of outcomes that steps share. The row of a key is its lock: whoever looks for it and whoever settles it take
/// it first, and look at who waits in a statement of their own, by a snapshot from after the lock.
enum OutcomeStatement {
    /// A key that nobody holds, whose outcome has expired, or whose holder's run has ended is the step's own now. The row
    /// is locked in any case.
    static let hold = PostgresStatement(
        """
        INSERT INTO step_outcomes AS o (tenant, key, run, step) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, key) DO UPDATE
        SET run = excluded.run, step = excluded.step, made_at = now(), output = NULL, expires_at = NULL
        WHERE o.expires_at <= now()
            OR o.expires_at IS NULL AND EXISTS (
                SELECT FROM runs r WHERE r.tenant = o.tenant AND r.run = o.run AND r.ended_at IS NOT NULL)
        RETURNING 1
        """,
        [.int4, .text, .uuid, .int4])

    static let find = PostgresStatement(
        """
        SELECT run, step, output FROM step_outcomes
        WHERE tenant = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > now())
        """,
        [.int4, .text])

    static let follow = PostgresStatement(
        """
        INSERT INTO step_followers (tenant, key, run, step) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """,
        [.int4, .text, .uuid, .int4])

    /// What caches keep: the newest.
    static let keep = PostgresStatement(
        """
        INSERT INTO step_outcomes AS o (tenant, key, run, step, output, expires_at)
        SELECT DISTINCT ON (n.tenant, n.key) n.tenant, n.key, n.run, n.step, n.output,
            now() + n.lifetime * interval '1 microsecond'
        FROM unnest($1::int4[], $2::text[], $3::uuid[], $4::int4[], $5::text[], $6::int8[])
            WITH ORDINALITY AS n(tenant, key, run, step, output, lifetime, place)
        ORDER BY n.tenant, n.key, n.place DESC
        ON CONFLICT (tenant, key) DO UPDATE
        SET run = excluded.run, step = excluded.step, made_at = now(), output = excluded.output,
            expires_at = excluded.expires_at
        """,
        [.int4Array, .textArray, .uuidArray, .int4Array, .textArray, .int8Array])

    /// What holders of keys leave.
    static let settle = PostgresStatement(
        """
        UPDATE step_outcomes o
        SET output = n.output, made_at = now(), expires_at = now() + n.lifetime * interval '1 microsecond'
        FROM unnest($1::int4[], $2::text[], $3::uuid[], $4::int4[], $5::text[], $6::int8[])
            AS n(tenant, key, run, step, output, lifetime)
        WHERE o.tenant = n.tenant AND o.key = n.key AND o.run = n.run AND o.step = n.step AND o.expires_at IS NULL
        """,
        [.int4Array, .textArray, .uuidArray, .int4Array, .textArray, .int8Array])

    /// Holders that leave nothing, and steps that no longer wait for a key.
    static let free = PostgresStatement(
        """
        WITH n AS (
            SELECT * FROM unnest($1::int4[], $2::text[], $3::uuid[], $4::int4[]) AS n(tenant, key, run, step)),
        left_line AS (
            DELETE FROM step_followers f USING n
            WHERE f.tenant = n.tenant AND f.key = n.key AND f.run = n.run AND f.step = n.step)
        DELETE FROM step_outcomes o USING n
        WHERE o.tenant = n.tenant AND o.key = n.key AND o.run = n.run AND o.step = n.step AND o.expires_at IS NULL
        """,
        [.int4Array, .textArray, .uuidArray, .int4Array])

    /// Whoever waits for keys that nobody holds any more is to ask again.
    static let tell = PostgresStatement(
        """
        WITH told AS (
            DELETE FROM step_followers f USING unnest($1::int4[], $2::text[]) AS n(tenant, key)
            WHERE f.tenant = n.tenant AND f.key = n.key AND NOT EXISTS (
                SELECT FROM step_outcomes o
                WHERE o.tenant = n.tenant AND o.key = n.key AND o.expires_at IS NULL)
            RETURNING f.*)
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT t.tenant, t.run, gen_random_uuid(), \(InboxKind.seek.rawValue), json_build_object(
            'step', t.step, 'key', t.key, 'purpose', \(OutcomeRule.Purpose.idempotency.rawValue))::text
        FROM told t
        RETURNING tenant, run, id, body
        """,
        [.int4Array, .textArray])

    static let forget = PostgresStatement(
        """
        DELETE FROM step_outcomes WHERE (tenant, key) IN (
            SELECT tenant, key FROM step_outcomes WHERE expires_at < now() ORDER BY expires_at LIMIT $1)
        """,
        [.int8])
}
