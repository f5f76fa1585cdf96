internal import Engine
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
    ///
    /// In a mass expiry no loss is counted: at least two sessions, and as many as stayed, were not renewed lately (of the
    /// lease, $2 in µs, a third is left at most), leaving out those that only held a suspect. A suspect that was alone
    /// stays where it is.
    static let rescue = PostgresStatement(
        """
        WITH sessions AS MATERIALIZED (
            SELECT s.leased_until <= now() + $2 / 3 * interval '1 microsecond' AS silent, s.connected_at
            FROM worker_sessions s CROSS JOIN LATERAL (
                SELECT count(*) AS held, coalesce(max(a.losses), 0) AS losses
                FROM attempts a WHERE a.session = s.session) a
            WHERE (s.leased_until > now() - $2 * interval '1 microsecond' OR a.held > 0)
                AND NOT (a.held = 1 AND a.losses >= \(Quarantine.suspicion))),
        expiry AS MATERIALIZED (
            SELECT count(*) FILTER (WHERE s.silent) >= greatest(2, count(*) FILTER (
                WHERE NOT s.silent AND s.connected_at <= now() - $2 * interval '1 microsecond')) AS is_mass
            FROM sessions s),
        found AS MATERIALIZED (
            SELECT a.ctid AS found, a.*, s.worker, e.is_mass,
                a.losses >= \(Quarantine.suspicion) AND NOT e.is_mass AND s.session IS NOT NULL
                    AND (SELECT count(*) FROM attempts o WHERE o.session = a.session) = 1 AS poison
            FROM attempts a CROSS JOIN expiry e
            LEFT JOIN worker_sessions s ON s.session = a.session
            WHERE s.session IS NULL OR s.leased_until <= now()
            ORDER BY a.leased_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED),
        locked AS MATERIALIZED (SELECT * FROM found WHERE NOT poison),
        \(TokenEvents.returned(losses: lossesAfter)),
        lost AS (
            INSERT INTO lost_attempts (tenant, run, step, attempt, session, worker, enqueued_at, leased_at)
            SELECT l.tenant, l.run, l.step, l.attempt, l.session, l.worker, l.enqueued_at, l.leased_at FROM locked l),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT tenant, run, step, attempt, session, queue, route, rank, poison, losses, worker, enqueued_at, leased_at
        FROM found
        """,
        [.int8, .int8])

    /// Who was lost in mass expiries again and again becomes a suspect all the same.
    private static let lossesAfter = """
        (CASE WHEN NOT l.is_mass THEN least(l.losses + 1, 32767)
            WHEN l.losses < \(Quarantine.suspicion) AND (
                SELECT count(*) FROM lost_attempts x WHERE x.tenant = l.tenant AND x.run = l.run AND x.step = l.step
            ) + 1 >= \(Quarantine.patience) THEN \(Quarantine.suspicion)
            ELSE l.losses END)::int2
        """

    /// Expired sessions that hold nothing any more; they are evidence of a mass expiry for another lease.
    static let forget = PostgresStatement(
        """
        DELETE FROM worker_sessions s WHERE s.leased_until <= now() - $1 * interval '1 microsecond'
            AND NOT EXISTS (SELECT FROM attempts a WHERE a.session = s.session)
        """,
        [.int8])
}
