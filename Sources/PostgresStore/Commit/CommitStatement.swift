internal import Postgres

/// Composes the one statement that writes a batch.
///
/// Its shape, and why:
/// - The keys and runs come first; what was written of them is `written`. Every other row of the batch is guarded by
///   "all runs were written, or this row's run was": one value for the whole statement instead of a join for each part.
/// - Rows are found by their full key in a `LATERAL … OFFSET 0`, which the planner can only answer by probing the index
///   with every key column, and are changed by their `ctid`. A plain join turns into a scan of the whole index when the
///   statistics were taken while the table was nearly empty, and the cached plan would stay like that while it fills.
/// - Arrays are unnested side by side in a list of columns, which hands their elements on as they are. `unnest` of several
///   arrays in a FROM clause copies each array's elements into a store of its own first: a tenth of the time of all.
///   An array that is shorter than the others is null from there on, so a column that is null throughout is bound empty.
/// - Parameters stand in the order in which `CommitColumns.bind` binds them.
struct CommitStatement {
    let sections: CommitSections
    private var types: [PostgresType] = []
    private var parts: [String] = []

    /// The statement of a batch with these sections.
    static func statement(_ sections: CommitSections) -> PostgresStatement {
        var statement = CommitStatement(sections: sections)
        let sql = statement.compose()
        return PostgresStatement(sql, statement.types)
    }

    private init(sections: CommitSections) {
        self.sections = sections
    }

    private mutating func compose() -> String {
        let batch = parameter(.uuid)
        let runs = parameter(.int8)
        let stops = parameter(.bool)
        if sections.contains(.starts) { writeStarts() }
        if sections.contains(.advances) { writeAdvances(limit: runs) }
        writeWritten(runs: runs)
        if sections.contains(.endings) { writeEndings() }
        if sections.contains(.deadlines) { writeDeadlines() }
        let fences = sections.contains(.finishes) ? writeFinishes() : nil
        if sections.contains(.transitions) { writeTransitions() }
        if sections.contains(.payloads) { writePayloads() }
        if sections.contains(.ready) { writeReady() }
        if sections.contains(.held) { writeHeld() }
        if sections.contains(.releases) { writeReleases() }
        if sections.contains(.admitted) { writeAdmitted() }
        if sections.contains(.timers) { writeTimers() }
        if sections.contains(.inbox) { writeInbox() }
        writeEvents(batch: batch, stops: stops)
        let leased =
            sections.contains(.leases) ? "(SELECT array_agg(p.n) FROM placed p WHERE p.granted)" : "NULL::int4[]"
        let seated =
            sections.contains(.held) ? "(SELECT array_agg(s.n) FROM seated s WHERE s.granted)" : "NULL::int4[]"
        let stalled =
            sections.contains(.held) ? "(SELECT array_agg(s.n) FROM seated s WHERE s.stalled)" : "NULL::int4[]"
        return """
            WITH \(parts.joined(separator: ",\n"))
            SELECT now(), c.complete,
                CASE WHEN NOT c.complete THEN (SELECT array_agg(w.tenant) FROM written w) END,
                CASE WHEN NOT c.complete THEN (SELECT array_agg(w.run) FROM written w) END,
                \(leased),
                \(fences ?? "NULL::bool"),
                \(seated), \(stalled)
            FROM completeness c
            """
    }

    // MARK: Runs

