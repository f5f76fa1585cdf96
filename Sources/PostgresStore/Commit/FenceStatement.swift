internal import Postgres

enum FenceStatement {
    /// Which of some fences are not held any more.
    static let stale = PostgresStatement(
        """
        SELECT f.tenant, f.run, f.step, f.attempt, f.session
        FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::uuid[])
            AS f(tenant, run, step, attempt, session)
        LEFT JOIN LATERAL (
            SELECT a.attempt, a.session FROM attempts a
            WHERE a.tenant = f.tenant AND a.run = f.run AND a.step = f.step OFFSET 0) t ON true
        WHERE t.attempt IS DISTINCT FROM f.attempt OR t.session IS DISTINCT FROM f.session
        """,
        [.int4Array, .uuidArray, .int4Array, .int4Array, .uuidArray])

    /// Which of some fences are held; the answer is their number, from 1.
    static let held = PostgresStatement(
        """
        SELECT f.n::int8
        FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::uuid[])
            WITH ORDINALITY AS f(tenant, run, step, attempt, session, n)
        CROSS JOIN LATERAL (
            SELECT a.attempt, a.session FROM attempts a
            WHERE a.tenant = f.tenant AND a.run = f.run AND a.step = f.step OFFSET 0) t
        WHERE t.attempt = f.attempt AND t.session = f.session
        """,
        [.int4Array, .uuidArray, .int4Array, .int4Array, .uuidArray])
}
