internal import Access
internal import Audit
internal import Postgres

extension AuditRecord {
    /// Reads `AuditStatement.columns`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            position: AuditPosition(
                epoch: try row.decode(0), transaction: try row.decode(1, as: PostgresXID8.self).rawValue,
                id: try row.decode(2)),
            at: try row.decode(3, as: PostgresTimestamp.self).microseconds, month: try row.decode(4),
            tenant: try row.decode(5), times: try row.decode(6), actorKind: try row.decode(7),
            actor: try row.decode(8), actorTenant: try row.decode(9), address: try row.decode(10),
            agent: try row.decode(11), operation: try row.decode(12), action: try row.decode(13),
            name: try row.decode(14), outcome: try row.decode(15), before: try row.decode(16),
            after: try row.decode(17), requestID: try row.decode(18), traceID: try row.decode(19))
    }
}

extension AuditSeal {
    /// Reads the columns of `AuditStatement.seals`.
    init(_ row: PostgresRow) throws(PostgresError) {
        let leaves = try row.decode(7, as: [UInt8].self)
        self.init(
            number: try row.decode(0), sealedAt: try row.decode(1, as: PostgresTimestamp.self).microseconds,
            through: AuditPosition(
                epoch: try row.decode(2), transaction: try row.decode(3, as: PostgresXID8.self).rawValue,
                id: try row.decode(4)),
            month: try row.decode(5), total: try row.decode(6),
            // Bytes that are no whole digests are no digests: the seal's code says so.
            leaves: stride(from: 0, to: leaves.count, by: 32).compactMap {
                Digest(bytes: leaves[$0..<min($0 + 32, leaves.count)])
            },
            events: EventsDigest(
                from: try row.decode(8, as: PostgresXID8.self).rawValue,
                to: try row.decode(9, as: PostgresXID8.self).rawValue, count: try row.decode(10),
                digest: try row.decode(11)),
            keyID: try row.decode(12), code: try row.decode(13))
    }
}

extension AuditPosition? {
    /// The position as statements compare it; before everything when there is none.
    var bound: AuditPosition { self ?? AuditPosition(epoch: -1, transaction: 0, id: 0) }
}
