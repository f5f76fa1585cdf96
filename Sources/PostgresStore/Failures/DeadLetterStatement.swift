internal import Engine
internal import Filters
internal import Postgres
internal import Workflows

enum DeadLetterStatement {
    // MARK: Written by commits

    static let insert = PostgresStatement(
        """
        INSERT INTO dead_letters (tenant, run, revision, step, attempt, generation, flow, is_child, name, failure, input,
            worker, enqueued_at, leased_at, started_at)
        SELECT * FROM unnest($1::int4[], $2::uuid[], $3::int8[], $4::int4[], $5::int4[], $6::int4[], $7::int8[],
            $8::bool[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[],
            $15::timestamptz[])
        """,
        [
            .int4Array, .uuidArray, .int8Array, .int4Array, .int4Array, .int4Array, .int8Array, .boolArray, .textArray,
            .textArray, .textArray, .textArray, .timestamptzArray, .timestamptzArray, .timestamptzArray,
        ])

    /// Runs that are as their reopening expects them leave the index of ended runs. Which stand there as what is told by
    /// the run alone, so that a lost race deletes nothing.
    static let leaveIndex = PostgresStatement(
        """
        DELETE FROM run_index i USING (
            SELECT r.tenant, r.run, r.state FROM unnest($1::int4[], $2::uuid[], $3::int8[]) AS q(tenant, run, revision)
            CROSS JOIN LATERAL (
                SELECT r.tenant, r.run, r.state, r.revision FROM runs r
                WHERE r.tenant = q.tenant AND r.run = q.run OFFSET 0) r
            WHERE r.revision = q.revision) e
        WHERE i.tenant = e.tenant AND i.state = e.state AND i.run = e.run
        """,
        [.int4Array, .uuidArray, .int8Array])

    static let redrive = PostgresStatement(
        """
        UPDATE dead_letters d SET redriven_at = now(), redriven_by = q.by
        FROM unnest($1::int4[], $2::uuid[], $3::int8[], $4::text[]) AS q(tenant, run, revision, by)
        WHERE d.tenant = q.tenant AND d.run = q.run AND d.revision <= q.revision AND d.redriven_at IS NULL
        """,
        [.int4Array, .uuidArray, .int8Array, .textArray])

    // MARK: Read by people and jobs

    /// What a term of a filter is about.
    enum Subject: Int16 {
        case state = 1, workflow, version, run, step, error, kind, worker, failed, attempt, replays, search

        init?(property: String) {
            guard let property = DeadLetter.Property(rawValue: property) else { return nil }
            switch property {
            case .state: self = .state
            case .workflow: self = .workflow
            case .version: self = .version
            case .run: self = .run
            case .step: self = .step
            case .error: self = .error
            case .kind: self = .kind
            case .worker: self = .worker
            case .failed: self = .failed
            case .attempt: self = .attempt
            case .replays: self = .replays
            }
        }
    }

    static let columns = """
        d.tenant, d.run, d.revision, d.step, d.name, d.attempt, d.generation, d.flow, d.input, d.worker, d.enqueued_at,
        d.leased_at, d.started_at, d.is_child, w.name, v.version, d.at, d.redriven_at, d.redriven_by,
        \(StepFailure.columns(of: "d.failure"))
        """

    /// Behind the columns: whether the letter passes.
    static let passes = 24

    static let names = """
        LEFT JOIN workflow_versions v ON v.flow = d.flow LEFT JOIN workflows w ON w.id = v.workflow
        """

    private static let passing = FilterTerms.pass(
        texts: [
            (Subject.state.rawValue, "CASE WHEN d.redriven_at IS NULL THEN 'open' ELSE 'redriven' END"),
            (Subject.workflow.rawValue, "w.name"), (Subject.run.rawValue, "d.run::text"),
            (Subject.step.rawValue, "d.name"), (Subject.error.rawValue, "d.failure::json ->> 'code'"),
            (Subject.kind.rawValue, "d.failure::json ->> 'kind'"), (Subject.worker.rawValue, "d.worker"),
            (
                Subject.search.rawValue,
                """
                lower(concat_ws(chr(10), w.name, d.name, d.failure::json ->> 'code', d.failure::json ->> 'message'))
                """
            ),
        ],
        amounts: [
            (Subject.version.rawValue, "v.version::int8"),
            (Subject.failed.rawValue, "(extract(epoch FROM d.at) * 1000000)::int8"),
            (Subject.attempt.rawValue, "d.attempt::int8"), (Subject.replays.rawValue, "d.generation::int8"),
        ], parameter: 7)

