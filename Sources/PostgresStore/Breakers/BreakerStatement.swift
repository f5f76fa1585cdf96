internal import Postgres

/// Statements of circuit breakers. Whoever changes one has locked its row before, and judges by what it reads then; of a
/// target, the limit's row is locked before that.
enum BreakerStatement {
    /// Makes the breakers of targets that are new, and gives those of a newer definition its terms.
    static let state = PostgresStatement(
        """
        INSERT INTO breakers AS b (tenant, id, name, failures, ratio, window_span, pause_span, probes, flow, kind)
        SELECT n.tenant, n.id, n.name, n.failures, n.ratio, n.window_span, n.pause_span, n.probes, n.flow, 2
        FROM unnest($1::int4[], $2::uuid[], $3::text[], $4::int4[], $5::float8[], $6::int8[], $7::int8[], $8::int4[], $9::int8[])
            AS n(tenant, id, name, failures, ratio, window_span, pause_span, probes, flow)
        ON CONFLICT (tenant, id) DO UPDATE
        SET failures = excluded.failures, ratio = excluded.ratio, window_span = excluded.window_span,
            pause_span = excluded.pause_span, probes = excluded.probes, flow = excluded.flow,
            counts = CASE WHEN b.window_span = excluded.window_span THEN b.counts ELSE '{}' END,
            slice = CASE WHEN b.window_span = excluded.window_span THEN b.slice ELSE 0 END
        WHERE b.flow < excluded.flow
        """,
        [
            .int4Array, .uuidArray, .textArray, .int4Array, .float8Array, .int8Array, .int8Array, .int4Array,
            .int8Array,
        ])

    private static let columns = """
        b.tenant, b.id, b.kind, b.name, b.failures, b.ratio, b.window_span, b.pause_span, b.probes, b.phase, b.open_until,
        b.passed, b.counts, b.slice, b.changed_at, b.trips, b.revision
        """

    /// Locks breakers, in the order given; of those that do not matter while they are closed, only the others.
    static let lock = PostgresStatement(
        """
        SELECT \(columns), clock_timestamp() FROM unnest($1::int4[], $2::uuid[], $3::bool[]) AS n(tenant, id, matters)
        CROSS JOIN LATERAL (
            SELECT b.* FROM breakers b
            WHERE b.tenant = n.tenant AND b.id = n.id AND (n.matters OR b.phase <> 1) FOR UPDATE) b
        """,
        [.int4Array, .uuidArray, .boolArray])

    static let write = PostgresStatement(
        """
        WITH n AS MATERIALIZED (
            SELECT n.*, f.found FROM unnest(
                $1::int4[], $2::uuid[], $3::int2[], $4::timestamptz[], $5::int4[], $6::text[], $7::int8[],
                $8::timestamptz[], $9::int8[], $10::int8[])
                AS n(tenant, id, phase, open_until, passed, counts, slice, changed_at, trips, revision)
            CROSS JOIN LATERAL (
                SELECT b.ctid AS found FROM breakers b WHERE b.tenant = n.tenant AND b.id = n.id OFFSET 0) f)
        UPDATE breakers b
        SET (phase, open_until, passed, counts, slice, changed_at, trips, revision, used_at) = (
            SELECT n.phase, n.open_until, n.passed, n.counts::int4[], n.slice, n.changed_at, n.trips, n.revision, now()
            FROM n WHERE n.tenant = b.tenant AND n.id = b.id)
        WHERE b.ctid = ANY (ARRAY(SELECT n.found FROM n))
        """,
        [
            .int4Array, .uuidArray, .int2Array, .timestamptzArray, .int4Array, .textArray, .int8Array,
            .timestamptzArray, .int8Array, .int8Array,
        ])

    /// The slots of targets.
    static let setSlots = PostgresStatement(
        """
        WITH n AS MATERIALIZED (
            SELECT n.*, f.found FROM unnest($1::int4[], $2::uuid[], $3::int4[]) AS n(tenant, id, slots)
            CROSS JOIN LATERAL (
                SELECT l.ctid AS found FROM limits l WHERE l.tenant = n.tenant AND l.id = n.id OFFSET 0) f)
        UPDATE limits l
        SET (slots, used_at) = (SELECT n.slots, now() FROM n WHERE n.tenant = l.tenant AND n.id = l.id)
        WHERE l.ctid = ANY (ARRAY(SELECT n.found FROM n))
        """,
        [.int4Array, .uuidArray, .int4Array])

