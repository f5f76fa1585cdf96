internal import Audit
internal import Postgres

enum AuditStatement {
    /// Adds records whose rows the caller has, in the transaction that is open.
    static let add = PostgresStatement(
        """
        SELECT audit_add(
            a.tenant, a.context::jsonb, a.action, a.name, a.outcome, a.before::jsonb, a.after::jsonb, a.times)
        FROM unnest(
            $1::int4[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int4[])
            AS a (tenant, context, action, name, outcome, before, after, times)
        """,
        [
            .int4Array, .textArray, .textArray, .textArray, .textArray, .textArray, .textArray, .int4Array,
        ])

    /// What `AuditRecord.init(_:)` reads.
    static let columns = """
        epoch, xid, id, at,
        (extract(year FROM at AT TIME ZONE 'UTC') * 100 + extract(month FROM at AT TIME ZONE 'UTC'))::int4,
        tenant, times, actor_kind, actor, actor_tenant, address, agent, operation, action, name, outcome,
        before::text, after::text, request_id, trace_id
        """

    /// The horizon below which no transaction can still appear, the epoch, and the time.
    static let bounds = PostgresStatement(
        "SELECT pg_snapshot_xmin(pg_current_snapshot()), audit_epoch(), clock_timestamp()")

    /// Only one transaction at a time may seal.
    static let lock = PostgresStatement("SELECT pg_try_advisory_xact_lock(7021, 3)")

    static let last = PostgresStatement("SELECT \(sealColumns) FROM audit_seals ORDER BY number DESC LIMIT 1")

    static let seals = PostgresStatement(
        "SELECT \(sealColumns) FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2", [.int8, .int8])

    /// Records behind a position whose transactions have all ended.
    static let open = PostgresStatement(
        """
        SELECT \(columns) FROM audit
        WHERE (epoch, xid, id) > ($1, $2, $3) AND (epoch < $4 OR epoch = $4 AND xid < $5)
        ORDER BY epoch, xid, id LIMIT $6
        """,
        [.int4, .xid8, .int8, .int4, .xid8, .int8])

    static let between = PostgresStatement(
        """
        SELECT \(columns) FROM audit WHERE (epoch, xid, id) > ($1, $2, $3) AND (epoch, xid, id) <= ($4, $5, $6)
        ORDER BY epoch, xid, id
        """,
        [.int4, .xid8, .int8, .int4, .xid8, .int8])

    /// The event rows of a range of transactions as one digest. The database makes it, so that the rows stay there.
    static let events = PostgresStatement(
        """
        SELECT count(*), coalesce(sha256(string_agg(
            sha256(convert_to(concat_ws(
                E'\\x1f', e.xid, e.tenant, (extract(epoch FROM e.at) * 1000000)::int8, e.queues::text, e.payload), 'UTF8')),
            ''::bytea ORDER BY e.xid, e.tenant)), ''::bytea)
        FROM events e WHERE e.xid >= $1 AND e.xid < $2
        """,
        [.xid8, .xid8])

    static let insert = PostgresStatement(
        """
        INSERT INTO audit_seals (
            number, sealed_at, epoch, xid, id, month, total, leaves, events_from, events_to, events, events_digest,
            key_id, code)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        [
            .int8, .timestamptz, .int4, .xid8, .int8, .int4, .int8, .bytea, .xid8, .xid8, .int8, .bytea, .text, .bytea,
        ])

    /// What `AuditSeal.init(_:)` reads.
    private static let sealColumns = """
        number, sealed_at, epoch, xid, id, month, total, leaves, events_from, events_to, events, events_digest, key_id, code
        """
}
