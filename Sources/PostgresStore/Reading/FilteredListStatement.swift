internal import Engine
internal import Postgres

/// Lists of runs that pass a filter. All that users write comes as parameters; the text is the same for every filter.
///
/// A statement looks at a bounded number of runs: it answers those that pass, newest first, and the last one it has
/// looked at, from where the next goes on.
///
/// $1 tenant, $2 before, $3 from, $4 runs to look at, $5 rows to answer, $6 ended states, $7 other states; then the terms:
/// $8 subjects, $9 names, $10 negations; then their options: $11 term, $12 text, $13 pattern, $14 least, $15 below.
enum FilteredListStatement {
    private static let types: [PostgresType] = [
        .int4, .uuid, .uuid, .int8, .int8, .int2Array, .int2Array, .int2Array, .textArray, .boolArray, .int8Array,
        .textArray, .textArray, .int8Array, .int8Array,
    ]

    /// Behind the columns of the summary: whether the run passes, and whether it is the last of the runs to look at.
    static let passes = 12
    static let isLast = 13

    /// Among all runs, down the primary key.
    static let every = PostgresStatement(
        """
        WITH \(flows),
        chosen AS (
            SELECT \(columns) FROM runs r WHERE r.tenant = $1 AND r.run < $2 AND r.run >= $3
                AND $6::int2[] IS NOT NULL AND $7::int2[] IS NOT NULL
            ORDER BY r.run DESC LIMIT $4),
        \(answer)
        """, types)

    /// Among runs of some states: the ended ones by their index, the others by their tokens, one probe a run.
    static let byState = PostgresStatement(
        """
        WITH RECURSIVE \(flows),
        live AS (
            SELECT \(ListStatement.newestLive(below: "$2::uuid")) AS run WHERE cardinality($7::int2[]) > 0
            UNION ALL
            SELECT \(ListStatement.newestLive(below: "l.run")) FROM live l WHERE l.run >= $3),
        active AS (
            SELECT l.run FROM live l CROSS JOIN LATERAL (
                SELECT r.state FROM runs r WHERE r.tenant = $1 AND r.run = l.run OFFSET 0) r
            WHERE l.run >= $3 AND r.state = ANY ($7) LIMIT $4),
        ended AS (
            SELECT i.run FROM unnest($6::int2[]) AS s(state)
            CROSS JOIN LATERAL (
                SELECT i.run FROM run_index i
                WHERE i.tenant = $1 AND i.state = s.state AND i.run < $2 AND i.run >= $3
                ORDER BY i.run DESC LIMIT $4) i),
        chosen AS (
            SELECT r.* FROM (
                SELECT a.run FROM active a UNION ALL SELECT e.run FROM ended e ORDER BY 1 DESC LIMIT $4) c
            CROSS JOIN LATERAL (
                SELECT \(columns) FROM runs r WHERE r.tenant = $1 AND r.run = c.run OFFSET 0) r),
        \(answer)
        """, types)

    private static let columns = """
        r.tenant, r.run, r.flow, r.state, r.created_at, r.ended_at, r.failure, r.labels
        """

    /// The versions whose own terms are met: asked once each, not once a run. Definitions are taken apart only where a
    /// term asks for a label.
    private static let flows = """
        flows AS MATERIALIZED (
            SELECT v.flow, w.name, v.version,
                CASE WHEN \(RunFilterTerms.Subject.label.rawValue) = ANY ($8) THEN v.canonical::json -> 'labels' END AS labels
            FROM workflow_versions v JOIN workflows w ON w.id = v.workflow
            WHERE w.tenant = $1 AND \(pass(texts: [(.workflow, "w.name")], amounts: [(.version, "v.version::int8")])))
        """

    private static let answer = """
        numbered AS MATERIALIZED (SELECT c.*, row_number() OVER (ORDER BY c.run DESC) AS place FROM chosen c)
        SELECT \(summary), p.passes, r.place = $4
        FROM numbered r LEFT JOIN flows f ON f.flow = r.flow
        CROSS JOIN LATERAL (SELECT f.flow IS NOT NULL AND \(run) AS passes OFFSET 0) p
        WHERE p.passes OR r.place = $4
        ORDER BY r.run DESC LIMIT $5
        """

    private static let summary = ListStatement.summary
        .replacing("w.name", with: "f.name").replacing("v.version", with: "f.version")

    private static let run = pass(
        texts: [
            (.label, "coalesce(r.labels::json ->> t.name, f.labels ->> t.name)"),
            (.error, "r.failure::json ->> 'code'"),
            (
                .search,
                """
                lower(concat_ws(chr(10), f.name, r.failure::json ->> 'code', r.failure::json ->> 'message',
                    r.failure::json ->> 'step'))
                """
            ),
            (.unknown, "NULL"),
        ],
        amounts: [
            (.created, microseconds(of: "r.created_at")), (.ended, microseconds(of: "r.ended_at")),
            (.duration, microseconds(of: "coalesce(r.ended_at, now()) - r.created_at")),
        ])

    private static func microseconds(of expression: String) -> String {
        "(extract(epoch FROM \(expression)) * 1000000)::int8"
    }

    private static func pass(
        texts: [(RunFilterTerms.Subject, String)], amounts: [(RunFilterTerms.Subject, String)]
    ) -> String {
        FilterTerms.pass(
            texts: texts.map { ($0.rawValue, $1) }, amounts: amounts.map { ($0.rawValue, $1) }, parameter: 8)
    }
}
