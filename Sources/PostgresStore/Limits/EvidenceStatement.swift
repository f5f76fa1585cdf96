internal import Engine
internal import Postgres

/// Reads, for people, what stands in the way of a run's tokens. Bounded: it counts and lists only up to a number.
enum EvidenceStatement {
    static let ready = PostgresStatement(
        """
        SELECT q.id, q.tenant, q.name, q.discipline, q.boost, q.weight, q.strict, q.concurrency, q.paused, q.draining,
            q.version, t.step, o.task_type, o.pool, t.enqueued_at,
            (SELECT count(*) FROM (
                SELECT FROM ready x WHERE x.queue = t.queue AND x.route = t.route AND x.rank < t.rank
                LIMIT \(ReadyEvidence.mostAhead)) a),
            CASE WHEN q.concurrency IS NULL THEN 0
                ELSE (SELECT count(*) FROM attempts a WHERE a.queue = t.queue AND a.guarded) END,
            (SELECT count(*) FROM worker_sessions w
                WHERE w.tenant = t.tenant AND w.leased_until > now() AND t.route = ANY (w.routes)),
            k.phase, k.open_until, k.passed, k.changed_at, k.probes, u.concurrent_steps::int8,
            CASE WHEN u.concurrent_steps IS NULL THEN 0
                ELSE (SELECT count(*) FROM attempts a WHERE a.tenant = t.tenant) END
        FROM ready t JOIN queues q ON q.id = t.queue JOIN routes o ON o.id = t.route
        LEFT JOIN quotas u ON u.tenant = t.tenant
        LEFT JOIN breakers k ON k.tenant = t.tenant AND k.name = o.task_type AND k.kind = 1 AND k.phase <> 1
        WHERE t.tenant = $1 AND t.run = $2 ORDER BY t.step
        """,
        [.int4, .uuid])

    static let held = PostgresStatement(
        """
        SELECT h.step, h.enqueued_at, l.name, l.level, l.slots,
            (SELECT count(*) FROM (
                SELECT FROM held x WHERE x.limit_id = h.limit_id AND x.tenant = h.tenant AND x.rank < h.rank
                LIMIT \(ReadyEvidence.mostAhead)) a),
            s.runs, s.steps, s.times, h.due, t.name, d.name, h.reason = 'paused',
            k.phase, k.open_until, k.passed, k.changed_at, k.probes
        FROM held h
        LEFT JOIN breakers k ON k.tenant = h.tenant AND k.id = h.limit_id AND k.phase <> 1
        LEFT JOIN throttles t ON t.tenant = h.tenant AND t.id = h.pacing_id
        LEFT JOIN debounces d ON d.tenant = h.tenant AND d.id = h.pacing_id
        LEFT JOIN limits l ON l.tenant = h.tenant AND l.id = h.limit_id
        LEFT JOIN LATERAL (
            SELECT array_agg(o.run) AS runs, array_agg(o.step) AS steps, array_agg(o.taken_at) AS times FROM (
                SELECT s.run, s.step, s.taken_at FROM limit_slots s WHERE s.limit_id = h.limit_id AND s.tenant = h.tenant
                ORDER BY s.taken_at, s.run, s.step LIMIT \(LimitEvidence.mostHolders)) o) s ON true
        WHERE h.tenant = $1 AND h.run = $2 ORDER BY h.step
        """,
        [.int4, .uuid])

    /// Tokens that nothing but time or somebody else stands behind: 1 leased, 2 scheduled, 3 waiting.
    static let others = PostgresStatement(
        """
        SELECT a.step, 1, a.leased_at, w.worker, false
        FROM attempts a LEFT JOIN worker_sessions w ON w.session = a.session WHERE a.tenant = $1 AND a.run = $2
        UNION ALL SELECT t.step, 2, t.due, coalesce(r.name, ''), t.rate_id IS NOT NULL
        FROM timers t LEFT JOIN rates r ON r.tenant = t.tenant AND r.id = t.rate_id
        WHERE t.tenant = $1 AND t.run = $2 AND t.step >= 0
        UNION ALL SELECT w.step, 3, w.since, NULL, false FROM waits w WHERE w.tenant = $1 AND w.run = $2
        """,
        [.int4, .uuid])

    /// Approvals that wait, down an index of their own.
    static let approvals = PostgresStatement(
        """
        SELECT w.run, w.step, w.subject, w.since FROM waits w
        WHERE w.tenant = $1 AND w.kind = 3 AND (w.since, w.run, w.step) > ($2, $3, $4)
        ORDER BY w.since, w.run, w.step LIMIT $5
        """,
        [.int4, .timestamptz, .uuid, .int4, .int8])
}
