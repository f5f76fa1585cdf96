public import Audit
internal import Engine
internal import Postgres

extension PostgresStore: AuditLog {
    public func record(_ entries: [AuditEntry]) async throws {
        guard !entries.isEmpty else { return }
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            AuditColumns(entries).add(to: &pipeline)
            pipeline.add("SELECT pg_notify('beamline_audit', '')")
            _ = try await connection.execute(pipeline)
        }
        for entry in entries { entry.context.noteRecorded() }
    }

    public func records(_ query: AuditQuery, tenant: Int32) async throws -> [AuditRecord] {
        // A noun with all that is done to it; `%` and `_` of a name are letters like others.
        let noun = query.action.flatMap { $0.hasSuffix(".*") ? String($0.dropLast()) : nil }
        let action = noun == nil ? query.action : nil
        return try await reader(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT \(unescaped: AuditStatement.columns) FROM audit
                WHERE tenant = \(tenant) AND id < \(query.before ?? .max)
                    AND at >= \(PostgresTimestamp(microseconds: query.since ?? .min))
                    AND at < \(PostgresTimestamp(microseconds: query.until ?? .max))
                    AND actor = coalesce(\(query.actor), actor)
                    AND action = coalesce(\(action), action) AND starts_with(action, coalesce(\(noun), ''))
                    AND (\(query.name)::text IS NULL OR name = \(query.name))
                    AND (\(query.operation)::text IS NULL OR operation = \(query.operation))
                    AND outcome = coalesce(\(query.outcome?.rawValue), outcome)
                    AND (\(query.requestID)::text IS NULL OR request_id = \(query.requestID))
                ORDER BY id DESC LIMIT \(Int64(query.limit))
                """)
            var records: [AuditRecord] = []
            for row in rows { records.append(try AuditRecord(row)) }
            return records
        }
    }
}

/// Records as the arrays that `AuditStatement.add` unnests.
struct AuditColumns {
    private let entries: [AuditEntry]

    init(_ entries: [AuditEntry]) { self.entries = entries }

    func add(to pipeline: inout PostgresPipeline) {
        pipeline.add(
            AuditStatement.add, entries.map { Int32?.some($0.tenant) }, entries.map(\.context.json),
            entries.map(\.action), entries.map(\.name), entries.map(\.outcome.rawValue), entries.map(\.before),
            entries.map(\.after), entries.map(\.times))
    }
}