    private mutating func writeStarts() {
        let hasKeys = sections.contains(.keys)
        if hasKeys {
            let keys = unnest(
                "k", [("tenant", .int4), ("key", .text), ("run", .uuid), ("digest", .bytea), ("life", .int8)])
            parts.append(
                """
                keyed AS (
                    INSERT INTO idempotency_keys AS i (tenant, key, run, digest, expires_at)
                    SELECT k.tenant, k.key, k.run, k.digest, now() + k.life * interval '1 microsecond' FROM \(keys)
                    ON CONFLICT (tenant, key) DO UPDATE
                    SET run = excluded.run, digest = excluded.digest, expires_at = excluded.expires_at
                    WHERE i.expires_at < now()
                    RETURNING tenant, run)
                """)
            let count = parameter(.int8)
            parts.append("all_keyed AS MATERIALIZED (SELECT count(*) = \(count) AS complete FROM keyed)")
        }
        var columns: [(name: String, type: ParameterType)] = [
            ("tenant", .int4), ("run", .uuid), ("flow", .int8), ("state", .int2), ("revision", .int8),
            ("input_bytes", .int4), ("input", .text), ("traceparent", .text), ("labels", .text),
            ("ended", .bool), ("output_bytes", .int4), ("output", .text), ("failure", .text), ("keyed", .bool),
        ]
        let isUrgent = sections.contains(.urgency)
        if isUrgent { columns += [("priority", .int4), ("deadline", .timestamptz)] }
        let starts = unnest("s", columns)
        let guarded =
            hasKeys
            ? """
            WHERE NOT s.keyed OR (SELECT complete FROM all_keyed)
                OR EXISTS (SELECT FROM keyed k WHERE k.tenant = s.tenant AND k.run = s.run)
            """ : ""
        parts.append(
            """
            started AS (
                INSERT INTO runs (tenant, run, flow, state, revision, input_bytes, input, traceparent, labels,
                    ended_at, output_bytes, output, failure\(isUrgent ? ", priority, deadline" : ""))
                SELECT s.tenant, s.run, s.flow, s.state, s.revision, s.input_bytes, s.input, s.traceparent, s.labels,
                    CASE WHEN s.ended THEN now() END, s.output_bytes, s.output, s.failure
                    \(isUrgent ? ", s.priority, s.deadline" : "")
                FROM \(starts) \(guarded)
                \(sections.contains(.contested) ? "ON CONFLICT DO NOTHING" : "")
                RETURNING tenant, run, state, flow, ended_at)
            """)
    }

    private mutating func writeAdvances(limit: String) {
        let advances = unnest(
            "a",
            [
                ("tenant", .int4), ("run", .uuid), ("expected", .int8), ("revision", .int8), ("state", .int2),
                ("ended", .bool), ("output_bytes", .int4), ("output", .text), ("failure", .text),
            ])
        // The limit never cuts; it tells the planner that there are few rows.
        parts.append(
            """
            advanced AS (
                UPDATE runs r
                SET state = a.state, revision = a.revision, ended_at = CASE WHEN a.ended THEN now() END,
                    output_bytes = a.output_bytes, output = a.output, failure = a.failure
                FROM (
                    SELECT a.*, f.found FROM \(advances) CROSS JOIN LATERAL (
                        SELECT r.ctid AS found FROM runs r WHERE r.tenant = a.tenant AND r.run = a.run OFFSET 0) f
                    LIMIT \(limit)) a
                WHERE r.ctid = a.found AND r.tenant = a.tenant AND r.run = a.run AND r.revision = a.expected
                RETURNING r.tenant, r.run, r.state, r.flow, r.ended_at)
            """)
    }

    private mutating func writeWritten(runs: String) {
        var sources: [String] = []
        if sections.contains(.starts) { sources.append("SELECT * FROM started") }
        if sections.contains(.advances) { sources.append("SELECT * FROM advanced") }
        if sources.isEmpty { sources.append("SELECT 0::int4 AS tenant, NULL::uuid AS run WHERE false") }
        parts.append("written AS MATERIALIZED (\(sources.joined(separator: " UNION ALL ")))")
        parts.append("completeness AS MATERIALIZED (SELECT count(*) = \(runs) AS complete FROM written)")
    }

    private func guarded(_ row: String) -> String {
        """
        ((SELECT complete FROM completeness)
            OR EXISTS (SELECT FROM written w WHERE w.tenant = \(row).tenant AND w.run = \(row).run))
        """
    }

