internal import Engine
internal import Postgres
public import Secrets

extension PostgresStore: SecretStore {
    public func secrets(tenant: Int32) async throws -> [SecretRecord] {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            var records: [SecretRecord] = []
            let rows = try await scope.query(
                "SELECT name, updated_by, updated_at FROM secrets WHERE tenant = \(tenant) ORDER BY name")
            for row in rows { records.append(try Self.secretRecord(row)) }
            return records
        }
    }

    public func secret(_ name: String, tenant: Int32) async throws -> SealedSecret? {
        try await reader(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                "SELECT key_id, wrapped, sealed FROM secrets WHERE tenant = \(tenant) AND name = \(name)")
            return try rows.first.map { (row) throws(PostgresError) in try SealedSecret(row, from: 0) }
        }
    }

    public func putSecret(
        _ name: String, _ secret: SealedSecret, by subject: String, tenant: Int32
    ) async throws -> SecretRecord {
        try await change(of: tenant) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                INSERT INTO secrets (tenant, name, key_id, wrapped, sealed, updated_by)
                VALUES (\(tenant), \(name), \(secret.keyID), \(secret.wrapped), \(secret.sealed), \(subject))
                ON CONFLICT (tenant, name) DO UPDATE SET key_id = excluded.key_id, wrapped = excluded.wrapped,
                    sealed = excluded.sealed, updated_by = excluded.updated_by, updated_at = now()
                RETURNING name, updated_by, updated_at
                """)
            return try Self.secretRecord(rows[0])
        }
    }

    public func deleteSecret(_ name: String, tenant: Int32) async throws -> Bool {
        try await change(of: tenant) { (scope) throws(PostgresError) in
            try await !scope.query(
                "DELETE FROM secrets WHERE tenant = \(tenant) AND name = \(name) RETURNING name"
            ).isEmpty
        }
    }

    public func tenantName(_ tenant: Int32) async throws -> String? {
        try await directory { (connection) throws(PostgresError) in
            try await connection.query("SELECT name FROM tenants WHERE id = \(tenant)").first?.decode(0)
        }
    }

    public func secretsNot(under keyID: String, tenant: Int32?, limit: Int) async throws -> [PlacedSecret] {
        try await duty { (connection) throws(PostgresError) in
            var placed: [PlacedSecret] = []
            let rows = try await connection.query(
                """
                SELECT tenant, name, key_id, wrapped, sealed FROM secrets
                WHERE key_id <> \(keyID) AND tenant = coalesce(\(tenant), tenant)
                ORDER BY tenant, name LIMIT \(Int64(limit))
                """)
            for row in rows {
                placed.append(
                    PlacedSecret(
                        tenant: try row.decode(0), name: try row.decode(1), secret: try SealedSecret(row, from: 2)))
            }
            return placed
        }
    }

    public func replaceSecret(_ old: PlacedSecret, with new: SealedSecret) async throws -> Bool {
        try await change { transaction in
            try await !transaction.query(
                """
                UPDATE secrets SET key_id = \(new.keyID), wrapped = \(new.wrapped), sealed = \(new.sealed)
                WHERE tenant = \(old.tenant) AND name = \(old.name) AND wrapped = \(old.secret.wrapped)
                RETURNING name
                """
            ).isEmpty
        }
    }

    private static func secretRecord(_ row: PostgresRow) throws(PostgresError) -> SecretRecord {
        SecretRecord(
            name: try row.decode(0), provider: "built-in", updatedBy: try row.decode(1),
            updatedAt: try row.decode(2, as: PostgresTimestamp.self).seconds)
    }
}

extension SealedSecret {
    init(_ row: PostgresRow, from column: Int) throws(PostgresError) {
        self.init(
            keyID: try row.decode(column), wrapped: try row.decode(column + 1), sealed: try row.decode(column + 2))
    }
}
