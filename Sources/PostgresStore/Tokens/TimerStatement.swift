internal import Postgres

enum TimerStatement {
    /// Moves due tokens to `ready`.
    static let fire = PostgresStatement(
        """
        WITH locked AS MATERIALIZED (
            SELECT t.ctid AS found, t.* FROM timers t WHERE t.queue <> 0 AND t.due <= now()
            ORDER BY t.due LIMIT $1 FOR UPDATE SKIP LOCKED),
        fired AS (DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(SELECT l.found FROM locked l))),
        returned AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
            SELECT l.tenant, l.run, l.queue, l.route, l.rank, l.step, l.attempt, l.losses FROM locked l
            RETURNING *),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT tenant, queue, route, min(rank) FROM returned GROUP BY tenant, queue, route
        """,
        [.int8])

    /// Runs whose deadline has passed, and steps that are due; the batch that applies them deletes the rows.
    static let deadlines = PostgresStatement(
        "SELECT tenant, run, step FROM timers WHERE queue = 0 AND due <= now() ORDER BY due LIMIT $1", [.int8])

    /// The next time at which either kind falls due.
    static let next = PostgresStatement(
        """
        SELECT least(
            (SELECT due FROM timers WHERE queue <> 0 AND due > now() ORDER BY due LIMIT 1),
            (SELECT due FROM timers WHERE queue = 0 AND due > now() ORDER BY due LIMIT 1))
        """)
}
