internal import Postgres

/// Takes tokens of runs away (cancel, deadline).
enum DropStatement {
    /// One look: what the snapshot shows of the runs' tokens. A claim that is under way moves a token past it, so a
    /// caller that counts fewer tokens than the runs have looks again, with a new snapshot (engine rule 10).
    static let drop = PostgresStatement(
        """
        WITH runs_to_drop AS MATERIALIZED (SELECT * FROM unnest($1::int4[], $2::uuid[]) AS d(tenant, run)),
        ready_gone AS (
            DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM runs_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM ready x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f))
            RETURNING x.tenant, x.run),
        attempts_gone AS (
            DELETE FROM attempts x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM runs_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM attempts x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f))
            RETURNING x.tenant, x.run, x.step, x.attempt, x.session),
        timers_gone AS (
            DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM runs_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM timers x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f))
            RETURNING x.tenant, x.run, x.step),
        held_gone AS (
            DELETE FROM held x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM runs_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM held x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f))
            RETURNING x.tenant, x.run, x.step),
        waits_gone AS (
            DELETE FROM waits x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM runs_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM waits x WHERE x.tenant = d.tenant AND x.run = d.run OFFSET 0) f))
            RETURNING x.tenant, x.run)
        SELECT tenant, run, step, attempt, session FROM attempts_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM ready_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM timers_gone WHERE step >= 0
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM held_gone WHERE step >= 0
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM waits_gone
        """,
        [.int4Array, .uuidArray])

    /// One look at some steps of a run. Their numbers come a second time as those of their due times, which go too.
    ///
    /// In `ready` the run's rows are looked through (`step + 0`): by its step alone a row could be sought in the claim
    /// index, all of which would then be read.
    static let dropSteps = PostgresStatement(
        """
        WITH steps_to_drop AS MATERIALIZED (
            SELECT $1::int4 AS tenant, $2::uuid AS run, d.step FROM unnest($3::int4[]) AS d(step)),
        dues_gone AS (
            DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM unnest($4::int4[]) AS d(step) CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM timers x
                    WHERE x.tenant = $1::int4 AND x.run = $2::uuid AND x.step = d.step OFFSET 0) f))),
        ready_gone AS (
            DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM (VALUES ($1::int4, $2::uuid)) AS d(tenant, run) CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM ready x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step + 0 = ANY ($3::int4[]) OFFSET 0) f))
            RETURNING x.tenant, x.run),
        attempts_gone AS (
            DELETE FROM attempts x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM steps_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM attempts x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f))
            RETURNING x.tenant, x.run, x.step, x.attempt, x.session),
        timers_gone AS (
            DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM steps_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM timers x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f))
            RETURNING x.tenant, x.run),
        held_gone AS (
            DELETE FROM held x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM steps_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM held x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f))
            RETURNING x.tenant, x.run),
        waits_gone AS (
            DELETE FROM waits x WHERE x.ctid = ANY (ARRAY(
                SELECT f.found FROM steps_to_drop d CROSS JOIN LATERAL (
                    SELECT x.ctid AS found FROM waits x
                    WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f))
            RETURNING x.tenant, x.run)
        SELECT tenant, run, step, attempt, session FROM attempts_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM ready_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM timers_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM held_gone
        UNION ALL SELECT tenant, run, NULL, NULL, NULL FROM waits_gone
        """,
        [.int4, .uuid, .int4Array, .int4Array])
}
