internal import Engine
internal import Postgres

/// Statements of throttles and debounces. Their rows are locked before the runs are written; what is read with the lock is
/// the newest, and is changed by the same transaction.
enum PacingStatement {
    /// Locks the windows of throttles, in the order given. Answers each window's start, from now in µs, and what is used.
    static let lockThrottles = PostgresStatement(
        """
        INSERT INTO throttles AS t (tenant, id, name, window_at, used)
        SELECT n.tenant, n.id, n.name, now(), 0 FROM unnest($1::int4[], $2::uuid[], $3::text[]) AS n(tenant, id, name)
        ON CONFLICT (tenant, id) DO UPDATE SET used = t.used
        RETURNING t.tenant, t.id, (extract(epoch FROM t.window_at - now()) * 1000000)::int8, t.used
        """,
        [.int4Array, .uuidArray, .textArray])

    static let writeThrottles = PostgresStatement(
        """
        INSERT INTO throttles AS t (tenant, id, name, window_at, used)
        SELECT n.tenant, n.id, '', now() + n.start * interval '1 microsecond', n.used
        FROM unnest($1::int4[], $2::uuid[], $3::int8[], $4::int4[]) AS n(tenant, id, start, used)
        ON CONFLICT (tenant, id) DO UPDATE SET window_at = excluded.window_at, used = excluded.used
        """,
        [.int4Array, .uuidArray, .int8Array, .int4Array])

    /// Locks successions. Answers the newest run of each and how long ago the first was asked for, in µs.
    static let lockDebounces = PostgresStatement(
        """
        INSERT INTO debounces AS d (tenant, id, name, since)
        SELECT n.tenant, n.id, n.name, now() FROM unnest($1::int4[], $2::uuid[], $3::text[]) AS n(tenant, id, name)
        ON CONFLICT (tenant, id) DO UPDATE SET since = d.since
        RETURNING d.tenant, d.id, d.run, (extract(epoch FROM now() - d.since) * 1000000)::int8
        """,
        [.int4Array, .uuidArray, .textArray])

    static let writeDebounces = PostgresStatement(
        """
        INSERT INTO debounces AS d (tenant, id, name, run, since)
        SELECT n.tenant, n.id, '', n.run, now() - n.age * interval '1 microsecond'
        FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int8[]) AS n(tenant, id, run, age)
        ON CONFLICT (tenant, id) DO UPDATE SET run = excluded.run, since = excluded.since
        """,
        [.int4Array, .uuidArray, .uuidArray, .int8Array])

    /// Stops the waiting of runs that others replace, unless their time has come meanwhile. A token whose row another
    /// transaction has changed since is looked at again, and is then not waiting any more.
    static let supersede = PostgresStatement(
        """
        WITH waiting AS MATERIALIZED (
            SELECT f.found FROM unnest($1::int4[], $2::uuid[]) AS n(tenant, run)
            CROSS JOIN LATERAL (
                SELECT h.ctid AS found FROM held h
                WHERE h.tenant = n.tenant AND h.run = n.run AND h.step = \(HeldRow.run) AND h.due IS NOT NULL
                OFFSET 0 FOR UPDATE) f),
        stopped AS (
            UPDATE held x SET due = NULL, next_limit = NULL
            WHERE x.ctid = ANY (ARRAY(SELECT w.found FROM waiting w)) AND x.due IS NOT NULL
            RETURNING x.tenant, x.run)
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT s.tenant, s.run, gen_random_uuid(), \(InboxKind.cancel.rawValue), $3 FROM stopped s
        RETURNING tenant, run, id
        """,
        [.int4Array, .uuidArray, .text])

    /// Tokens of runs that wait for their time; without a delay they wait for nothing but their message.
    static let hold = PostgresStatement(
        """
        INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, reason, pacing_id, due, next_limit)
        SELECT n.tenant, n.run, 0, 0, n.rank, \(HeldRow.run), 0, 0, 'pacing', n.pacing,
            now() + n.delay * interval '1 microsecond', n.next
        FROM unnest($1::int4[], $2::uuid[], $3::int8[], $4::uuid[], $5::int8[], $6::uuid[])
            AS n(tenant, run, rank, pacing, delay, next)
        """,
        [.int4Array, .uuidArray, .int8Array, .uuidArray, .int8Array, .uuidArray])

    /// Messages of this transaction's own.
    static let post = PostgresStatement(
        """
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT n.tenant, n.run, gen_random_uuid(), n.kind, n.body
        FROM unnest($1::int4[], $2::uuid[], $3::int2[], $4::text[]) AS n(tenant, run, kind, body)
        RETURNING tenant, run, id, kind
        """,
        [.int4Array, .uuidArray, .int2Array, .textArray])

    /// Lets runs go on whose time has come: to the line of their limit, which must not be locked here, or to their start.
    static let fire = PostgresStatement(
        """
        WITH come AS MATERIALIZED (
            SELECT h.ctid AS found, h.tenant, h.run, h.next_limit, gen_random_uuid() AS message
            FROM held h WHERE h.due <= now() ORDER BY h.due LIMIT $1 FOR UPDATE SKIP LOCKED),
        passed AS (
            UPDATE held x SET due = NULL, next_limit = NULL, limit_id = x.next_limit
            WHERE x.ctid = ANY (ARRAY(SELECT c.found FROM come c))),
        posted AS (
            INSERT INTO inbox (tenant, run, id, kind, body)
            SELECT c.tenant, c.run, c.message, \(InboxKind.admit.rawValue), '' FROM come c WHERE c.next_limit IS NULL)
        SELECT tenant, run, message, next_limit FROM come
        """,
        [.int8])

    /// No window and no succession is longer than 31 days: a row that is older is as good as none.
    static let forgetThrottles = forget("throttles", by: "window_at")
    static let forgetDebounces = forget("debounces", by: "since")

    private static func forget(_ table: String, by column: String) -> PostgresStatement {
        PostgresStatement(
            """
            DELETE FROM \(table) WHERE (tenant, id) IN (
                SELECT tenant, id FROM \(table) WHERE \(column) < now() - interval '32 days' LIMIT $1
                FOR UPDATE SKIP LOCKED)
            """,
            [.int8])
    }
}
