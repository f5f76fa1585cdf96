internal import Postgres

/// Statements of worker sessions. Opening and closing share an advisory lock that rescue takes alone: so rescue never
/// judges by a snapshot from before a session came back.
enum SessionStatement {
    static let share = PostgresStatement("SELECT pg_advisory_xact_lock_shared(7021, 2)")
    static let exclude = PostgresStatement("SELECT pg_advisory_xact_lock(7021, 2)")

    static let open = PostgresStatement(
        """
        INSERT INTO worker_sessions (session, tenant, worker, node, leased_until, capabilities, routes)
        VALUES ($1, $2, $3, $4, now() + $5 * interval '1 microsecond', $6, $7)
        ON CONFLICT (session) DO UPDATE
        SET tenant = excluded.tenant, worker = excluded.worker, node = excluded.node,
            leased_until = excluded.leased_until, capabilities = excluded.capabilities,
            routes = excluded.routes
        """,
        [.uuid, .int4, .text, .uuid, .int8, .text, .int4Array])

    /// What the session holds and the worker does not know returns to `ready`; `kept` tells the two apart.
    static let settle = PostgresStatement(
        """
        WITH mine AS MATERIALIZED (
            SELECT a.ctid AS found, a.*, EXISTS (
                SELECT FROM unnest($2::int4[], $3::uuid[], $4::int4[], $5::int4[]) AS h(tenant, run, step, attempt)
                WHERE h.tenant = a.tenant AND h.run = a.run AND h.step = a.step AND h.attempt = a.attempt) AS kept
            FROM attempts a WHERE a.session = $1 FOR UPDATE OF a),
        locked AS MATERIALIZED (SELECT * FROM mine WHERE NOT kept),
        \(TokenEvents.returned(losses: "l.losses")),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT kept, tenant, run, step, attempt, session, queue, route, rank, losses, enqueued_at, leased_at FROM mine
        """,
        [.uuid, .int4Array, .uuidArray, .int4Array, .int4Array])

    static let renew = PostgresStatement(
        """
        UPDATE worker_sessions SET leased_until = now() + $2 * interval '1 microsecond'
        WHERE session = ANY ($1) AND leased_until > now() RETURNING session
        """,
        [.uuidArray, .int8])

    /// Leases of sessions that have stood for a while.
    static let leases = PostgresStatement(
        """
        SELECT a.tenant, a.run, a.step, a.attempt, a.session, a.queue, a.route, a.rank, a.losses, a.enqueued_at, a.leased_at
        FROM unnest($1::uuid[]) AS q(session)
        CROSS JOIN LATERAL (
            SELECT a.* FROM attempts a
            WHERE a.session = q.session AND a.leased_at < now() - $2 * interval '1 microsecond' OFFSET 0) a
        """,
        [.uuidArray, .int8])

    static let close = PostgresStatement("DELETE FROM worker_sessions WHERE session = $1", [.uuid])

    /// Holds expired sessions, so that none is renewed while its attempts are moved.
    static let holdExpired = PostgresStatement(
        "SELECT session FROM worker_sessions WHERE leased_until <= now() ORDER BY session FOR UPDATE")

    /// Attempts without a live session return to `ready`, a loss more each, and leave a record.
    static let rescue = PostgresStatement(
        """
        WITH locked AS MATERIALIZED (
            SELECT a.ctid AS found, a.*, s.worker FROM attempts a
            LEFT JOIN worker_sessions s ON s.session = a.session
            WHERE s.session IS NULL OR s.leased_until <= now()
            ORDER BY a.leased_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED),
        \(TokenEvents.returned(losses: "l.losses + 1")),
        lost AS (
            INSERT INTO lost_attempts (tenant, run, step, attempt, session, worker, enqueued_at, leased_at)
            SELECT l.tenant, l.run, l.step, l.attempt, l.session, l.worker, l.enqueued_at, l.leased_at FROM locked l),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT tenant, run, step, attempt, session, queue, route, rank FROM locked
        """,
        [.int8])

    /// Expired sessions that hold nothing any more.
    static let forget = PostgresStatement(
        """
        DELETE FROM worker_sessions s WHERE s.leased_until <= now()
            AND NOT EXISTS (SELECT FROM attempts a WHERE a.session = s.session)
        """)
}
