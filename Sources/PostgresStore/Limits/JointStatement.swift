internal import Engine
internal import Postgres

/// Statements of steps that need slots of two limits at once. Such a token stands in the line of one of them, which is
/// full, and names the other in `joint_limit`; it has a slot of neither.
enum JointStatement {
    /// How many tokens of a line one round judges.
    static let span = 500

    static let join = PostgresStatement(
        """
        INSERT INTO held AS x (tenant, run, queue, route, rank, step, attempt, losses, limit_id, joint_limit, reason)
        SELECT x.*, \(RareStatement.reason(of: "x.limit_id"))
        FROM unnest(
            $1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::int8[], $6::int4[], $7::int4[], $8::int2[], $9::uuid[],
            $10::uuid[]) AS x(tenant, run, queue, route, rank, step, attempt, losses, limit_id, joint_limit)
        """,
        [
            .int4Array, .uuidArray, .int4Array, .int4Array, .int8Array, .int4Array, .int4Array, .int2Array, .uuidArray,
            .uuidArray,
        ])

    /// Tokens that the same transaction has written to `timers`.
    static let schedule = PostgresStatement(
        """
        WITH d AS MATERIALIZED (
            SELECT d.*, f.found FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::uuid[])
                AS d(tenant, run, step, joint_limit)
            CROSS JOIN LATERAL (
                SELECT t.ctid AS found FROM timers t
                WHERE t.tenant = d.tenant AND t.run = d.run AND t.step = d.step OFFSET 0) f)
        UPDATE timers t
        SET joint_limit = (
            SELECT d.joint_limit FROM d WHERE d.tenant = t.tenant AND d.run = t.run AND d.step = t.step)
        WHERE t.ctid = ANY (ARRAY(SELECT d.found FROM d))
        """,
        [.int4Array, .uuidArray, .int4Array, .uuidArray])

    /// The limits that the first tokens of these lines need besides: what is to be locked with them.
    static let others = PostgresStatement(
        """
        SELECT DISTINCT n.tenant, h.joint_limit FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, id)
        CROSS JOIN LATERAL (
            SELECT h.joint_limit FROM held h WHERE h.limit_id = n.id AND h.tenant + 0 = n.tenant
            ORDER BY h.limit_id, h.tenant, h.rank, h.step LIMIT \(span)) h
        WHERE h.joint_limit IS NOT NULL
        """,
        [.int4Array, .uuidArray])

    /// How many slots locked limits have free, in the order given.
    static let free = PostgresStatement(
        """
        SELECT greatest(0, l.slots - (
            SELECT count(*) FROM limit_slots s WHERE s.limit_id = n.id AND s.tenant + 0 = n.tenant))
        FROM unnest($1::int4[], $2::uuid[]) WITH ORDINALITY AS n(tenant, id, position)
        CROSS JOIN LATERAL (SELECT l.slots FROM limits l WHERE l.tenant = n.tenant AND l.id = n.id OFFSET 0) l
        ORDER BY n.position
        """,
        [.int4Array, .uuidArray])

    /// The first tokens of locked limits' lines, the best of all first.
    static let heads = PostgresStatement(
        """
        SELECT h.tenant, h.run, h.step, h.limit_id, h.joint_limit FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, id)
        CROSS JOIN LATERAL (
            SELECT h.* FROM held h WHERE h.limit_id = n.id AND h.tenant + 0 = n.tenant
            ORDER BY h.limit_id, h.tenant, h.rank, h.step LIMIT \(span) FOR UPDATE) h
        ORDER BY h.rank, h.step
        """,
        [.int4Array, .uuidArray])

    /// Lets tokens go on with the slots that they need, or moves them to the line of their other limit.
    static let settle = PostgresStatement(
        """
        WITH chosen AS MATERIALIZED (
            SELECT h.*, n.is_admitted FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::bool[])
                AS n(tenant, run, step, is_admitted)
            CROSS JOIN LATERAL (
                SELECT h.ctid AS found, h.* FROM held h
                WHERE h.tenant = n.tenant AND h.run = n.run AND h.step = n.step OFFSET 0) h),
        freed AS (
            DELETE FROM held x WHERE x.ctid = ANY (ARRAY(SELECT c.found FROM chosen c WHERE c.is_admitted))),
        moved AS (
            UPDATE held x SET limit_id = x.joint_limit, joint_limit = x.limit_id,
                reason = \(RareStatement.reason(of: "x.joint_limit"))
            WHERE x.ctid = ANY (ARRAY(SELECT c.found FROM chosen c WHERE NOT c.is_admitted))),
        taken AS (
            INSERT INTO limit_slots (tenant, run, step, limit_id, joint)
            SELECT c.tenant, c.run, c.step, c.limit_id, false FROM chosen c WHERE c.is_admitted
            UNION ALL
            SELECT c.tenant, c.run, c.step, c.joint_limit, true FROM chosen c
            WHERE c.is_admitted AND c.joint_limit IS NOT NULL),
        queued AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses, enqueued_at)
            SELECT c.tenant, c.run, c.queue, c.route, c.rank, c.step, c.attempt, c.losses, c.enqueued_at
            FROM chosen c WHERE c.is_admitted
            RETURNING *),
        \(TokenEvents.told(of: "queued", state: "ready", wakes: true))
        SELECT tenant, run, step, queue, route, rank, NULL::uuid, NULL::uuid FROM queued
        """,
        [.int4Array, .uuidArray, .int4Array, .boolArray])
}
