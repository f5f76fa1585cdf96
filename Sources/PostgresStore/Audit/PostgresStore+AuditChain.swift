internal import Access
public import Audit
internal import Engine
internal import Postgres

extension PostgresStore: AuditChain {
    public func seal(
        limit: Int, eventsAfter: Duration,
        make: @Sendable ([AuditRecord], EventsDigest, AuditSeal?, Int64) -> AuditSeal
    ) async throws -> Sealing {
        try await transaction { transaction in
            guard try await transaction.execute(AuditStatement.lock).decode(row: 0, column: 0, as: Bool.self) else {
                return .busy
            }
            // In this order: what is below the horizon is in every later snapshot.
            let bounds = try await transaction.execute(AuditStatement.bounds)[0]
            let horizon = try bounds.decode(0, as: PostgresXID8.self)
            let epoch = try bounds.decode(1, as: Int32.self)
            let now = try bounds.decode(2, as: PostgresTimestamp.self).microseconds
            let last = try await transaction.execute(AuditStatement.last).first.map { try AuditSeal($0) }
            let after = (last?.through).bound
            let rows = try await transaction.execute(
                AuditStatement.open, after.epoch, PostgresXID8(rawValue: after.transaction), after.id, epoch, horizon,
                Int64(limit))
            var records: [AuditRecord] = []
            for row in rows {
                let record = try AuditRecord(row)
                // A month leaves as a whole, so no seal has records of two.
                if let first = records.first, first.month != record.month { break }
                records.append(record)
            }
            let isFull = records.count == limit || records.count < rows.count
            guard let last else {
                guard !records.isEmpty else { return .idle(last: nil) }
                // What happened before the chain began is not in it.
                let none = EventsDigest(from: horizon.rawValue, to: horizon.rawValue, count: 0, digest: [])
                return try await Self.put(make(records, none, nil, now), isFull, transaction)
            }
            let isDue = now - last.sealedAt >= eventsAfter.components.seconds * 1_000_000
            guard !records.isEmpty || isDue else { return .idle(last: last) }
            // Another database's transactions have other numbers.
            let from = last.through.epoch == epoch ? min(last.events.to, horizon.rawValue) : horizon.rawValue
            let events = try await Self.events(from: from, to: horizon.rawValue, transaction)
            guard !records.isEmpty || events.count > 0 else { return .idle(last: last) }
            return try await Self.put(make(records, events, last, now), isFull, transaction)
        }
    }

    public func seals(after number: Int64, limit: Int) async throws -> [AuditSeal] {
        try await duty { (connection) throws(PostgresError) in
            var seals: [AuditSeal] = []
            for row in try await connection.execute(AuditStatement.seals, number, Int64(limit)) {
                seals.append(try AuditSeal(row))
            }
            return seals
        }
    }

    public func records(after: AuditPosition?, through: AuditPosition) async throws -> [AuditRecord] {
        let after = after.bound
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.execute(
                AuditStatement.between, after.epoch, PostgresXID8(rawValue: after.transaction), after.id,
                through.epoch, PostgresXID8(rawValue: through.transaction), through.id)
            var records: [AuditRecord] = []
            for row in rows { records.append(try AuditRecord(row)) }
            return records
        }
    }

    public func events(from: UInt64, to: UInt64, epoch: Int32) async throws -> EventsDigest? {
        try await transaction { transaction in
            let kept = try await transaction.query(
                "SELECT epoch = \(epoch) AND events_from < \(PostgresXID8(rawValue: from)) FROM cluster")
            guard let row = kept.first, try row.decode(0, as: Bool.self) else { return nil }
            return try await Self.events(from: from, to: to, transaction)
        }
    }

    public func horizons() async throws -> [AuditHorizon] {
        try await duty { (connection) throws(PostgresError) in
            var horizons: [AuditHorizon] = []
            for row in try await connection.query("SELECT made_at, before, key_id, code FROM audit_horizons") {
                horizons.append(
                    AuditHorizon(
                        madeAt: try row.decode(0, as: PostgresTimestamp.self).microseconds,
                        before: try row.decode(1), keyID: try row.decode(2), code: try row.decode(3)))
            }
            return horizons
        }
    }

    public func unsealed(after: AuditPosition?) async throws -> Int64 {
        let after = after.bound
        return try await duty { (connection) throws(PostgresError) in
            try await connection.query(
                """
                SELECT count(*) FROM audit WHERE (epoch, xid, id)
                    > (\(after.epoch), \(PostgresXID8(rawValue: after.transaction)), \(after.id))
                """
            ).decode(row: 0, column: 0, as: Int64.self)
        }
    }

    public func maintainAudit(
        keepingMonths months: Int?, horizon: @Sendable (Int32, Int64) -> AuditHorizon
    ) async throws {
        try await transaction { transaction in
            try await transaction.query("SELECT make_audit_partitions(3)")
            guard let months else { return }
            let row = try await transaction.query(
                """
                SELECT to_char(now() AT TIME ZONE 'UTC' - \(Int32(months)) * interval '1 month', 'YYYYMM')::int4,
                    clock_timestamp()
                """)[0]
            let before = try row.decode(0, as: Int32.self)
            let dropped = try await transaction.query("SELECT audit_expire(\(before))")
                .decode(row: 0, column: 0, as: Int32.self)
            guard dropped > 0 else { return }
            let mark = horizon(before, try row.decode(1, as: PostgresTimestamp.self).microseconds)
            try await transaction.query(
                """
                INSERT INTO audit_horizons (made_at, before, key_id, code)
                VALUES (\(PostgresTimestamp(microseconds: mark.madeAt)), \(mark.before), \(mark.keyID), \(mark.code))
                ON CONFLICT DO NOTHING
                """)
        }
    }

    private static func events(
        from: UInt64, to: UInt64, _ transaction: PostgresTransaction
    ) async throws -> EventsDigest {
        let row = try await transaction.execute(
            AuditStatement.events, PostgresXID8(rawValue: from), PostgresXID8(rawValue: to))[0]
        return EventsDigest(from: from, to: to, count: try row.decode(0), digest: try row.decode(1))
    }

    private static func put(
        _ seal: AuditSeal, _ isFull: Bool, _ transaction: PostgresTransaction
    ) async throws -> Sealing {
        try await transaction.execute(
            AuditStatement.insert, seal.number, PostgresTimestamp(microseconds: seal.sealedAt), seal.through.epoch,
            PostgresXID8(rawValue: seal.through.transaction), seal.through.id, seal.month, seal.total,
            seal.leaves.flatMap(\.bytes), PostgresXID8(rawValue: seal.events.from),
            PostgresXID8(rawValue: seal.events.to), seal.events.count, seal.events.digest, seal.keyID, seal.code)
        return .sealed(seal, isFull: isFull)
    }

    /// A transaction on a duty's connection that is nobody's change.
    private func transaction<Answer>(
        _ body: (PostgresTransaction) async throws -> Answer
    ) async throws(StoreError) -> Answer {
        try await duty { (connection) throws(PostgresError) in
            try await connection.transaction { transaction in try await body(transaction) }
        }
    }
}
