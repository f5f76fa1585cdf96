public import Engine
internal import Postgres
public import Workflows

extension PostgresStore: Catalog {
    public func tenant(named name: String) async throws(StoreError) -> TenantID? {
        try await duty { (connection) throws(PostgresError) in
            try await connection.query("SELECT id FROM tenants WHERE name = \(name)").first?.decode(0, as: Int32.self)
        }.map(TenantID.init)
    }

    public func ensureTenant(named name: String) async throws(StoreError) -> TenantID {
        TenantID(
            try await intern { (connection) throws(PostgresError) in
                try await connection.query(
                    """
                    WITH known AS (SELECT id FROM tenants WHERE name = \(name)),
                    made AS (
                        INSERT INTO tenants (name) SELECT \(name) WHERE NOT EXISTS (SELECT FROM known)
                        ON CONFLICT DO NOTHING RETURNING id)
                    SELECT id FROM known UNION ALL SELECT id FROM made LIMIT 1
                    """)
            })
    }

    public func queue(named name: String, tenant: TenantID) async throws(StoreError) -> QueueID {
        QueueID(
            try await intern { (connection) throws(PostgresError) in
                try await connection.query(
                    """
                    WITH known AS (SELECT id FROM queues WHERE tenant = \(tenant.value) AND name = \(name)),
                    made AS (
                        INSERT INTO queues (tenant, name, shut)
                        SELECT \(tenant.value), \(name), EXISTS (
                            SELECT FROM breakers WHERE tenant = \(tenant.value) AND kind = 1 AND phase <> 1)
                        WHERE NOT EXISTS (SELECT FROM known) ON CONFLICT DO NOTHING RETURNING id)
                    SELECT id FROM known UNION ALL SELECT id FROM made LIMIT 1
                    """)
            })
    }

    public func route(taskType: String, pool: String) async throws(StoreError) -> RouteID {
        RouteID(
            try await intern { (connection) throws(PostgresError) in
                try await connection.query(
                    """
                    WITH known AS (SELECT id FROM routes WHERE task_type = \(taskType) AND pool = \(pool)),
                    made AS (
                        INSERT INTO routes (task_type, pool) SELECT \(taskType), \(pool)
                        WHERE NOT EXISTS (SELECT FROM known) ON CONFLICT DO NOTHING RETURNING id)
                    SELECT id FROM known UNION ALL SELECT id FROM made LIMIT 1
                    """)
            })
    }

    public func apply(
        _ definitions: [DefinitionRecord], tenant: TenantID
    ) async throws(StoreError) -> [AppliedDefinition] {
        // Sorted, so that two calls lock the same workflows in the same order.
        let sorted = definitions.enumerated().sorted { $0.element.name < $1.element.name }
        return try await change(of: tenant.value) { (scope) throws(PostgresError) in
            try await scope.withTransaction { transaction in
                var applied: [(Int, AppliedDefinition)] = []
                for (index, definition) in sorted {
                    applied.append((index, try await Self.apply(definition, tenant: tenant, in: transaction)))
                }
                return applied.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
    }

    public func definition(
        named name: String, version: Int32?, tenant: TenantID
    ) async throws(StoreError) -> StoredDefinition? {
        try await request(of: tenant.value) { (scope) throws(PostgresError) in
            try Self.definition(
                try await scope.query(
                    """
                    SELECT v.flow, v.tenant, w.name, v.version, v.canonical, v.source, v.digest, v.created_at
                    FROM workflows w JOIN workflow_versions v ON v.workflow = w.id
                    WHERE w.tenant = \(tenant.value) AND w.name = \(name) AND v.version = coalesce(\(version), w.version)
                        AND w.removed_at IS NULL
                    """))
        }
    }

    public func definition(_ flow: FlowVersionID) async throws(StoreError) -> StoredDefinition? {
        try await duty { (connection) throws(PostgresError) in
            try Self.definition(
                try await connection.query(
                    """
                    SELECT v.flow, v.tenant, w.name, v.version, v.canonical, v.source, v.digest, v.created_at
                    FROM workflow_versions v JOIN workflows w ON w.id = v.workflow WHERE v.flow = \(flow.value)
                    """))
        }
    }

    private static func definition(_ rows: PostgresResult) throws(PostgresError) -> StoredDefinition? {
        guard let row = rows.first else { return nil }
        return StoredDefinition(
            flow: FlowVersionID(try row.decode(0)), tenant: TenantID(try row.decode(1)), name: try row.decode(2),
            version: try row.decode(3), canonical: try row.decode(4), source: try row.decode(5),
            digest: try row.decode(6), createdAt: Timestamp(try row.decode(7, as: PostgresTimestamp.self)))
    }

    /// Stores a definition while its workflow's row is locked; a removed one is there again.
    static func apply(
        _ definition: DefinitionRecord, tenant: TenantID, in transaction: PostgresTransaction
    ) async throws -> AppliedDefinition {
        try await transaction.query(
            "INSERT INTO workflows (tenant, name) VALUES (\(tenant.value), \(definition.name)) ON CONFLICT DO NOTHING")
        let held = try await transaction.query(
            """
            SELECT id, version, removed_at IS NOT NULL FROM workflows
            WHERE tenant = \(tenant.value) AND name = \(definition.name) FOR UPDATE
            """)[0]
        let workflow = try held.decode(0, as: Int32.self)
        let version = try held.decode(1, as: Int32.self)
        let isRemoved = try held.decode(2, as: Bool.self)
        if isRemoved { try await transaction.query("UPDATE workflows SET removed_at = NULL WHERE id = \(workflow)") }
        // In a statement of its own: the one that waited for the lock saw the versions from before.
        let newest = try await transaction.query(
            "SELECT flow, digest FROM workflow_versions WHERE workflow = \(workflow) AND version = \(version)")
        if let row = newest.first, try row.decode(1, as: [UInt8].self) == definition.digest {
            return AppliedDefinition(
                name: definition.name, flow: FlowVersionID(try row.decode(0)), version: version, changed: isRemoved)
        }
        let made = try await transaction.query(
            """
            INSERT INTO workflow_versions (tenant, workflow, version, canonical, source, digest)
            VALUES (\(tenant.value), \(workflow), \(version + 1), \(RawText(definition.canonical)),
                \(RawText(definition.source)), \(definition.digest))
            RETURNING flow
            """)
        try await transaction.query("UPDATE workflows SET version = \(version + 1) WHERE id = \(workflow)")
        return AppliedDefinition(
            name: definition.name, flow: FlowVersionID(try made.decode(row: 0, column: 0, as: Int64.self)),
            version: version + 1, changed: true)
    }

    /// Runs a query that finds or makes one id. It answers nothing while another's insert of the same name is not yet
    /// visible, and is then asked again.
    private func intern(
        _ ask: (PostgresConnection) async throws(PostgresError) -> PostgresResult
    ) async throws(StoreError) -> Int32 {
        try await duty { (connection) throws(PostgresError) in
            for _ in 0..<10 {
                let rows = try await ask(connection)
                if let row = rows.first { return try row.decode(0, as: Int32.self) }
            }
            throw PostgresError(.misuse, reason: "a name could neither be found nor made")
        }
    }
}