    private mutating func writeEndings() {
        parts.append(
            """
            indexed AS (
                INSERT INTO run_index (flow, ended_at, tenant, state, run)
                SELECT flow, ended_at, tenant, state, run FROM written WHERE ended_at IS NOT NULL)
            """)
    }

    private mutating func writeDeadlines() {
        let rows = unnest("d", [("tenant", .int4), ("run", .uuid), ("free", .bool), ("step", .int4)])
        parts.append(
            """
            undue AS (
                DELETE FROM timers x WHERE x.ctid = ANY (ARRAY(
                    SELECT f.found FROM \(rows) CROSS JOIN LATERAL (
                        SELECT x.ctid AS found FROM timers x
                        WHERE x.tenant = d.tenant AND x.run = d.run AND x.step = d.step OFFSET 0) f
                    WHERE d.free OR \(guarded("d")))))
            """)
    }

    // MARK: Steps

    /// - Returns: the check that every finished attempt was still leased, which raises when one was not.
    private mutating func writeFinishes() -> String {
        let first = types.count + 1
        let rows = unnest(
            "f",
            [("tenant", .int4), ("run", .uuid), ("step", .int4), ("attempt", .int4), ("session", .uuid)])
        parts.append(
            """
            finished AS (
                DELETE FROM attempts x WHERE x.ctid = ANY (ARRAY(
                    SELECT t.found FROM \(rows) CROSS JOIN LATERAL (
                        SELECT x.ctid AS found, x.attempt, x.session FROM attempts x
                        WHERE x.tenant = f.tenant AND x.run = f.run AND x.step = f.step OFFSET 0) t
                    WHERE t.attempt = f.attempt AND t.session = f.session AND \(guarded("f"))))
                RETURNING 1)
            """)
        return """
            CASE WHEN (SELECT count(*) FROM finished) <> CASE
                    WHEN (SELECT complete FROM completeness) THEN cardinality($\(first)::int4[])
                    ELSE (
                        SELECT count(*)
                        FROM (SELECT unnest($\(first)::int4[]) AS tenant, unnest($\(first + 1)::uuid[]) AS run) f
                        WHERE \(guarded("f"))) END
                THEN refuse_stale_fences() END
            """
    }

    private mutating func writeTransitions() {
        let rows = unnest(
            "t",
            [
                ("tenant", .int4), ("run", .uuid), ("revision", .int8), ("step", .int4), ("attempt", .int4),
                ("state", .int2), ("output_bytes", .int4), ("output", .text), ("failure", .text),
                ("retry_at", .timestamptz), ("session", .uuid), ("worker", .text), ("enqueued_at", .timestamptz),
                ("leased_at", .timestamptz), ("started_at", .timestamptz), ("at", .timestamptz),
            ])
        parts.append(
            """
            recorded AS (
                INSERT INTO steps (tenant, run, revision, step, attempt, state, output_bytes, output, failure, retry_at,
                    session, worker, enqueued_at, leased_at, started_at, at)
                SELECT * FROM \(rows) WHERE \(guarded("t")))
            """)
    }

    private mutating func writePayloads() {
        let rows = unnest(
            "p",
            [
                ("tenant", .int4), ("run", .uuid), ("kind", .int2), ("step", .int4), ("revision", .int8),
                ("content", .text),
            ])
        parts.append(
            """
            stored AS (
                INSERT INTO payloads (tenant, run, kind, step, revision, content)
                SELECT * FROM \(rows) WHERE \(guarded("p")))
            """)
    }

    // MARK: Tokens

