internal import Postgres

/// Statements of a duty that re-ranks what waits in a queue whose order has changed.
enum RankStatement {
    static let reordered = PostgresStatement(
        """
        SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version,
            (extract(epoch FROM clock_timestamp() - reordered_at) * 1000000)::int8
        FROM queues WHERE reordered_at IS NOT NULL ORDER BY id
        """)

    /// A page of a queue's tokens of every kind, with what their ranks depend on.
    static let tokens = PostgresStatement(
        """
        WITH page AS MATERIALIZED (
            SELECT t.* FROM (
                SELECT tenant, run, step, rank FROM ready WHERE queue = $1
                UNION ALL SELECT tenant, run, step, rank FROM attempts WHERE queue = $1
                UNION ALL SELECT tenant, run, step, rank FROM held WHERE queue = $1 AND step >= 0
                UNION ALL SELECT tenant, run, step, rank FROM timers WHERE queue = $1) t
            WHERE (t.tenant, t.run, t.step) > ($2, $3, $4)
            ORDER BY t.tenant, t.run, t.step LIMIT $5)
        SELECT p.tenant, p.run, p.step, p.rank, r.flow, r.priority, r.deadline
        FROM page p JOIN runs r ON r.tenant = p.tenant AND r.run = p.run
        ORDER BY p.tenant, p.run, p.step
        """,
        [.int4, .int4, .uuid, .int4, .int8])

    /// Gives tokens new ranks wherever they are. One that a claim is taking is left alone: it is on its way out.
    static let set = PostgresStatement(
        """
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest($2::int4[], $3::uuid[], $4::int4[], $5::int8[]) AS n(tenant, run, step, rank)),
        locked AS MATERIALIZED (
            SELECT l.*, n.rank AS fresh FROM fresh n CROSS JOIN LATERAL (
                SELECT r.ctid AS found, r.route FROM ready r
                WHERE r.tenant = n.tenant AND r.run = n.run AND r.step = n.step AND r.queue = $1
                FOR UPDATE SKIP LOCKED) l),
        moved AS (UPDATE ready x SET rank = l.fresh FROM locked l WHERE x.ctid = l.found),
        \(moved("attempts")), \(moved("held")), \(moved("timers")),
        buckets AS MATERIALIZED (SELECT l.route, min(l.fresh) AS rank FROM locked l GROUP BY l.route),
        told AS (
            INSERT INTO events (tenant, wakes, payload)
            SELECT ($2::int4[])[1], (
                SELECT array_agg(v.x ORDER BY b.route, v.n) FROM buckets b
                CROSS JOIN LATERAL (VALUES (1, $1::int8), (2, b.route::int8), (3, b.rank)) v(n, x)), '[]'
            WHERE EXISTS (SELECT FROM buckets))
        SELECT ($2::int4[])[1], $1, b.route, b.rank FROM buckets b
        """,
        [.int4, .int4Array, .uuidArray, .int4Array, .int8Array])

    private static func moved(_ table: String) -> String {
        """
        moved_\(table) AS (
            UPDATE \(table) x SET rank = l.rank FROM (
                SELECT f.found, n.rank FROM fresh n CROSS JOIN LATERAL (
                    SELECT t.ctid AS found FROM \(table) t
                    WHERE t.tenant = n.tenant AND t.run = n.run AND t.step = n.step AND t.queue = $1
                    FOR UPDATE SKIP LOCKED) f) l
            WHERE x.ctid = l.found)
        """
    }

    static let finish = PostgresStatement(
        "UPDATE queues SET reordered_at = NULL WHERE id = $1 AND version = $2 AND reordered_at IS NOT NULL",
        [.int4, .int8])

    /// Attempts that were claimed while the queue was about to get a limit.
    static let guardAttempts = PostgresStatement(
        """
        UPDATE attempts a SET guarded = true FROM queues q
        WHERE q.id = $1 AND q.guarded AND a.queue = q.id AND NOT a.guarded
        """,
        [.int4])
}