    /// Newest first: of the letters looked at, those that pass, and the last one, from where the next look goes on.
    ///
    /// $1 tenant, $2 to $4 the time, run and revision before which it begins, $5 letters to look at, $6 rows to answer; then
    /// the terms of the filter (`FilterTerms.pass`).
    static let list = PostgresStatement(
        """
        WITH looked AS MATERIALIZED (
            SELECT d.* FROM dead_letters d
            WHERE d.tenant = $1 AND (d.at, d.run, d.revision) < ($2, $3, $4)
            ORDER BY d.at DESC, d.run DESC, d.revision DESC LIMIT $5),
        numbered AS MATERIALIZED (
            SELECT d.*, row_number() OVER (ORDER BY d.at DESC, d.run DESC, d.revision DESC) AS place FROM looked d)
        SELECT \(columns), p.passes, d.place = $5
        FROM numbered d \(names)
        CROSS JOIN LATERAL (SELECT \(passing) AS passes OFFSET 0) p
        WHERE p.passes OR d.place = $5
        ORDER BY d.at DESC, d.run DESC, d.revision DESC LIMIT $6
        """,
        [
            .int4, .timestamptz, .uuid, .int8, .int8, .int8, .int2Array, .textArray, .boolArray, .int8Array, .textArray,
            .textArray, .int8Array, .int8Array,
        ])

    static let one = PostgresStatement(
        """
        SELECT \(columns) FROM dead_letters d \(names) WHERE d.tenant = $1 AND d.run = $2 AND d.revision = $3
        """,
        [.int4, .uuid, .int8])
}

extension DeadLetter {
    init(_ row: PostgresRow) throws(PostgresError) {
        let timing = AttemptTiming(
            worker: try row.decode(9), enqueuedAt: try row.decode(10, as: PostgresTimestamp?.self).map(Timestamp.init),
            leasedAt: try row.decode(11, as: PostgresTimestamp?.self).map(Timestamp.init),
            startedAt: try row.decode(12, as: PostgresTimestamp?.self).map(Timestamp.init))
        self.init(
            row: DeadLetterRow(
                key: RunKey(try row.decode(0), try row.decode(1)), revision: try row.decode(2),
                step: try row.decode(3), name: try row.decode(4), attempt: try row.decode(5),
                generation: try row.decode(6), flow: FlowVersionID(try row.decode(7)),
                failure: try StepFailure.read(row, from: 19)
                    ?? StepFailure(kind: .error, message: "", retryable: false),
                input: try row.decode(8), timing: timing, isChild: try row.decode(13)),
            workflow: try row.decode(14, as: String?.self) ?? "", version: try row.decode(15, as: Int32?.self) ?? 0,
            at: Timestamp(try row.decode(16, as: PostgresTimestamp.self)),
            redrivenAt: try row.decode(17, as: PostgresTimestamp?.self).map(Timestamp.init),
            redrivenBy: try row.decode(18))
    }
}

extension FilterTerms {
    /// A filter of dead letters.
    init(deadLetters filter: [FilterPredicate]) {
        self.init()
        for predicate in filter {
            switch predicate.subject {
            case .search: append(predicate, as: DeadLetterStatement.Subject.search.rawValue)
            case .property(let property, let name):
                guard let subject = DeadLetterStatement.Subject(property: property) else { continue }
                var predicate = predicate
                if subject == .run {
                    // The database knows runs as UUIDs.
                    predicate.texts = predicate.texts.map { RunID.Bytes($0)?.uuidText ?? $0 }
                }
                append(predicate, as: subject.rawValue, name: name)
            }
        }
    }
}
