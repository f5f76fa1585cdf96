public import Engine
internal import Postgres
public import Workflows

extension PostgresStore: QueueRegistry {
    public func queues(tenant: TenantID) async throws(StoreError) -> [QueueRecord] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            try Self.queues(
                try await scope.query(
                    """
                    SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version
                    FROM queues q WHERE tenant = \(tenant.value)
                        AND (deleted_at IS NULL OR EXISTS (SELECT FROM ready r WHERE r.queue = q.id))
                    ORDER BY name
                    """))
        }
    }

    public func queues(_ ids: [QueueID]) async throws(StoreError) -> [QueueRecord] {
        guard !ids.isEmpty else { return [] }
        return try await duty { (connection) throws(PostgresError) in
            try Self.queues(
                try await connection.query(
                    """
                    SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version
                    FROM queues WHERE id = ANY (\(ids.map(\.value))) ORDER BY id
                    """))
        }
    }

    public func tenantWeights(_ tenants: [TenantID]) async throws(StoreError) -> [TenantID: Int32] {
        guard !tenants.isEmpty else { return [:] }
        return try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.query(
                "SELECT id, weight FROM tenants WHERE id = ANY (\(tenants.map(\.value)))")
            var weights: [TenantID: Int32] = [:]
            for row in rows { weights[TenantID(try row.decode(0))] = try row.decode(1, as: Int32.self) }
            return weights
        }
    }

    public func setWeight(_ weight: Int32, of tenant: TenantID) async throws(StoreError) {
        _ = try await change { transaction in
            try await transaction.query("UPDATE tenants SET weight = \(weight) WHERE id = \(tenant.value)")
        }
    }

    public func createQueue(
        named name: String, settings: QueueSettings, tenant: TenantID
    ) async throws(StoreError) -> QueueWrite {
        try await writing(name, tenant, isMade: true) { transaction, record, standing in
            if standing.isDeclared { return .exists(record) }
            let written = try await Self.write(
                .settings(settings), to: record, isDeclared: true, in: transaction)
            try await Self.tell([record.id], of: tenant, in: transaction)
            return .written(written)
        }
    }

    public func changeQueue(
        named name: String, tenant: TenantID, _ change: QueueChange, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        try await writing(name, tenant) { transaction, record, standing in
            guard standing.isVisible else { return .missing }
            if let version, version != record.version { return .versionMismatch(current: record.version) }
            let written = try await Self.write(change, to: record, in: transaction)
            try await Self.tell([record.id], of: tenant, in: transaction)
            return .written(written)
        }
    }

    public func deleteQueue(
        named name: String, tenant: TenantID, ifVersion version: Int64?
    ) async throws(StoreError) -> QueueWrite {
        try await writing(name, tenant) { transaction, record, standing in
            guard standing.isVisible else { return .missing }
            if let version, version != record.version { return .versionMismatch(current: record.version) }
            let tokens = try await Self.delete(record, in: transaction)
            guard tokens == 0 else { return .notEmpty(tokens: tokens) }
            try await Self.tell([record.id], of: tenant, in: transaction)
            return .deleted
        }
    }

    /// Forgets a locked queue's settings, unless it has tokens.
    ///
    /// - Returns: how many it has.
    static func delete(_ record: QueueRecord, in transaction: PostgresTransaction) async throws -> Int {
        let id = record.id.value
        let tokens = try await transaction.query(
            """
            SELECT (SELECT count(*) FROM ready WHERE queue = \(id)) + (SELECT count(*) FROM attempts WHERE queue = \(id))
                + (SELECT count(*) FROM held WHERE queue = \(id)) + (SELECT count(*) FROM timers WHERE queue = \(id))
            """
        ).decode(row: 0, column: 0, as: Int64.self)
        guard tokens == 0 else { return Int(tokens) }
        var open = record
        (open.isPaused, open.isDraining) = (false, false)
        _ = try await write(.settings(QueueSettings()), to: open, isDeclared: false, in: transaction)
        return 0
    }

    // MARK: - Parts

    /// What there is to a queue's row.
    private struct Standing {
        /// Somebody has set it up.
        var isDeclared: Bool
        /// It was not deleted, or is in use again since.
        var isVisible: Bool
    }

    /// Runs a change while the queue's row is locked, as claims of guarded queues lock it; `isMade`: the row is made if no
    /// workflow has named the queue before.
    private func writing(
        _ name: String, _ tenant: TenantID, isMade: Bool = false,
        _ body: @Sendable @escaping (PostgresTransaction, QueueRecord, Standing) async throws -> QueueWrite
    ) async throws(StoreError) -> QueueWrite {
        try await change(of: tenant.value) { (scope) throws(PostgresError) in
            try await scope.withTransaction { transaction in
                if isMade { try await Self.makeQueue(named: name, of: tenant, in: transaction) }
                let rows = try await transaction.query(
                    """
                    SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version,
                        declared, deleted_at IS NULL OR EXISTS (SELECT FROM ready r WHERE r.queue = q.id)
                    FROM queues q WHERE tenant = \(tenant.value) AND name = \(name) FOR UPDATE
                    """)
                guard let row = rows.first, let record = try Self.queues(rows).first else { return .missing }
                let standing = Standing(isDeclared: try row.decode(11), isVisible: try row.decode(12))
                return try await body(transaction, record, standing)
            }
        }
    }

    /// Makes a queue's row unless there is one; behind an open breaker of its tenant it is shut from the start.
    static func makeQueue(
        named name: String, of tenant: TenantID, in transaction: PostgresTransaction
    ) async throws {
        try await transaction.query(
            """
            INSERT INTO queues (tenant, name, shut)
            SELECT \(tenant.value), \(name), EXISTS (
                SELECT FROM breakers WHERE tenant = \(tenant.value) AND kind = 1 AND phase <> 1)
            ON CONFLICT DO NOTHING
            """)
    }

    /// Tells every node of changed queues, once a transaction: it has one row of events for each tenant.
    static func tell(
        _ queues: [QueueID], of tenant: TenantID, in transaction: PostgresTransaction
    ) async throws {
        try await transaction.query(
            """
            INSERT INTO events (tenant, wakes, payload, queues)
            VALUES (\(tenant.value), '{}', '[]', \(queues.map(\.value)))
            """)
    }

    /// Writes a change, of which `tell` tells. A new limit counts what runs already.
    ///
    /// - Parameter isDeclared: whether somebody has set the queue up from now on; `nil`: as before.
    static func write(
        _ change: QueueChange, to record: QueueRecord, isDeclared: Bool? = nil, in transaction: PostgresTransaction
    ) async throws -> QueueRecord {
        let id = record.id.value
        var changed = record
        changed.version += 1
        switch change {
        case .paused(let paused): changed.isPaused = paused
        case .draining(let draining): changed.isDraining = draining
        case .settings(let settings): changed.settings = settings
        }
        let settings = changed.settings
        // Attempts that open claims took meanwhile are found by the walk that re-ranks, too.
        let isReordered = settings.order != record.settings.order || settings.isGuarded != record.settings.isGuarded
        try await transaction.query(
            """
            UPDATE queues SET discipline = \(settings.order.discipline.rawValue),
                boost = \(settings.order.boost.wholeMicroseconds), weight = \(settings.weight),
                strict = \(settings.isStrict), concurrency = \(settings.concurrency), paused = \(changed.isPaused),
                draining = \(changed.isDraining), version = \(changed.version), updated_at = now(),
                declared = coalesce(\(isDeclared), declared),
                deleted_at = CASE \(isDeclared) WHEN true THEN NULL WHEN false THEN now() ELSE deleted_at END,
                reordered_at = CASE WHEN \(isReordered) THEN now() ELSE reordered_at END
            WHERE id = \(id)
            """)
        if settings.isGuarded, !record.settings.isGuarded {
            try await transaction.query("UPDATE attempts SET guarded = true WHERE queue = \(id) AND NOT guarded")
        }
        return changed
    }

    static func queues(_ rows: PostgresResult) throws(PostgresError) -> [QueueRecord] {
        var records: [QueueRecord] = []
        for row in rows {
            guard let discipline = QueueDiscipline(rawValue: try row.decode(3)) else {
                throw PostgresError(.decoding, reason: "a queue has an unknown discipline")
            }
            records.append(
                QueueRecord(
                    id: QueueID(try row.decode(0)), tenant: TenantID(try row.decode(1)), name: try row.decode(2),
                    settings: QueueSettings(
                        order: QueueOrder(discipline, boost: .microseconds(try row.decode(4, as: Int64.self))),
                        weight: try row.decode(5), isStrict: try row.decode(6), concurrency: try row.decode(7)),
                    isPaused: try row.decode(8), isDraining: try row.decode(9), version: try row.decode(10)))
        }
        return records
    }
}
