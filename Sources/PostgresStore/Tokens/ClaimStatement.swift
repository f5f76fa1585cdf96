internal import Postgres

/// Moves the lowest-ranked tokens of some buckets from `ready` to `attempts`.
///
/// Candidates are read without a lock, merged over the buckets by rank, and locked one after the other until every slot
/// has one: so no more rows are locked than are leased, and a rival's rows are passed over. Each session is matched to
/// a row by the row's number.
enum ClaimStatement {
    static let claim = PostgresStatement(
        """
        WITH candidates AS MATERIALIZED (
            SELECT c.* FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::int8[]) AS b(tenant, queue, route, lowest)
            CROSS JOIN LATERAL (
                SELECT r.ctid AS found, r.step, r.rank FROM ready r
                WHERE r.queue = b.queue AND r.route = b.route AND r.rank >= b.lowest AND r.tenant = b.tenant
                ORDER BY r.queue, r.route, r.rank, r.step LIMIT $5) c
            ORDER BY c.rank, c.step LIMIT $5),
        locked AS MATERIALIZED (
            SELECT l.* FROM candidates c
            CROSS JOIN LATERAL (
                SELECT r.ctid AS found, r.* FROM ready r WHERE r.ctid = c.found FOR UPDATE SKIP LOCKED) l
            LIMIT $6),
        taken AS (DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(SELECT l.found FROM locked l))),
        leased AS (
            INSERT INTO attempts
                (tenant, run, queue, route, rank, step, attempt, losses, session, enqueued_at, leased_at)
            SELECT l.tenant, l.run, l.queue, l.route, l.rank, l.step, l.attempt + 1, l.losses,
                ($7::uuid[])[row_number() OVER (ORDER BY l.rank, l.step)], l.enqueued_at, now()
            FROM locked l
            RETURNING *),
        \(TokenEvents.told(of: "leased", state: "running", wakes: false))
        SELECT tenant, run, step, attempt, session, queue, route, rank, losses, enqueued_at, leased_at FROM leased
        ORDER BY rank, step
        """,
        [.int4Array, .int4Array, .int4Array, .int8Array, .int8, .int8, .uuidArray])

    /// Buckets with a ready token and the lowest rank of each: one probe of the index for each bucket.
    static let buckets = PostgresStatement(
        """
        WITH RECURSIVE b AS (
            (SELECT r.tenant, r.queue, r.route, r.rank FROM ready r ORDER BY r.queue, r.route, r.rank LIMIT 1)
            UNION ALL
            SELECT n.* FROM b CROSS JOIN LATERAL (
                SELECT r.tenant, r.queue, r.route, r.rank FROM ready r WHERE (r.queue, r.route) > (b.queue, b.route)
                ORDER BY r.queue, r.route, r.rank LIMIT 1) n)
        SELECT tenant, queue, route, rank FROM b
        """)

    /// Returns leased attempts to `ready` with no loss counted; one whose fence moved on, or that somebody is moving
    /// now, is left alone.
    static let release = PostgresStatement(
        """
        WITH locked AS MATERIALIZED (
            SELECT l.* FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::uuid[])
                AS f(tenant, run, step, attempt, session)
            CROSS JOIN LATERAL (
                SELECT a.ctid AS found, a.* FROM attempts a
                WHERE a.tenant = f.tenant AND a.run = f.run AND a.step = f.step FOR UPDATE SKIP LOCKED) l
            WHERE l.attempt = f.attempt AND l.session = f.session),
        \(TokenEvents.returned(losses: "l.losses")),
        \(TokenEvents.told(of: "returned", state: "ready", wakes: true))
        SELECT tenant, run, step, attempt, session FROM locked
        """,
        [.int4Array, .uuidArray, .int4Array, .int4Array, .uuidArray])
}
