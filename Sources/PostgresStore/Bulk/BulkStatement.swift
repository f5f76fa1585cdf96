internal import Postgres

enum BulkStatement {
    private static let columns = """
        j.tenant, j.id, j.action, j.filter, j.rate, j.most_replays, j.reason, j.asked_by, j.state, j.total, j.dealt_with,
        j.unchanged, j.failed, j.created_at, j.ended_at, j.cancelled_by
        """

    /// A job over nothing is done at once.
    static let create = PostgresStatement(
        """
        INSERT INTO bulk_jobs AS j (tenant, id, action, filter, rate, most_replays, reason, asked_by, total, state, ended_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $9 = 0 THEN 2 ELSE 1 END, CASE WHEN $9 = 0 THEN now() END
        RETURNING \(columns)
        """,
        [.int4, .uuid, .int2, .text, .int4, .int4, .text, .text, .int4])

    static let addItems = PostgresStatement(
        """
        INSERT INTO bulk_items (tenant, job, number, run, generation)
        SELECT $1, $2, i.number, i.run, i.generation
        FROM unnest($3::int4[], $4::uuid[], $5::int4[]) AS i(number, run, generation)
        """,
        [.int4, .uuid, .int4Array, .uuidArray, .int4Array])

    static let one = PostgresStatement(
        "SELECT \(columns) FROM bulk_jobs j WHERE j.tenant = $1 AND j.id = $2", [.int4, .uuid])

    static let list = PostgresStatement(
        """
        SELECT \(columns) FROM bulk_jobs j WHERE j.tenant = $1 AND j.id < $2 ORDER BY j.id DESC LIMIT $3
        """,
        [.int4, .uuid, .int8])

    static let results = PostgresStatement(
        """
        SELECT i.number, i.run, i.generation, i.outcome, i.detail, i.new_run FROM bulk_items i
        WHERE i.tenant = $1 AND i.job = $2 AND i.number > $3 AND ($4::int2 IS NULL OR i.outcome = $4)
        ORDER BY i.number LIMIT $5
        """,
        [.int4, .uuid, .int4, .int2, .int8])

    static let cancel = PostgresStatement(
        """
        UPDATE bulk_jobs j SET state = 3, ended_at = now(), cancelled_by = $3
        WHERE j.tenant = $1 AND j.id = $2 AND j.state = 1
        RETURNING \(columns)
        """,
        [.int4, .uuid, .text])

    static let audit = PostgresStatement(
        "SELECT audit_add($1, $2::jsonb, $3, $4, 'done', NULL, $5::jsonb)", [.int4, .text, .text, .text, .text])

    /// The job that has been due for the longest time. A node may take on again what is its own: it has one such duty.
    static let claim = PostgresStatement(
        """
        UPDATE bulk_jobs j SET node = $1, leased_until = now() + $2 * interval '1 microsecond'
        WHERE (j.tenant, j.id) = (
            SELECT d.tenant, d.id FROM bulk_jobs d
            WHERE d.state = 1 AND d.next_at <= now() AND (d.leased_until < now() OR d.node = $1)
            ORDER BY d.next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING \(columns)
        """,
        [.uuid, .int8])

    static let items = PostgresStatement(
        """
        SELECT i.number, i.run, i.generation FROM bulk_items i
        WHERE i.tenant = $1 AND i.job = $2 AND i.number > $3 ORDER BY i.number LIMIT $4
        """,
        [.int4, .uuid, .int4, .int8])

    /// Fenced by the node and by how far the job was when it was claimed. What was done of a job that was cancelled
    /// meanwhile is written down too.
    static let record = PostgresStatement(
        """
        WITH done AS MATERIALIZED (
            SELECT * FROM unnest($6::int4[], $7::int2[], $8::text[], $9::uuid[]) AS d(number, outcome, detail, new_run)),
        fence AS (
            UPDATE bulk_jobs j SET dealt_with = j.dealt_with + s.count, unchanged = j.unchanged + s.unchanged,
                failed = j.failed + s.failed, next_at = now() + $5 * interval '1 microsecond',
                state = CASE WHEN j.state = 1 AND j.dealt_with + s.count >= j.total THEN 2 ELSE j.state END,
                ended_at = CASE WHEN j.state = 1 AND j.dealt_with + s.count >= j.total THEN now() ELSE j.ended_at END
            FROM (
                SELECT count(*)::int4 AS count, (count(*) FILTER (WHERE d.outcome = 2))::int4 AS unchanged,
                    (count(*) FILTER (WHERE d.outcome = 3))::int4 AS failed
                FROM done d) s
            WHERE j.tenant = $1 AND j.id = $2 AND j.node = $3 AND j.dealt_with = $4
            RETURNING j.id),
        written AS (
            UPDATE bulk_items i SET outcome = d.outcome, detail = d.detail, new_run = d.new_run
            FROM done d, fence f
            WHERE i.tenant = $1 AND i.job = f.id AND i.number = d.number)
        SELECT id FROM fence
        """,
        [.int4, .uuid, .uuid, .int4, .int8, .int4Array, .int2Array, .textArray, .uuidArray])
}
