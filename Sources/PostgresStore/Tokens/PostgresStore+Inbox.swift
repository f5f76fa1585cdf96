public import Engine
internal import Postgres
internal import Workflows

/// Commands to runs, by a number for the kind and a text for the rest.
extension PostgresStore {
    private static let post = PostgresStatement(
        """
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT * FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int2[], $5::text[])
        ON CONFLICT DO NOTHING
        """,
        [.int4Array, .uuidArray, .uuidArray, .int2Array, .textArray])

    private static let read = PostgresStatement(
        """
        SELECT tenant, run, id, kind, body FROM inbox WHERE posted_at <= now() - $2 * interval '1 microsecond'
        ORDER BY posted_at LIMIT $1
        """,
        [.int8, .int8])

    public func postInbox(_ messages: [InboxMessage]) async throws(StoreError) {
        guard !messages.isEmpty else { return }
        let sorted = messages.sorted { RunKey.precedes($0.id.key, $1.id.key) }
        let tenants = sorted.map(\.id.key.tenant.value)
        let runs = sorted.map(\.id.key.run.uuid)
        let ids = sorted.map(\.id.id.uuid)
        var kinds: [Int16] = []
        var bodies: [String] = []
        for message in sorted {
            switch message.command {
            case .cancel(let reason):
                kinds.append(InboxKind.cancel.rawValue)
                bodies.append(reason)
            case .admit:
                kinds.append(InboxKind.admit.rawValue)
                bodies.append("")
            }
        }
        try await lane { (connection) throws(PostgresError) in
            _ = try await connection.execute(Self.post, tenants, runs, ids, kinds, bodies)
        }
    }

    public func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage] {
        try await lane { (connection) throws(PostgresError) in
            let rows = try await connection.execute(Self.read, Int64(limit), age.microseconds)
            var messages: [InboxMessage] = []
            for row in rows {
                let number = try row.decode(3, as: Int16.self)
                guard let kind = InboxKind(rawValue: number) else {
                    throw PostgresError(.decoding, reason: "an inbox message is of the unknown kind \(number)")
                }
                let command: InboxMessage.Command =
                    switch kind {
                    case .cancel: .cancel(reason: try row.decode(4))
                    case .admit: .admit
                    }
                messages.append(
                    InboxMessage(
                        id: InboxID(
                            key: RunKey(try row.decode(0), try row.decode(1)),
                            id: RunID.Bytes(try row.decode(2, as: PostgresUUID.self))),
                        command: command))
            }
            return messages
        }
    }
}