    private mutating func writeReady() {
        var columns: [(name: String, type: ParameterType)] = [
            ("tenant", .int4), ("run", .uuid), ("queue", .int4), ("route", .int4), ("rank", .int8),
            ("step", .int4), ("attempt", .int4), ("losses", .int2),
        ]
        guard sections.contains(.leases) else {
            parts.append(
                """
                queued AS (
                    INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
                    SELECT * FROM \(unnest("r", columns)) WHERE \(guarded("r"))
                    RETURNING tenant, queue, route, rank)
                """)
            return
        }
        columns.append((name: "lease", type: .uuid))
        columns.append((name: "fragment", type: .text))
        columns.append((name: "n", type: .int4))
        let first = types.count + 1
        let rows = unnest("r", columns)
        parts.append(
            """
            asked AS MATERIALIZED (
                SELECT b.tenant, b.queue, b.route, coalesce(l.rank, 9223372036854775807) AS lowest
                FROM (
                    SELECT DISTINCT r.tenant, r.queue, r.route
                    FROM (
                        SELECT unnest($\(first)::int4[]) AS tenant, unnest($\(first + 2)::int4[]) AS queue,
                            unnest($\(first + 3)::int4[]) AS route, unnest($\(first + 8)::uuid[]) AS lease) r
                    WHERE r.lease IS NOT NULL) b
                CROSS JOIN LATERAL (
                    SELECT 1 FROM queues q WHERE q.id = b.queue AND NOT q.paused AND NOT q.guarded
                        AND \(ClaimStatement.unshut) OFFSET 0) q
                LEFT JOIN LATERAL (
                    SELECT x.rank FROM ready x
                    WHERE x.queue = b.queue AND x.route = b.route
                    ORDER BY x.queue, x.route, x.rank LIMIT 1) l ON true),
            placed AS MATERIALIZED (
                SELECT r.*, r.lease IS NOT NULL AND EXISTS (
                    SELECT FROM asked o
                    WHERE o.tenant = r.tenant AND o.queue = r.queue AND o.route = r.route AND r.rank <= o.lowest
                ) AS granted
                FROM \(rows) WHERE \(guarded("r"))),
            leased AS (
                INSERT INTO attempts
                    (tenant, run, queue, route, rank, step, attempt, losses, session, enqueued_at, leased_at)
                SELECT p.tenant, p.run, p.queue, p.route, p.rank, p.step, p.attempt + 1, p.losses, p.lease, now(), now()
                FROM placed p WHERE p.granted),
            queued AS (
                INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
                SELECT p.tenant, p.run, p.queue, p.route, p.rank, p.step, p.attempt, p.losses
                FROM placed p WHERE NOT p.granted
                RETURNING tenant, queue, route, rank)
            """)
    }

    private mutating func writeTimers() {
        let rows = unnest(
            "t",
            [
                ("tenant", .int4), ("run", .uuid), ("queue", .int4), ("route", .int4), ("rank", .int8),
                ("step", .int4), ("attempt", .int4), ("losses", .int2), ("delay", .int8), ("limit_id", .uuid),
                ("rate_id", .uuid),
            ])
        parts.append(
            """
            scheduled AS (
                INSERT INTO timers (tenant, run, queue, route, rank, step, attempt, losses, due, limit_id, rate_id)
                SELECT t.tenant, t.run, t.queue, t.route, t.rank, t.step, t.attempt, t.losses,
                    now() + t.delay * interval '1 microsecond', t.limit_id, t.rate_id
                FROM \(rows) WHERE \(guarded("t")))
            """)
    }

