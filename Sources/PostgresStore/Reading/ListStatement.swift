internal import Postgres
internal import Workflows

/// Lists and details for people. They run on connections of their own, under a statement time-out.
enum ListStatement {
    static let summary = """
        r.tenant, r.run, w.name, v.version, r.state, r.created_at, r.ended_at, \(StepFailure.columns(of: "r.failure"))
        """

    private static let names = """
        LEFT JOIN workflow_versions v ON v.flow = r.flow LEFT JOIN workflows w ON w.id = v.workflow
        """

    private static let listTypes: [PostgresType] = [.int4, .uuid, .int8, .text, .int2Array, .int2Array]

    /// All runs, newest first, down the primary key.
    static let every = PostgresStatement(
        """
        SELECT \(summary) FROM runs r \(names)
        WHERE r.tenant = $1 AND r.run < $2 AND ($4 IS NULL OR w.name = $4)
            AND $5::int2[] IS NOT NULL AND $6::int2[] IS NOT NULL
        ORDER BY r.run DESC LIMIT $3
        """, listTypes)

    /// Runs of some states: the ended ones by their index, the others by their tokens, one probe a run.
    static let byState = PostgresStatement(
        """
        WITH RECURSIVE live AS (
            SELECT \(newestLive(below: "$2::uuid")) AS run WHERE cardinality($6::int2[]) > 0
            UNION ALL
            SELECT \(newestLive(below: "l.run")) FROM live l WHERE l.run IS NOT NULL),
        active AS (
            SELECT r.* FROM live l CROSS JOIN LATERAL (
                SELECT r.* FROM runs r WHERE r.tenant = $1 AND r.run = l.run OFFSET 0) r
            WHERE l.run IS NOT NULL AND r.state = ANY ($6)
                AND ($4 IS NULL OR r.flow IN (
                    SELECT v.flow FROM workflow_versions v JOIN workflows w ON w.id = v.workflow
                    WHERE w.tenant = $1 AND w.name = $4))
            LIMIT $3),
        ended AS (
            SELECT r.* FROM unnest($5::int2[]) AS s(state)
            CROSS JOIN LATERAL (
                SELECT i.run FROM run_index i
                WHERE i.tenant = $1 AND i.state = s.state AND i.run < $2
                    AND ($4 IS NULL OR i.flow IN (
                        SELECT v.flow FROM workflow_versions v JOIN workflows w ON w.id = v.workflow
                        WHERE w.tenant = $1 AND w.name = $4))
                ORDER BY i.run DESC LIMIT $3) i
            CROSS JOIN LATERAL (SELECT r.* FROM runs r WHERE r.tenant = $1 AND r.run = i.run OFFSET 0) r)
        SELECT \(summary) FROM (SELECT * FROM active UNION ALL SELECT * FROM ended) r \(names)
        ORDER BY r.run DESC LIMIT $3
        """, listTypes)

    /// The newest run below another that has a token.
    static func newestLive(below bound: String) -> String {
        let tables = ["ready", "attempts", "timers", "held", "waits"].map { table in
            """
            (SELECT t.run FROM \(table) t WHERE t.tenant = $1 AND t.run < \(bound)
                ORDER BY t.tenant DESC, t.run DESC LIMIT 1)
            """
        }
        return "greatest(\(tables.joined(separator: ", ")))"
    }

    static let detail = PostgresStatement(
        """
        SELECT \(summary), r.revision, r.flow, coalesce(r.input, i.content), coalesce(r.output, o.content), r.traceparent, r.origin
        FROM runs r \(names)
        LEFT JOIN payloads i ON i.tenant = r.tenant AND i.run = r.run AND i.kind = 1 AND i.step = -1
        LEFT JOIN payloads o
            ON o.tenant = r.tenant AND o.run = r.run AND o.kind = 2 AND o.step = -1 AND o.revision = r.revision
        WHERE r.tenant = $1 AND r.run = $2
        """,
        [.int4, .uuid])

