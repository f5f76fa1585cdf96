internal import Postgres

/// Statements that count the bytes which tenants with a quota of them have stored.
enum StoredByteStatement {
    /// What is null is not counted, and stays so.
    static let add = PostgresStatement(
        """
        UPDATE stored_bytes b SET
            payloads = CASE WHEN b.payloads IS NOT NULL THEN greatest(0, b.payloads + a.payloads) END,
            logs = CASE WHEN b.logs IS NOT NULL THEN greatest(0, b.logs + a.logs) END
        FROM unnest($1::int4[], $2::int8[], $3::int8[]) AS a(tenant, payloads, logs) WHERE b.tenant = a.tenant
        """,
        [.int4Array, .int8Array, .int8Array])

    static let forget = PostgresStatement("DELETE FROM stored_bytes b WHERE b.tenant = $1", [.int4])

    /// One node at a time. What nodes have stored and not told yet is counted twice, up to the next time.
    static let recount = PostgresStatement(
        """
        INSERT INTO stored_bytes AS b (tenant, counted_at, payloads, logs)
        SELECT q.tenant, clock_timestamp(),
            CASE WHEN q.payload_bytes IS NOT NULL THEN (
                SELECT coalesce(sum(r.input_bytes::int8 + coalesce(r.output_bytes, 0)), 0)::int8
                FROM runs r WHERE r.tenant = $1)
                + (SELECT coalesce(sum(s.output_bytes), 0)::int8 FROM steps s WHERE s.tenant = $1) END,
            CASE WHEN q.log_bytes IS NOT NULL THEN (
                SELECT coalesce(sum(octet_length(l.content)), 0)::int8 FROM logs l WHERE l.tenant = $1) END
        FROM quotas q
        WHERE q.tenant = $1 AND (q.payload_bytes IS NOT NULL OR q.log_bytes IS NOT NULL)
            AND pg_try_advisory_xact_lock(7026, $1)
        ON CONFLICT (tenant) DO UPDATE
        SET counted_at = excluded.counted_at, payloads = excluded.payloads, logs = excluded.logs
        """,
        [.int4])
}
