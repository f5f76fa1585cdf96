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

    static let hold = PostgresStatement(
        """
        INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, reason)
        SELECT h.*, 'paused' FROM unnest(
            $1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::int8[], $6::int4[], $7::int4[], $8::int2[])
            AS h(tenant, run, queue, route, rank, step, attempt, losses)
        """,
        [.int4Array, .uuidArray, .int4Array, .int4Array, .int8Array, .int4Array, .int4Array, .int2Array])

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
            DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(SELECT f.found FROM found_timers f)) RETURNING x.*)
        INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, reason)
        SELECT tenant, run, queue, route, rank, step, attempt, losses, 'paused' FROM ready_gone
        UNION ALL SELECT tenant, run, queue, route, rank, step, attempt, losses, 'paused' FROM timers_gone
        """,
        [.int4Array, .uuidArray])

    static let resume = PostgresStatement(
        """
        WITH freed AS (
            DELETE FROM held x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run) CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM held x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.reason = 'paused' OFFSET 0) f))
            RETURNING x.*),
        returned AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
            SELECT tenant, run, queue, route, rank, step, attempt, losses FROM freed
            RETURNING *)
        SELECT tenant, queue, route, min(rank) FROM returned GROUP BY tenant, queue, route
        """,
        [.int4Array, .uuidArray])

    static let parent = PostgresStatement(
        """
        UPDATE runs r SET parent = p.parent, parent_step = p.step, depth = p.depth
        FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int4[], $5::int4[]) AS p(tenant, run, parent, step, depth)
        WHERE r.tenant = p.tenant AND r.run = p.run
        """,
        [.int4Array, .uuidArray, .uuidArray, .int4Array, .int4Array])
}
