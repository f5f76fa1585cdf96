internal import Engine
internal import Postgres
internal import Workflows

/// Statements that remove what ended runs have left when their tenant's days are over.
enum RetentionStatement {
    static let lock = PostgresStatement("SELECT pg_try_advisory_xact_lock(7021, 64)")

    static let tenants = PostgresStatement(
        "SELECT q.tenant, q.run_days, q.log_days FROM quotas q WHERE q.run_days IS NOT NULL OR q.log_days IS NOT NULL")

    private static let ended = RunLifecycle.allCases.filter(\.isEnded).map { "\($0.rawValue)" }.joined(separator: ",")

    /// $1 tenant, $2 after which run, $3 days, $4 how many. Runs in the order of their ids, with whether each may go: its
    /// time is over, and no run that still goes on has started it. Those are locked, so that none is redriven meanwhile.
    /// OFFSET 0 keeps the planner from joining what is better looked up.
    static let oldRuns = PostgresStatement(
        """
        SELECT i.run, coalesce(r.found, false) FROM (
            SELECT i.run FROM unnest(ARRAY[\(ended)]::int2[]) AS s(state)
            CROSS JOIN LATERAL (
                SELECT i.run FROM run_index i
                WHERE i.tenant = $1 AND i.state = s.state AND i.run > $2
                    AND i.run < run_bound(now() - $3 * interval '1 day')
                ORDER BY i.run LIMIT $4) i
            ORDER BY i.run LIMIT $4) i
        LEFT JOIN LATERAL (
            SELECT true AS found FROM runs r
            WHERE r.tenant = $1 AND r.run = i.run AND r.ended_at < now() - $3 * interval '1 day'
                AND (r.parent IS NULL OR NOT EXISTS (
                    SELECT FROM runs p WHERE p.tenant = $1 AND p.run = r.parent AND p.ended_at IS NULL OFFSET 0))
            FOR UPDATE OF r SKIP LOCKED) r ON true
        ORDER BY i.run
        """,
        [.int4, .uuid, .int4, .int8])

    /// The same for runs with logs; also of runs that are gone, for which a line came late.
    static let oldLogs = PostgresStatement(
        """
        WITH RECURSIVE found AS (
            (SELECT l.run FROM logs l
            WHERE l.tenant = $1 AND l.run > $2 AND l.run < run_bound(now() - $3 * interval '1 day')
            ORDER BY l.run LIMIT 1)
            UNION ALL
            SELECT n.run FROM found f CROSS JOIN LATERAL (
                SELECT l.run FROM logs l
                WHERE l.tenant = $1 AND l.run > f.run AND l.run < run_bound(now() - $3 * interval '1 day')
                ORDER BY l.run LIMIT 1) n)
        SELECT f.run, NOT EXISTS (
            SELECT FROM runs r WHERE r.tenant = $1 AND r.run = f.run
                AND (r.ended_at IS NULL OR r.ended_at >= now() - $3 * interval '1 day') OFFSET 0)
        FROM (SELECT f.run FROM found f LIMIT $4) f ORDER BY f.run
        """,
        [.int4, .uuid, .int4, .int8])

    /// Which count of stored bytes a table's rows belong to.
    enum Part { case payloads, logs }

    /// Of $1's runs $2, which lie between $3 and $4. Each answers the bytes that went.
    static let deletions: [(part: Part?, statement: PostgresStatement)] = [
        (.payloads, deletion("runs", bytes: "x.input_bytes::int8 + coalesce(x.output_bytes, 0)")),
        (nil, deletion("run_index")),
        (.payloads, deletion("steps", bytes: "coalesce(x.output_bytes, 0)::int8")),
        (nil, deletion("lost_attempts")), (nil, deletion("payloads")), (nil, deletion("dead_letters")),
        (.logs, logs),
    ]

    static let logs = deletion("logs", bytes: "octet_length(x.content)::int8")

    private static func deletion(_ table: String, bytes: String = "0::int8") -> PostgresStatement {
        PostgresStatement(
            """
            WITH gone AS (
                DELETE FROM \(table) x
                WHERE x.tenant = $1 AND x.run = ANY ($2) AND x.run >= $3 AND x.run <= $4
                RETURNING \(bytes) AS bytes)
            SELECT coalesce(sum(gone.bytes), 0)::int8 FROM gone
            """,
            [.int4, .uuidArray, .uuid, .uuid])
    }
}