    /// Takes steps of targets out of `ready`, into the line before the breaker. One that a claim has hold of has begun. Who
    /// needs a slot of another limit too gives that back: answers which.
    static let recall = PostgresStatement(
        """
        WITH found AS MATERIALIZED (
            SELECT r.*, s.slot, s.limit_id, o.slot AS other_slot, o.limit_id AS joint_limit
            FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, id)
            CROSS JOIN LATERAL (
                SELECT s.ctid AS slot, s.tenant, s.run, s.step, s.limit_id FROM limit_slots s
                WHERE s.limit_id = n.id AND s.tenant + 0 = n.tenant OFFSET 0) s
            CROSS JOIN LATERAL (
                SELECT r.ctid AS found, r.step FROM ready r WHERE r.tenant = s.tenant AND r.run = s.run OFFSET 0) c
            CROSS JOIN LATERAL (
                SELECT r.ctid AS found, r.* FROM ready r WHERE r.ctid = c.found FOR UPDATE SKIP LOCKED) r
            LEFT JOIN LATERAL (
                SELECT o.ctid AS slot, o.limit_id FROM limit_slots o
                WHERE o.tenant = s.tenant AND o.run = s.run AND o.step = s.step AND o.limit_id <> s.limit_id OFFSET 0) o
                ON true
            WHERE c.step = s.step),
        gone AS (DELETE FROM ready x WHERE x.ctid = ANY (ARRAY(SELECT f.found FROM found f))),
        vacated AS (
            DELETE FROM limit_slots x WHERE x.ctid = ANY (ARRAY(
                SELECT f.slot FROM found f UNION ALL SELECT f.other_slot FROM found f WHERE f.other_slot IS NOT NULL))),
        held_back AS (
            INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, enqueued_at, limit_id, joint_limit, reason)
            SELECT f.tenant, f.run, f.queue, f.route, f.rank, f.step, f.attempt, f.losses, f.enqueued_at, f.limit_id,
                f.joint_limit, 'breaker'
            FROM found f)
        SELECT DISTINCT f.tenant, f.joint_limit FROM found f WHERE f.joint_limit IS NOT NULL
        """,
        [.int4Array, .uuidArray])

    static let shutQueues = PostgresStatement("SELECT shut_queues($1)", [.int4])

    /// Open breakers whose time has passed.
    static let due = PostgresStatement(
        """
        SELECT b.tenant, b.id, b.kind, b.name FROM breakers b WHERE b.phase = 2 AND b.open_until <= now()
        ORDER BY b.open_until LIMIT $1
        """,
        [.int8])

    /// Open breakers of targets, to which steps may have come back; tenants with queues that do not know of a breaker;
    /// and when the next one is due.
    static let unclosed = PostgresStatement(
        """
        SELECT 1, b.tenant, b.id, b.kind, b.name, NULL::timestamptz FROM breakers b WHERE b.phase = 2 AND b.kind = 2
        UNION ALL
        SELECT DISTINCT 2, b.tenant, NULL::uuid, NULL::int2, NULL::text, NULL::timestamptz FROM breakers b
        WHERE b.phase <> 1 AND b.kind = 1 AND EXISTS (SELECT FROM queues q WHERE q.tenant = b.tenant AND NOT q.shut)
        UNION ALL
        SELECT 3, NULL, NULL, NULL, NULL, min(b.open_until) FROM breakers b WHERE b.phase = 2
        """)

    /// Closed breakers of targets that nothing was told of for a day.
    static let forget = PostgresStatement(
        """
        DELETE FROM breakers WHERE (tenant, id) IN (
            SELECT tenant, id FROM breakers WHERE kind = 2 AND phase = 1 AND used_at < now() - interval '1 day' LIMIT $1
            FOR UPDATE SKIP LOCKED)
        """,
        [.int8])

    static let list = PostgresStatement(
        "SELECT \(columns) FROM breakers b WHERE b.tenant = $1 ORDER BY b.kind, b.name, b.id", [.int4])

    static let routes = PostgresStatement(
        """
        SELECT \(columns), ARRAY(SELECT o.id FROM routes o WHERE o.task_type = b.name ORDER BY o.id)
        FROM breakers b WHERE b.kind = 1 ORDER BY b.tenant, b.name
        """)

    /// By name or by id; of two of one name, that of the task type.
    static let find = PostgresStatement(
        """
        SELECT b.id, b.kind, b.name FROM breakers b WHERE b.tenant = $1 AND (b.name = $2 OR b.id::text = $2)
        ORDER BY b.kind LIMIT 1
        """,
        [.int4, .text])

    static let setRule = PostgresStatement(
        """
        INSERT INTO breakers AS b (tenant, id, name, failures, ratio, window_span, pause_span, probes, kind)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
        ON CONFLICT (tenant, id) DO UPDATE
        SET failures = excluded.failures, ratio = excluded.ratio, window_span = excluded.window_span,
            pause_span = excluded.pause_span, probes = excluded.probes, revision = b.revision + 1,
            counts = CASE WHEN b.window_span = excluded.window_span THEN b.counts ELSE '{}' END,
            slice = CASE WHEN b.window_span = excluded.window_span THEN b.slice ELSE 0 END
        RETURNING \(columns)
        """,
        [.int4, .uuid, .text, .int4, .float8, .int8, .int8, .int4])

    static let remove = PostgresStatement("DELETE FROM breakers WHERE tenant = $1 AND id = $2", [.int4, .uuid])
}
