public import Engine
internal import Postgres
internal import Workflows

extension PostgresStore: TaskLog {
    private static let append = PostgresStatement(
        """
        INSERT INTO logs (tenant, run, step, attempt, sequence, stream, at, content)
        SELECT * FROM unnest($1::int4[], $2::uuid[], $3::int4[], $4::int4[], $5::int8[], $6::int2[],
            $7::timestamptz[], $8::text[])
        ON CONFLICT DO NOTHING
        """,
        [.int4Array, .uuidArray, .int4Array, .int4Array, .int8Array, .int2Array, .timestamptzArray, .textArray])

    public func append(_ lines: [LogLine]) async throws(StoreError) {
        guard !lines.isEmpty else { return }
        let tenants = lines.map(\.key.tenant.value)
        let runs = lines.map(\.key.run.uuid)
        let streams = lines.map(\.stream.rawValue)
        let times = lines.map(\.at.postgres)
        // PostgreSQL's text holds no NUL, and programs print what they like.
        let texts = lines.map { line in
            line.text.utf8.contains(0) ? line.text.replacing("\0", with: "\u{FFFD}") : line.text
        }
        try await duty { (connection) throws(PostgresError) in
            _ = try await connection.execute(
                Self.append, tenants, runs, lines.map(\.step), lines.map(\.attempt), lines.map(\.sequence), streams,
                times, texts)
        }
    }
}