    static let history = PostgresStatement(
        """
        SELECT 1::int8, s.revision, s.step, s.attempt, s.state, coalesce(s.output, o.content), s.at, s.retry_at,
            \(StepFailure.columns(of: "s.failure")), s.session, s.worker, s.enqueued_at, s.leased_at, s.started_at
        FROM steps s
        LEFT JOIN payloads o ON o.tenant = s.tenant AND o.run = s.run AND o.step = s.step AND o.revision = s.revision
            AND o.kind = (CASE WHEN s.state = \(StepState.expanded.rawValue) THEN 4 ELSE 3 END)::int2
        WHERE s.tenant = $1 AND s.run = $2 ORDER BY s.revision, s.step, s.attempt
        """,
        [.int4, .uuid])

    static let losses = PostgresStatement(
        """
        SELECT step, attempt, lost_at, session, worker, enqueued_at, leased_at FROM lost_attempts
        WHERE tenant = $1 AND run = $2 ORDER BY lost_at
        """,
        [.int4, .uuid])

    static let tokens = PostgresStatement(
        """
        SELECT t.step, \(StepState.ready.rawValue)::int2, t.attempt, NULL, t.enqueued_at, NULL::timestamptz,
            NULL::timestamptz
        FROM ready t WHERE t.tenant = $1 AND t.run = $2
        UNION ALL
        SELECT t.step, \(StepState.running.rawValue)::int2, t.attempt, s.worker, t.enqueued_at, t.leased_at, NULL
        FROM attempts t LEFT JOIN worker_sessions s ON s.session = t.session WHERE t.tenant = $1 AND t.run = $2
        UNION ALL
        SELECT t.step, \(StepState.scheduled.rawValue)::int2, t.attempt, NULL, NULL, NULL, t.due
        FROM timers t WHERE t.tenant = $1 AND t.run = $2 AND t.step >= 0
        UNION ALL
        SELECT t.step, \(StepState.held.rawValue)::int2, t.attempt, NULL, t.enqueued_at, NULL, NULL
        FROM held t WHERE t.tenant = $1 AND t.run = $2
        UNION ALL
        SELECT t.step, \(StepState.waiting.rawValue)::int2, t.attempt, NULL, t.since, NULL, NULL
        FROM waits t WHERE t.tenant = $1 AND t.run = $2
        ORDER BY 1
        """,
        [.int4, .uuid])

    static let logs = PostgresStatement(
        """
        SELECT step, attempt, sequence, stream, at, content FROM logs
        WHERE tenant = $1 AND run = $2 AND ($3 IS NULL OR step = $3) AND ($4 IS NULL OR attempt = $4)
            AND (step, attempt, sequence) > ($5, $6, $7)
        ORDER BY step, attempt, sequence LIMIT $8
        """,
        [.int4, .uuid, .int4, .int4, .int4, .int4, .int8, .int8])

    /// Tokens now, live sessions, and runs by state: ended ones of the window, the others as they are.
    static let overview = PostgresStatement(
        """
        WITH live AS (
            SELECT tenant, run FROM ready WHERE tenant = $1
            UNION SELECT tenant, run FROM attempts WHERE tenant = $1
            UNION SELECT tenant, run FROM timers WHERE tenant = $1
            UNION SELECT tenant, run FROM held WHERE tenant = $1
            UNION SELECT tenant, run FROM waits WHERE tenant = $1),
        counts AS (
            SELECT r.state, count(*) AS n FROM live l JOIN runs r ON r.tenant = l.tenant AND r.run = l.run
            GROUP BY r.state
            UNION ALL
            SELECT i.state, count(*) FROM run_index i
            WHERE i.tenant = $1 AND i.run >= day_bound(((now() - $2 * interval '1 microsecond') AT TIME ZONE 'UTC')::date)
                AND i.ended_at >= now() - $2 * interval '1 microsecond'
            GROUP BY i.state)
        SELECT (SELECT count(*) FROM ready WHERE tenant = $1), (SELECT count(*) FROM attempts WHERE tenant = $1),
            (SELECT count(*) FROM timers WHERE tenant = $1 AND step >= 0),
            (SELECT count(*) FROM worker_sessions WHERE tenant = $1 AND leased_until > now()),
            coalesce((SELECT array_agg(state ORDER BY state) FROM counts WHERE n > 0), '{}'),
            coalesce((SELECT array_agg(n ORDER BY state) FROM counts WHERE n > 0), '{}')
        """,
        [.int4, .int8])
}
