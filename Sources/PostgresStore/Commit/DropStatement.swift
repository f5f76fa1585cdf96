internal import Postgres

/// Takes every token of some runs away (cancel, deadline).
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
}
