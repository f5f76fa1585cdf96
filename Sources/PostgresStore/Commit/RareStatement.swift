internal import Postgres

/// What few commits write, each a statement of its own: the one of all commits stays as small as most need it.
enum RareStatement {
    static let endWaits = PostgresStatement(
        """
        DELETE FROM waits x WHERE x.ctid = ANY (ARRAY(
            SELECT f.found FROM unnest($1::int4[], $2::uuid[], $3::int4[]) AS d(tenant, run, step)
            CROSS JOIN LATERAL (
                SELECT x.ctid AS found FROM waits x
                WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f))
        """,
        [.int4Array, .uuidArray, .int4Array])

    static let wait = PostgresStatement(
        """
        INSERT INTO waits (tenant, run, step, attempt, kind, subject)
        SELECT w.tenant, w.run, w.step, 0, w.kind, w.subject
        FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int2[], $5::text[]) AS w(tenant, run, step, kind, subject)
        """,
        [.int4Array, .uuidArray, .int4Array, .int2Array, .textArray])

    /// Due times of steps that are put off.
    static let moveDues = PostgresStatement(
        """
        UPDATE timers t SET due = now() + d.delay * interval '1 microsecond'
        FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int8[]) AS d(tenant, run, step, delay)
        WHERE t.tenant = d.tenant AND t.run = d.run AND t.step = d.step
        """,
        [.int4Array, .uuidArray, .int4Array, .int8Array])

    /// New tokens of paused runs.
    static let park = PostgresStatement(
        """
        INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, reason, parked_due, parked_limit, parked_rate,
            joint_limit)
        SELECT h.tenant, h.run, h.queue, h.route, h.rank, h.step, h.attempt, h.losses, 'paused',
            now() + nullif(h.delay, 0) * interval '1 microsecond', h.limit_id, h.rate_id, h.joint_limit
        FROM unnest(
            $1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::int8[], $6::int4[], $7::int4[], $8::int2[], $9::int8[],
            $10::uuid[], $11::uuid[], $12::uuid[])
            AS h(tenant, run, queue, route, rank, step, attempt, losses, delay, limit_id, rate_id, joint_limit)
        """,
        [
            .int4Array, .uuidArray, .int4Array, .int4Array, .int8Array, .int4Array, .int4Array, .int2Array, .int8Array,
            .uuidArray, .uuidArray, .uuidArray,
        ])

    /// A step whose attempt is lost meanwhile goes back to `ready`, and on: it had begun before the pause.
    static let pause = PostgresStatement(
        """
        WITH found_ready AS MATERIALIZED (
            SELECT f.* FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run) CROSS JOIN LATERAL (
                SELECT x.ctid AS found FROM ready x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f),
        found_timers AS MATERIALIZED (
            SELECT f.* FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run) CROSS JOIN LATERAL (
                SELECT x.ctid AS found FROM timers x
                WHERE x.tenant = d.tenant AND x.run = d.run AND x.step >= 0 OFFSET 0) f),
        ready_gone AS (
            DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(SELECT f.found FROM found_ready f)) RETURNING x.*),
        timers_gone AS (
            DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(SELECT f.found FROM found_timers f)) RETURNING x.*),
        left_line AS (
            UPDATE held x SET reason = 'paused', parked_limit = x.limit_id, limit_id = NULL
            WHERE x.limit_id IS NOT NULL AND x.ctid = ANY (ARRAY(
                SELECT f.found FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run) CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM held x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step >= 0 OFFSET 0) f)))
        INSERT INTO held (
            tenant, run, queue, route, rank, step, attempt, losses, reason, parked_due, parked_limit, parked_rate, joint_limit)
        SELECT tenant, run, queue, route, rank, step, attempt, losses, 'paused', NULL::timestamptz, NULL::uuid, NULL::uuid,
            NULL::uuid
        FROM ready_gone
        UNION ALL
        SELECT tenant, run, queue, route, rank, step, attempt, losses, 'paused', due, limit_id, rate_id, joint_limit
        FROM timers_gone
        """,
        [.int4Array, .uuidArray])

    /// Moves parked tokens to where they would be: to `timers` until they are due, to the line of their limit, whose lock
    /// this statement does not take, or to `ready`. The last column names such limits.
    static let resume = PostgresStatement(
        """
        WITH parked AS MATERIALIZED (
            SELECT f.* FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run) CROSS JOIN LATERAL (
                SELECT x.ctid AS found, coalesce(x.parked_due > now(), false) AS early, x.parked_limit FROM held x
                WHERE x.tenant = d.tenant AND x.run = d.run AND x.reason = 'paused' OFFSET 0) f),
        joined AS (
            UPDATE held x SET reason = \(Self.reason(of: "x.parked_limit")), limit_id = x.parked_limit, parked_limit = NULL, parked_due = NULL, parked_rate = NULL
            WHERE x.ctid = ANY (ARRAY(
                SELECT p.found FROM parked p WHERE NOT p.early AND p.parked_limit IS NOT NULL))
            RETURNING x.*),
        freed AS (
            DELETE FROM held x
            WHERE x.ctid = ANY (ARRAY(SELECT p.found FROM parked p WHERE p.early OR p.parked_limit IS NULL))
            RETURNING x.*),
        scheduled AS (
            INSERT INTO timers (tenant, run, queue, route, rank, step, attempt, losses, due, limit_id, rate_id, joint_limit)
            SELECT tenant, run, queue, route, rank, step, attempt, losses, parked_due, parked_limit, parked_rate, joint_limit
            FROM freed WHERE parked_due > now()),
        returned AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
            SELECT tenant, run, queue, route, rank, step, attempt, losses
            FROM freed WHERE parked_due IS NULL OR parked_due <= now()
            RETURNING *)
        SELECT tenant, queue, route, min(rank), NULL::uuid FROM returned GROUP BY tenant, queue, route
        UNION ALL
        SELECT DISTINCT tenant, 0, 0, 0::int8, limit_id FROM joined
        """,
        [.int4Array, .uuidArray])

    /// What holds a token in the line of a limit.
    static func reason(of limit: String) -> String {
        """
        CASE WHEN EXISTS (SELECT FROM limits l WHERE l.tenant = x.tenant AND l.id = \(limit) AND l.level = 6)
            THEN 'breaker' ELSE 'limit' END
        """
    }

    static let parent = PostgresStatement(
        """
        UPDATE runs r SET parent = p.parent, parent_step = p.step, depth = p.depth
        FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int4[], $5::int4[]) AS p(tenant, run, parent, step, depth)
        WHERE r.tenant = p.tenant AND r.run = p.run
        """,
        [.int4Array, .uuidArray, .uuidArray, .int4Array, .int4Array])

    static let origin = PostgresStatement(
        """
        UPDATE runs r SET origin = o.origin
        FROM unnest($1::int4[], $2::uuid[], $3::uuid[]) AS o(tenant, run, origin)
        WHERE r.tenant = o.tenant AND r.run = o.run
        """,
        [.int4Array, .uuidArray, .uuidArray])
}