    /// Tokens for which a slot is free, and for whose limit nobody waits, become ready at once; the others join the line.
    /// Slots that this very statement gives back are not counted: `LimitStatement.admit` hands those out.
    private mutating func writeHeld() {
        let rows = unnest(
            "h",
            [
                ("tenant", .int4), ("run", .uuid), ("queue", .int4), ("route", .int4), ("rank", .int8),
                ("step", .int4), ("attempt", .int4), ("losses", .int2), ("limit_id", .uuid), ("breaker", .bool),
                ("n", .int4),
            ])
        parts.append(
            """
            wanted AS MATERIALIZED (
                SELECT h.*, row_number() OVER (PARTITION BY h.tenant, h.limit_id ORDER BY h.rank, h.step) AS place
                FROM \(rows) WHERE \(guarded("h"))),
            seated AS MATERIALIZED (
                SELECT w.*, coalesce(r.has_line AND r.free > 0, false) AS stalled,
                    w.step >= 0 AND coalesce(w.place <= max(CASE WHEN NOT r.has_line THEN r.free END)
                        OVER (PARTITION BY w.tenant, w.limit_id), false) AS granted
                FROM wanted w LEFT JOIN LATERAL (
                    SELECT l.slots - (
                            SELECT count(*) FROM limit_slots s WHERE s.limit_id = l.id AND s.tenant + 0 = l.tenant) AS free,
                        EXISTS (
                            SELECT FROM held x WHERE x.limit_id = l.id AND x.tenant + 0 = l.tenant) AS has_line
                    FROM limits l WHERE w.place = 1 AND l.tenant = w.tenant AND l.id = w.limit_id
                    OFFSET 0) r ON true),
            slotted AS (
                INSERT INTO limit_slots (tenant, run, step, limit_id)
                SELECT s.tenant, s.run, s.step, s.limit_id FROM seated s WHERE s.granted),
            passed AS (
                INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
                SELECT s.tenant, s.run, s.queue, s.route, s.rank, s.step, s.attempt, s.losses
                FROM seated s WHERE s.granted
                RETURNING tenant, queue, route, rank),
            stopped AS (
                INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, limit_id, reason)
                SELECT s.tenant, s.run, s.queue, s.route, s.rank, s.step, s.attempt, s.losses, s.limit_id,
                    CASE WHEN s.breaker THEN 'breaker' ELSE 'limit' END
                FROM seated s WHERE NOT s.granted)
            """)
    }

    private mutating func writeReleases() {
        let rows = unnest("l", [("tenant", .int4), ("run", .uuid), ("step", .int4)])
        parts.append(
            """
            vacated AS (
                DELETE FROM limit_slots x WHERE x.ctid = ANY (ARRAY(
                    SELECT f.found FROM \(rows) CROSS JOIN LATERAL (
                        SELECT x.ctid AS found FROM limit_slots x
                        WHERE x.tenant = l.tenant AND x.run = l.run AND x.step = l.step OFFSET 0) f
                    WHERE \(guarded("l")))))
            """)
    }

    private mutating func writeAdmitted() {
        let rows = unnest("a", [("tenant", .int4), ("run", .uuid)])
        parts.append(
            """
            let_in AS (
                DELETE FROM held x WHERE x.ctid = ANY (ARRAY(
                    SELECT f.found FROM \(rows) CROSS JOIN LATERAL (
                        SELECT x.ctid AS found FROM held x
                        WHERE x.tenant = a.tenant AND x.run = a.run AND x.step = -1 OFFSET 0) f
                    WHERE \(guarded("a")))))
            """)
    }

    private mutating func writeInbox() {
        let rows = unnest("i", [("tenant", .int4), ("run", .uuid), ("id", .uuid), ("free", .bool)])
        parts.append(
            """
            applied AS (
                DELETE FROM inbox x WHERE x.ctid = ANY (ARRAY(
                    SELECT f.found FROM \(rows) CROSS JOIN LATERAL (
                        SELECT x.ctid AS found FROM inbox x
                        WHERE x.tenant = i.tenant AND x.run = i.run AND x.id = i.id OFFSET 0) f
                    WHERE i.free OR \(guarded("i")))))
            """)
    }

    // MARK: Events

