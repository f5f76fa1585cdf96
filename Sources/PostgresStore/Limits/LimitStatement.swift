internal import Engine
internal import Postgres

/// Statements of the limits of keys. Every transaction that takes or gives slots runs `lock` first: what the statements
/// after it count is seen by a snapshot from after the lock, so no two transactions hand out one slot.
///
/// Lines and slots are found by their limit alone (`tenant + 0`): while the statistics say that there is next to nothing,
/// the key of the tenant's tokens is the smaller index, and a plan from then reads all of them for each limit.
enum LimitStatement {
    /// Makes limits that are new, gives those of a newer definition its slots, and locks all of them, in the order given.
    static let lock = PostgresStatement(
        """
        INSERT INTO limits AS l (tenant, id, level, name, slots, flow)
        SELECT n.tenant, n.id, n.level, n.name, n.slots, n.flow
        FROM unnest($1::int4[], $2::uuid[], $3::int2[], $4::text[], $5::int4[], $6::int8[])
            AS n(tenant, id, level, name, slots, flow)
        ON CONFLICT (tenant, id) DO UPDATE SET slots = excluded.slots, flow = excluded.flow, used_at = now()
        WHERE l.flow < excluded.flow
        """,
        [.int4Array, .uuidArray, .int2Array, .textArray, .int4Array, .int8Array])

    /// How many slots locked limits have free, not counting those that somebody waits for already.
    static let room = PostgresStatement(
        """
        SELECT (l.slots - (
                SELECT count(*) FROM limit_slots s WHERE s.limit_id = n.id AND s.tenant + 0 = n.tenant
            ) - (
                SELECT count(*) FROM (
                    SELECT FROM held h WHERE h.limit_id = n.id AND h.tenant + 0 = n.tenant LIMIT l.slots) w))::int8
        FROM unnest($1::int4[], $2::uuid[]) WITH ORDINALITY AS n(tenant, id, position)
        CROSS JOIN LATERAL (SELECT l.slots FROM limits l WHERE l.tenant = n.tenant AND l.id = n.id OFFSET 0) l
        ORDER BY n.position
        """,
        [.int4Array, .uuidArray])

    /// Gives the free slots of locked limits to the best tokens that wait: a step becomes ready, a run gets a message
    /// and keeps its token, without a limit, until it starts.
    ///
    /// A step with two limits goes here only if the other one is locked too and has no bound, as that of a target whose
    /// breaker is closed; else the place is left free, and the last column names the line (`JointStatement`).
    static let admit = PostgresStatement(
        """
        WITH chosen AS MATERIALIZED (
            SELECT c.*, gen_random_uuid() AS message,
                c.joint_limit IS NULL OR (c.joint_limit = ANY ($2::uuid[]) AND (
                    SELECT k.slots FROM limits k WHERE k.tenant = c.tenant AND k.id = c.joint_limit
                ) = \(Limit.unlimited)) AS clear
            FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, id)
            CROSS JOIN LATERAL (
                SELECT greatest(0, l.slots - (
                    SELECT count(*) FROM limit_slots s WHERE s.limit_id = n.id AND s.tenant + 0 = n.tenant)) AS free
                FROM limits l WHERE l.tenant = n.tenant AND l.id = n.id OFFSET 0) l
            CROSS JOIN LATERAL (
                SELECT h.ctid AS found, h.* FROM held h WHERE h.limit_id = n.id AND h.tenant + 0 = n.tenant
                ORDER BY h.limit_id, h.tenant, h.rank, h.step LIMIT l.free FOR UPDATE) c),
        freed AS (
            DELETE FROM held x WHERE x.ctid = ANY (ARRAY(SELECT c.found FROM chosen c WHERE c.step >= 0 AND c.clear))),
        passed AS (
            UPDATE held x SET limit_id = NULL
            WHERE x.ctid = ANY (ARRAY(SELECT c.found FROM chosen c WHERE c.step < 0))),
        taken AS (
            INSERT INTO limit_slots (tenant, run, step, limit_id, joint)
            SELECT c.tenant, c.run, c.step, c.limit_id, false FROM chosen c WHERE c.clear
            UNION ALL
            SELECT c.tenant, c.run, c.step, c.joint_limit, true FROM chosen c WHERE c.clear AND c.joint_limit IS NOT NULL),
        queued AS (
            INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses, enqueued_at)
            SELECT c.tenant, c.run, c.queue, c.route, c.rank, c.step, c.attempt, c.losses, c.enqueued_at
            FROM chosen c WHERE c.step >= 0 AND c.clear
            RETURNING *),
        posted AS (
            INSERT INTO inbox (tenant, run, id, kind, body)
            SELECT c.tenant, c.run, c.message, \(InboxKind.admit.rawValue), '' FROM chosen c WHERE c.step < 0),
        told AS (
            INSERT INTO events AS e (tenant, wakes, payload)
            SELECT g.tenant, \(CommitStatement.wakes(of: "queued", tenant: "g.tenant")), g.payload
            FROM (
                SELECT m.tenant, '[' || string_agg(
                    '{"r":"' || m.run || '","t":[[' || m.step || ',"ready",' || m.attempt || ']]}', ',') || ']' AS payload
                FROM queued m GROUP BY m.tenant) g
            ON CONFLICT (xid, tenant) DO UPDATE
            SET wakes = e.wakes || excluded.wakes,
                payload = CASE WHEN e.payload = '[]' THEN excluded.payload
                    ELSE left(e.payload, -1) || ',' || substr(excluded.payload, 2) END)
        SELECT tenant, run, step, queue, route, rank, message, NULL::uuid FROM chosen c WHERE c.clear
        UNION ALL
        SELECT DISTINCT tenant, NULL::uuid, 0, 0, 0, 0::int8, NULL::uuid, limit_id FROM chosen c WHERE NOT c.clear
        """,
        [.int4Array, .uuidArray])

