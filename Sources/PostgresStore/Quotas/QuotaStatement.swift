internal import Engine
internal import Postgres

/// Statements of quotas. Grants of active runs take turns by an advisory lock for each tenant; the next statement, of a
/// later snapshot, counts.
enum QuotaStatement {
    static let columns = """
        q.tenant, q.submissions_per_second::int8, q.active_runs::int8, q.pending_steps::int8, q.concurrent_steps::int8,
        q.workers::int8, q.definitions::int8, q.payload_bytes, q.log_bytes, q.soft_percent, q.version, q.run_days,
        q.log_days
        """

    static let all = PostgresStatement("SELECT \(columns) FROM quotas q")
    static let recent = PostgresStatement(
        "SELECT \(columns) FROM quotas q WHERE q.changed_at > clock_timestamp() - interval '10 seconds'")
    static let one = PostgresStatement("SELECT \(columns) FROM quotas q WHERE q.tenant = $1", [.int4])

    static let set = PostgresStatement(
        """
        INSERT INTO quotas AS q (tenant, submissions_per_second, active_runs, pending_steps, concurrent_steps, workers,
            definitions, payload_bytes, log_bytes, soft_percent, run_days, log_days)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (tenant) DO UPDATE SET submissions_per_second = excluded.submissions_per_second,
            active_runs = excluded.active_runs, pending_steps = excluded.pending_steps,
            concurrent_steps = excluded.concurrent_steps, workers = excluded.workers,
            definitions = excluded.definitions, payload_bytes = excluded.payload_bytes,
            log_bytes = excluded.log_bytes, soft_percent = excluded.soft_percent, run_days = excluded.run_days,
            log_days = excluded.log_days,
            version = q.version + 1, changed_at = clock_timestamp()
        RETURNING \(columns)
        """,
        [.int4, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int4, .int4, .int4])

    // MARK: Submissions

    /// A token bucket that holds a second's worth, as one point in time; the row is the lock. Answers what is granted,
    /// the limit, what is spoken for, and when there is a token again, in µs.
    static let reserveSubmissions = PostgresStatement(
        """
        WITH held AS MATERIALIZED (
            SELECT q.tenant, q.submissions_per_second AS rate, greatest(q.spoken_until, n.now - interval '1 second') AS until,
                n.now
            FROM quotas q CROSS JOIN (SELECT clock_timestamp() AS now) n WHERE q.tenant = $1 FOR UPDATE OF q),
        room AS (
            SELECT h.*, floor(extract(epoch FROM h.now - h.until) * h.rate + 1e-6)::int8 AS room FROM held h
            WHERE h.rate IS NOT NULL),
        granted AS (SELECT r.*, greatest(0, least(r.room, $2 + least(256, r.room / 16)))::int4 AS units FROM room r),
        spoken AS (
            UPDATE quotas q SET spoken_until = g.until + g.units * interval '1 second' / g.rate
            FROM granted g WHERE q.tenant = g.tenant AND g.units > 0)
        SELECT g.units, g.rate::int8, g.rate - g.room + g.units,
            (extract(epoch FROM g.until + interval '1 second' / g.rate - g.now) * 1000000)::int8
        FROM granted g
        """,
        [.int4, .int8])

    // MARK: Active runs

    static let lockRuns = PostgresStatement("SELECT pg_advisory_xact_lock(7024, $1)", [.int4])

    /// Blocks that nobody has used in time return. One whose commit is under way is waited for.
    static let expire = PostgresStatement(
        "UPDATE reservations r SET units = 0 WHERE r.tenant = $1 AND r.units > 0 AND r.expires_at <= clock_timestamp()",
        [.int4])

    /// What the holder had and lost on its way returns first.
    static let keep = PostgresStatement(
        """
        UPDATE reservations r SET units = least(r.units, $4) WHERE r.tenant = $1 AND r.holder = $2 AND r.lane = $3
            AND r.units > $4
        """,
        [.int4, .uuid, .int4, .int4])

    /// $1 tenant, $2 holder, $3 lane, $4 demand, $5 lease in µs. Answers what is granted, the limit, what is taken then.
    static let reserveRuns = PostgresStatement(
        """
        WITH room AS MATERIALIZED (
            SELECT q.active_runs AS most, (
                SELECT coalesce(sum(r.used + r.units), 0)::int8 FROM reservations r WHERE r.tenant = q.tenant) AS taken
            FROM quotas q WHERE q.tenant = $1 AND q.active_runs IS NOT NULL),
        granted AS MATERIALIZED (
            SELECT r.*, greatest(0, least(r.most - r.taken, $4 + least(256, (r.most - r.taken) / 16)))::int4 AS units
            FROM room r),
        made AS (
            INSERT INTO reservations AS r (tenant, holder, lane, units, used, expires_at)
            SELECT $1, $2, $3, g.units, 0, clock_timestamp() + $5 * interval '1 microsecond' FROM granted g
            WHERE g.units > 0
            ON CONFLICT (tenant, holder, lane) DO UPDATE
            SET units = r.units + excluded.units, expires_at = excluded.expires_at)
        SELECT g.units, g.most::int8, g.taken + g.units FROM granted g
        """,
        [.int4, .uuid, .int4, .int8, .int8])