    private mutating func writeEvents(batch: String, stops: String) {
        let rows = unnest("e", [("tenant", .int4), ("run", .uuid), ("event", .text)])
        var fragments = "SELECT e.tenant, e.event FROM \(rows) WHERE \(guarded("e"))"
        if sections.contains(.leases) {
            fragments += " UNION ALL SELECT p.tenant, p.fragment FROM placed p WHERE p.granted"
        }
        if sections.contains(.held) {
            fragments += """
                 UNION ALL SELECT s.tenant, '{"r":"' || s.run || '","t":[[' || s.step || ',"ready",' || s.attempt || ']]}'
                FROM seated s WHERE s.granted
                """
        }
        var wakes = readyWakes()
        if sections.contains(.freed) {
            let freed = unnest("f", [("tenant", .int4), ("queue", .int4)])
            // A wake of the route 0 is one of any route.
            wakes += """
                 || coalesce((
                    SELECT array_agg(v.x ORDER BY f.queue, v.n) FROM \(freed)
                    CROSS JOIN LATERAL (VALUES (1, f.queue::int8), (2, 0::int8), (3, 0::int8)) v(n, x)
                    WHERE f.tenant = g.tenant), '{}')
                """
        }
        parts.append(
            """
            told AS (
                INSERT INTO events (tenant, batch, stops, wakes, payload)
                SELECT g.tenant, \(batch), \(stops), \(wakes), g.payload
                FROM (
                    SELECT f.tenant, '[' || string_agg(f.event, ',') || ']' AS payload
                    FROM (\(fragments)) f GROUP BY f.tenant) g)
            """)
    }

    /// What became ready by this statement.
    private mutating func readyWakes() -> String {
        switch (sections.contains(.ready), sections.contains(.held)) {
        case (false, false): return "'{}'::int8[]"
        case (true, false): return Self.wakes(of: "queued", tenant: "g.tenant")
        case (false, true): return Self.wakes(of: "passed", tenant: "g.tenant")
        case (true, true):
            parts.append("woken AS MATERIALIZED (SELECT * FROM queued UNION ALL SELECT * FROM passed)")
            return Self.wakes(of: "woken", tenant: "g.tenant")
        }
    }

    /// The expression for a tenant's wakes: flat triples of queue, route and lowest rank of the rows of a relation.
    static func wakes(of relation: String, tenant: String) -> String {
        """
        coalesce((
            SELECT array_agg(v.x ORDER BY b.queue, b.route, v.n)
            FROM (
                SELECT q.queue, q.route, min(q.rank) AS rank FROM \(relation) q
                WHERE q.tenant = \(tenant) GROUP BY q.queue, q.route) b
            CROSS JOIN LATERAL (VALUES (1, b.queue::int8), (2, b.route::int8), (3, b.rank)) v(n, x)), '{}')
        """
    }

    // MARK: Parameters

    private enum ParameterType: String {
        case int2, int4, int8, bool, text, bytea, uuid, timestamptz

        var element: PostgresType {
            switch self {
            case .int2: .int2
            case .int4: .int4
            case .int8: .int8
            case .bool: .bool
            case .text: .text
            case .bytea: .bytea
            case .uuid: .uuid
            case .timestamptz: .timestamptz
            }
        }

        var array: PostgresType {
            switch self {
            case .int2: .int2Array
            case .int4: .int4Array
            case .int8: .int8Array
            case .bool: .boolArray
            case .text: .textArray
            case .bytea: .byteaArray
            case .uuid: .uuidArray
            case .timestamptz: .timestamptzArray
            }
        }
    }

    private mutating func parameter(_ type: ParameterType) -> String {
        types.append(type.element)
        return "$\(types.count)::\(type.rawValue)"
    }

    /// A relation of arrays side by side.
    private mutating func unnest(_ alias: String, _ columns: [(name: String, type: ParameterType)]) -> String {
        var list: [String] = []
        for column in columns {
            types.append(column.type.array)
            list.append("unnest($\(types.count)::\(column.type.rawValue)[]) AS \(column.name)")
        }
        return "(SELECT \(list.joined(separator: ", "))) AS \(alias)"
    }
}
