internal import Postgres
internal import Workflows

enum RunStatement {
    /// Runs by key. They are read before their transitions, so that no transition of theirs is missing.
    static let load = PostgresStatement(
        """
        SELECT r.tenant, r.run, r.flow, r.state, r.revision, coalesce(r.input, i.content), r.traceparent, r.created_at,
            r.ended_at IS NOT NULL, coalesce(r.output, o.content), \(StepFailure.columns(of: "r.failure")),
            r.parent, r.parent_step, r.depth, r.priority, r.deadline, r.labels
        FROM unnest($1::int4[], $2::uuid[]) AS q(tenant, run)
        CROSS JOIN LATERAL (SELECT r.* FROM runs r WHERE r.tenant = q.tenant AND r.run = q.run OFFSET 0) r
        LEFT JOIN LATERAL (
            SELECT p.content FROM payloads p
            WHERE r.input IS NULL AND p.tenant = q.tenant AND p.run = q.run AND p.kind = 1 AND p.step = -1
            OFFSET 0) i ON true
        LEFT JOIN LATERAL (
            SELECT p.content FROM payloads p
            WHERE r.output IS NULL AND r.output_bytes IS NOT NULL AND p.tenant = q.tenant AND p.run = q.run
                AND p.kind = 2 AND p.step = -1 AND p.revision = r.revision
            OFFSET 0) o ON true
        """,
        [.int4Array, .uuidArray])

    /// Transitions newer than a revision, in order.
    static let transitions = PostgresStatement(
        """
        SELECT q.n, s.revision, s.step, s.attempt, s.state, coalesce(s.output, o.content), s.at, s.retry_at,
            \(StepFailure.columns(of: "s.failure"))
        FROM unnest($1::int4[], $2::uuid[], $3::int8[]) WITH ORDINALITY AS q(tenant, run, known, n)
        CROSS JOIN LATERAL (
            SELECT s.* FROM steps s WHERE s.tenant = q.tenant AND s.run = q.run AND s.revision > q.known
            ORDER BY s.tenant, s.run, s.revision, s.step, s.attempt OFFSET 0) s
        LEFT JOIN LATERAL (
            SELECT p.content FROM payloads p
            WHERE s.output IS NULL AND s.output_bytes IS NOT NULL AND p.tenant = q.tenant AND p.run = q.run
                AND p.kind = (CASE WHEN s.state = \(StepState.expanded.rawValue) THEN 4 ELSE 3 END)::int2
                AND p.step = s.step AND p.revision = s.revision
            OFFSET 0) o ON true
        """,
        [.int4Array, .uuidArray, .int8Array])
}
