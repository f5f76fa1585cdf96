internal import Engine
internal import Postgres

enum TimerStatement {
    /// Moves due tokens to `ready`, and those that need a slot to the line of their limit, whose lock this statement
    /// must not take: limits are locked before tokens. The last column names such limits.
    static let fire = PostgresStatement(
        """
        WITH locked AS MATERIALIZED (
            SELECT t.ctid AS found, t.* FROM timers t WHERE t.queue <> 0 AND t.due <= now()
            ORDER BY t.due LIMIT $1 FOR UPDATE SKIP LOCKED),
        fired AS (DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(SELECT l.found FROM locked l))),
        returned AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
            SELECT l.tenant, l.run, l.queue, l.route, l.rank, l.step, l.attempt, l.losses
            FROM locked l WHERE l.limit_id IS NULL
            RETURNING *),
        stopped AS (
            INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, limit_id, joint_limit, reason)
            SELECT x.tenant, x.run, x.queue, x.route, x.rank, x.step, x.attempt, x.losses, x.limit_id, x.joint_limit,
                \(RareStatement.reason(of: "x.limit_id"))
            FROM locked x WHERE x.limit_id IS NOT NULL),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT tenant, queue, route, min(rank), NULL::uuid FROM returned GROUP BY tenant, queue, route
        UNION ALL
        SELECT DISTINCT l.tenant, 0, 0, 0::int8, l.limit_id FROM locked l WHERE l.limit_id IS NOT NULL
        """,
        [.int8])

    /// Runs whose deadline has passed, and steps that are due, of which no other node is told for a while; the batch that
    /// applies them deletes the rows.
    static let deadlines = PostgresStatement(
        """
        WITH told AS MATERIALIZED (
            SELECT t.ctid AS found, t.tenant, t.run, t.step FROM timers t WHERE t.queue = 0 AND t.due <= now()
            ORDER BY t.due LIMIT $1 FOR UPDATE SKIP LOCKED),
        put_off AS (
            UPDATE timers x SET due = now() + \(FiredTimers.retelling.microseconds) * interval '1 microsecond'
            WHERE x.ctid = ANY (ARRAY(SELECT d.found FROM told d)))
        SELECT d.tenant, d.run, d.step FROM told d
        """,
        [.int8])

    /// The next time at which one of either kind, or a run's start, falls due.
    static let next = PostgresStatement(
        """
        SELECT least(
            (SELECT due FROM timers WHERE queue <> 0 AND due > now() ORDER BY due LIMIT 1),
            (SELECT due FROM timers WHERE queue = 0 AND due > now() ORDER BY due LIMIT 1),
            (SELECT due FROM held WHERE due > now() ORDER BY due LIMIT 1))
        """)
}