    /// Of the runs that have or want a slot of a limit, the newest stay; the others get a message that cancels them. A run
    /// that was redriven is as new as that.
    static let supersede = PostgresStatement(
        """
        WITH surplus AS MATERIALIZED (
            SELECT n.tenant, r.run FROM (
                SELECT DISTINCT n.tenant, n.id FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, id)) n
            CROSS JOIN LATERAL (
                SELECT l.slots FROM limits l WHERE l.tenant = n.tenant AND l.id = n.id OFFSET 0) l
            CROSS JOIN LATERAL (
                SELECT u.run FROM (
                    SELECT s.run FROM limit_slots s WHERE s.limit_id = n.id AND s.tenant + 0 = n.tenant
                    UNION ALL
                    SELECT h.run FROM held h WHERE h.limit_id = n.id AND h.tenant + 0 = n.tenant) u
                LEFT JOIN LATERAL (
                    SELECT d.redriven_at AS at FROM dead_letters d
                    WHERE d.tenant = n.tenant AND d.run = u.run AND d.redriven_at IS NOT NULL
                    ORDER BY d.revision DESC LIMIT 1) d ON true
                ORDER BY greatest(
                    u.run, (lpad(to_hex((extract(epoch FROM d.at) * 1000)::int8), 12, '0') || repeat('0', 20))::uuid
                ) DESC OFFSET l.slots) r)
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT u.tenant, u.run, gen_random_uuid(), \(InboxKind.cancel.rawValue), $3 FROM surplus u
        LEFT JOIN LATERAL (
            SELECT 1 AS told FROM inbox i
            WHERE i.tenant = u.tenant AND i.run = u.run AND i.kind = \(InboxKind.cancel.rawValue) LIMIT 1) i ON true
        WHERE i.told IS NULL
        RETURNING tenant, run, id
        """,
        [.int4Array, .uuidArray, .text])

    /// Limits for which somebody waits though a slot looks free: one probe of the line for each limit.
    static let missed = PostgresStatement(
        """
        WITH RECURSIVE line AS (
            (SELECT h.limit_id, h.tenant FROM held h WHERE h.limit_id IS NOT NULL ORDER BY h.limit_id, h.tenant LIMIT 1)
            UNION ALL
            SELECT n.* FROM line b CROSS JOIN LATERAL (
                SELECT h.limit_id, h.tenant FROM held h
                WHERE h.limit_id IS NOT NULL AND (h.limit_id, h.tenant) > (b.limit_id, b.tenant)
                ORDER BY h.limit_id, h.tenant LIMIT 1) n)
        SELECT b.tenant, b.limit_id FROM line b JOIN limits l ON l.tenant = b.tenant AND l.id = b.limit_id
        WHERE l.slots > (SELECT count(*) FROM limit_slots s WHERE s.limit_id = b.limit_id AND s.tenant = b.tenant)
        LIMIT $1
        """,
        [.int8])

    /// Locks limits that have not changed for an hour and are not declared, so that the next statement may judge whether they are used.
    static let old = PostgresStatement(
        """
        SELECT l.tenant, l.id FROM limits l WHERE l.used_at < now() - interval '1 hour' AND l.flow < \(Int64.max)
            AND NOT EXISTS (SELECT FROM limit_slots s WHERE s.limit_id = l.id AND s.tenant = l.tenant)
        LIMIT $1 FOR UPDATE SKIP LOCKED
        """,
        [.int8])

    static let forget = PostgresStatement(
        """
        DELETE FROM limits l USING unnest($1::int4[], $2::uuid[]) AS n(tenant, id)
        WHERE l.tenant = n.tenant AND l.id = n.id
            AND NOT EXISTS (SELECT FROM limit_slots s WHERE s.limit_id = l.id AND s.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM held h WHERE h.limit_id = l.id AND h.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM held h WHERE h.parked_limit = l.id AND h.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM held h WHERE h.next_limit = l.id AND h.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM timers t WHERE t.limit_id = l.id AND t.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM held h WHERE h.joint_limit = l.id AND h.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM timers t WHERE t.joint_limit = l.id AND t.tenant = l.tenant)
            AND NOT EXISTS (SELECT FROM breakers k WHERE k.tenant = l.tenant AND k.id = l.id AND k.phase <> 1)
        """,
        [.int4Array, .uuidArray])
}
