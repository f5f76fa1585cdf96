public import Engine
internal import Postgres
internal import Workflows

/// Commands to runs, by a number for the kind and a text for the rest.
extension PostgresStore {
    private static let read = PostgresStatement(
        """
        SELECT tenant, run, id, kind, body FROM inbox WHERE posted_at <= now() - $2 * interval '1 microsecond'
        ORDER BY posted_at LIMIT $1
        """,
        [.int8, .int8])

    public func postInbox(_ messages: [InboxMessage]) async throws(StoreError) {
        guard !messages.isEmpty else { return }
        let inbox = InboxColumns(messages)
        try await lane { (connection) throws(PostgresError) in
            _ = try await connection.execute(
                InboxColumns.post, inbox.tenants, inbox.runs, inbox.ids, inbox.kinds, inbox.bodies)
        }
    }

    public func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage] {
        try await lane { (connection) throws(PostgresError) in
            let rows = try await connection.execute(Self.read, Int64(limit), age.microseconds)
            var messages: [InboxMessage] = []
            for row in rows {
                let number = try row.decode(3, as: Int16.self)
                guard let kind = InboxKind(rawValue: number),
                    let command = InboxMessage.Command(kind: kind, body: try row.decode(4, as: [UInt8].self))
                else {
                    throw PostgresError(.decoding, reason: "an inbox message of the kind \(number) cannot be read")
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

/// The arrays of messages.
struct InboxColumns {
    let tenants: [Int32]
    let runs: [PostgresUUID]
    let ids: [PostgresUUID]
    let kinds: [Int16]
    let bodies: [RawText]

    static let post = PostgresStatement(
        """
        INSERT INTO inbox (tenant, run, id, kind, body)
        SELECT * FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::int2[], $5::text[])
        ON CONFLICT DO NOTHING
        """,
        [.int4Array, .uuidArray, .uuidArray, .int2Array, .textArray])

    init(_ messages: [InboxMessage]) {
        let messages = messages.sorted { RunKey.precedes($0.id.key, $1.id.key) }
        tenants = messages.map(\.id.key.tenant.value)
        runs = messages.map(\.id.key.run.uuid)
        ids = messages.map(\.id.id.uuid)
        kinds = messages.map(\.command.kind.rawValue)
        bodies = messages.map { RawText($0.command.body) }
    }
}