    /// Units become runs, if the holder still has them: by tenant, how many. Answers the tenants where it has. Without a
    /// join, so that every plan probes by the full key.
    static let use = PostgresStatement(
        """
        UPDATE reservations r SET units = r.units - \(count), used = r.used + \(count)
        WHERE r.tenant = ANY ($1) AND r.holder = $3 AND r.lane = $4 AND r.units >= \(count) AND r.expires_at > now()
        RETURNING r.tenant
        """,
        [.int4Array, .int4Array, .uuid, .int4])

    private static let count = "($2::int4[])[array_position($1::int4[], r.tenant)]"

    /// Of these tenants, those whose active runs are limited.
    static let limited = PostgresStatement(
        "SELECT q.tenant FROM unnest($1::int4[]) AS t(tenant) JOIN quotas q ON q.tenant = t.tenant WHERE q.active_runs IS NOT NULL",
        [.int4Array])

    /// By tenant: units that come back, and runs more or less.
    static let settle = PostgresStatement(
        """
        INSERT INTO reservations AS r (tenant, holder, lane, units, used, expires_at)
        SELECT c.tenant, $4, $5, c.units, c.used, '-infinity'
        FROM unnest($1::int4[], $2::int4[], $3::int8[]) AS c(tenant, units, used)
        ON CONFLICT (tenant, holder, lane) DO UPDATE SET units = r.units + excluded.units, used = r.used + excluded.used
        """,
        [.int4Array, .int4Array, .int8Array, .uuid, .int4])

    // MARK: Counting

    /// Holders that have not asked for long hand their counts over to the row of holder 0.
    static let fold = PostgresStatement(
        """
        WITH gone AS (
            DELETE FROM reservations r WHERE r.tenant = $1 AND r.expires_at < clock_timestamp() - interval '1 minute'
                AND r.holder <> '00000000-0000-0000-0000-000000000000'
            RETURNING r.used)
        INSERT INTO reservations AS r (tenant, holder, lane, units, used, expires_at)
        SELECT $1, '00000000-0000-0000-0000-000000000000', 0, 0, coalesce(sum(g.used), 0), '-infinity' FROM gone g
        ON CONFLICT (tenant, holder, lane) DO UPDATE SET used = r.used + excluded.used
        """,
        [.int4])

    /// Runs and counts are seen by one snapshot, and commits change both at once: so the difference is an error, and stays
    /// the same whatever is committed meanwhile. Answers the difference.
    static let recount = PostgresStatement(
        """
        WITH real AS MATERIALIZED (\(activeRuns)),
        counted AS MATERIALIZED (
            SELECT coalesce(sum(r.used), 0)::int8 AS runs FROM reservations r WHERE r.tenant = $1),
        fixed AS (
            UPDATE reservations r SET used = r.used + real.runs - counted.runs FROM real, counted
            WHERE r.tenant = $1 AND r.holder = '00000000-0000-0000-0000-000000000000' AND real.runs <> counted.runs)
        SELECT real.runs - counted.runs FROM real, counted
        """,
        [.int4])

    /// Every run that has not ended has a token. Those that other runs started are not counted.
    private static let activeRuns = """
        SELECT count(*) AS runs FROM (
            SELECT t.run FROM ready t WHERE t.tenant = $1
            UNION SELECT t.run FROM attempts t WHERE t.tenant = $1
            UNION SELECT t.run FROM timers t WHERE t.tenant = $1
            UNION SELECT t.run FROM held t WHERE t.tenant = $1
            UNION SELECT t.run FROM waits t WHERE t.tenant = $1) live
        CROSS JOIN LATERAL (
            SELECT FROM runs r WHERE r.tenant = $1 AND r.run = live.run AND r.parent IS NULL AND r.ended_at IS NULL
            OFFSET 0) r
        """

    static let countRuns = PostgresStatement(activeRuns, [.int4])

    static let usage = PostgresStatement(
        """
        SELECT (SELECT count(*) FROM ready t WHERE t.tenant = $1)
                + (SELECT count(*) FROM held t WHERE t.tenant = $1 AND t.step >= 0 AND t.reason <> 'paused'),
            (SELECT count(*) FROM attempts t WHERE t.tenant = $1),
            (SELECT count(*) FROM worker_sessions s WHERE s.tenant = $1 AND s.leased_until > now()),
            (SELECT count(*) FROM workflows w WHERE w.tenant = $1 AND w.removed_at IS NULL),
            (SELECT b.payloads FROM stored_bytes b WHERE b.tenant = $1),
            (SELECT b.logs FROM stored_bytes b WHERE b.tenant = $1)
        """,
        [.int4])
}
