internal import Postgres

/// Moves the lowest-ranked tokens of some buckets from `ready` to `attempts`.
///
/// Candidates are read without a lock, merged over the buckets of a share by rank, and locked one after the other until
/// every slot of the share has one: so no more rows are locked than are leased, and a rival's rows are passed over. Each
/// session is matched to a row by the row's number.
enum ClaimStatement {
    /// From queues that need no lock; paused ones are passed over here, whatever the caller believes.
    static let claim = PostgresStatement(
        statement(
            shares: "unnest($5::int8[]) WITH ORDINALITY AS s(slots, n)",
            open:
                "CROSS JOIN LATERAL (SELECT 1 FROM queues q WHERE q.id = b.queue AND NOT q.paused AND NOT q.guarded AND \(unshut) OFFSET 0) q",
            guarded: nil),
        [.int4Array, .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .uuidArray])

    /// The breaker of the bucket's task type is closed, as nearly always: only a queue that is shut has to ask.
    static let unshut = "NOT (q.shut AND route_is_shut(b.tenant, b.route))"

    /// Taken first, in a statement of its own: what is counted next is seen by a snapshot from after the lock.
    static let lockQueue = PostgresStatement("SELECT 1 FROM queues q WHERE q.id = $1 FOR NO KEY UPDATE", [.int4])

    /// From one guarded queue, whose lock is held: at most as many as its limit leaves. The time of the lease is one after
    /// the lock, so that leases of a strict queue stand in their order.
    static let guarded = PostgresStatement(
        statement(
            shares: """
                (SELECT 1::int8 AS n, greatest(0, least(($5::int8[])[1], q.concurrency - (
                    SELECT count(*) FROM attempts a WHERE a.queue = q.id AND a.guarded))) AS slots, q.strict
                FROM queues q WHERE q.id = ($2::int4[])[1] AND q.guarded AND NOT q.paused OFFSET 0) s
                """,
            open: "CROSS JOIN LATERAL (SELECT 1 FROM queues q WHERE q.id = b.queue AND \(unshut) OFFSET 0) q",
            guarded: "true", leasedAt: "clock_timestamp()"),
        [.int4Array, .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .uuidArray])

    /// Taken first by a claim of probes.
    static let lockBreaker = PostgresStatement(
        "SELECT 1 FROM breakers k WHERE k.tenant = $1 AND k.id = $2 FOR UPDATE", [.int4, .uuid])

    /// From one queue, tokens of the task type of a breaker that is half-open and locked: as many as it allows beside
    /// the probes that are leased. Those are leased after the lock was taken, so by a clock that has gone on.
    static let probes = PostgresStatement(
        statement(
            shares: """
                (SELECT 1::int8 AS n, greatest(0, least(
                    ($5::int8[])[1],
                    k.probes - (
                        SELECT count(*) FROM attempts a JOIN routes o ON o.id = a.route
                        WHERE a.tenant = k.tenant AND o.task_type = k.name AND a.leased_at >= k.changed_at),
                    CASE WHEN q.guarded THEN q.concurrency - (
                        SELECT count(*) FROM attempts a WHERE a.queue = q.id AND a.guarded) END,
                    (SELECT u.concurrent_steps - (SELECT count(*) FROM attempts a WHERE a.tenant = u.tenant)
                        FROM quotas u WHERE u.tenant = q.tenant))) AS slots, q.strict
                FROM queues q CROSS JOIN breakers k
                WHERE q.id = ($2::int4[])[1] AND NOT q.paused AND k.tenant = $8 AND k.id = $9 AND k.phase = 3 OFFSET 0) s
                """,
            open: "", guarded: "(SELECT q.guarded FROM queues q WHERE q.id = l.queue)", leasedAt: "clock_timestamp()"),
        [
            .int4Array, .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .uuidArray, .int4, .uuid,
        ])

    /// Taken first where the tenant's steps are counted: claims of the tenant take turns.
    static let lockTenant = PostgresStatement("SELECT pg_advisory_xact_lock(7025, $1)", [.int4])

    /// From one queue, guarded or not, of a tenant with a quota of concurrent steps: as many as both leave. It counts the
    /// tenant's attempts down their key, no more of them than the quota.
    static let counted = PostgresStatement(
        statement(
            shares: """
                (SELECT 1::int8 AS n, greatest(0, least(($5::int8[])[1],
                    q.concurrency - (SELECT count(*) FROM attempts a WHERE a.queue = q.id AND a.guarded),
                    (SELECT u.concurrent_steps FROM quotas u WHERE u.tenant = q.tenant)
                        - (SELECT count(*) FROM attempts a WHERE a.tenant = ($1::int4[])[1]))) AS slots, q.strict
                FROM queues q WHERE q.id = ($2::int4[])[1] AND NOT q.paused OFFSET 0) s
                """,
            open: "CROSS JOIN LATERAL (SELECT 1 FROM queues q WHERE q.id = b.queue AND \(unshut) OFFSET 0) q",
            guarded: "(SELECT q.guarded FROM queues q WHERE q.id = l.queue)", leasedAt: "clock_timestamp()"),
        [.int4Array, .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .uuidArray])

    private static func statement(
        shares: String, open: String, guarded: String?, leasedAt: String = "now()"
    ) -> String {
        // A strict queue's lowest rank counts, whatever the caller believes to be claimed already.
        let lowest =
            guarded == nil ? "b.lowest" : "CASE WHEN s.strict THEN (-9223372036854775808)::int8 ELSE b.lowest END"
        return """
            WITH locked AS MATERIALIZED (
                SELECT f.* FROM \(shares)
                CROSS JOIN LATERAL (
                    SELECT l.* FROM (
                        SELECT c.* FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::int8[], $6::int8[])
                            AS b(tenant, queue, route, lowest, share)
                        \(open)
                        CROSS JOIN LATERAL (
                            SELECT r.ctid AS found, r.step, r.rank FROM ready r
                            WHERE r.queue = b.queue AND r.route = b.route AND r.rank >= \(lowest) AND r.tenant = b.tenant
                            ORDER BY r.queue, r.route, r.rank, r.step LIMIT s.slots * 2 + 16) c
                        WHERE b.share = s.n
                        ORDER BY c.rank, c.step LIMIT s.slots * 2 + 16) c
                    CROSS JOIN LATERAL (
                        SELECT r.ctid AS found, r.* FROM ready r WHERE r.ctid = c.found FOR UPDATE SKIP LOCKED) l
                    LIMIT s.slots) f),
            taken AS (DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(SELECT l.found FROM locked l))),
            leased AS (
                INSERT INTO attempts
                    (tenant, run, queue, route, rank, step, attempt, losses, session, enqueued_at, leased_at
                    \(guarded == nil ? "" : ", guarded"))
                SELECT l.tenant, l.run, l.queue, l.route, l.rank, l.step, l.attempt + 1, l.losses,
                    ($7::uuid[])[row_number() OVER (ORDER BY l.rank, l.step)], l.enqueued_at, \(leasedAt)
                    \(guarded.map { ", " + $0 } ?? "")
                FROM locked l
                RETURNING *),
            \(TokenEvents.told(of: "leased", state: "running", wakes: false))
            SELECT tenant, run, step, attempt, session, queue, route, rank, losses, enqueued_at, leased_at FROM leased
            ORDER BY rank, step
            """
    }

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
    /// now, is left alone. Each once, however often it is named: this transaction's own lock is no hindrance.
    static let release = PostgresStatement(
        """
        WITH locked AS MATERIALIZED (
            SELECT l.* FROM (
                SELECT DISTINCT * FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::uuid[])
                    AS n(tenant, run, step, attempt, session)) f
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
