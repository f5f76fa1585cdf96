public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    public func addBytes(_ bytes: [TenantID: StoredBytes]) async throws(StoreError) {
        // In one order, so that nodes do not wait for one another in a circle.
        let rows = bytes.filter { !$0.value.isZero }.sorted { $0.key < $1.key }
        guard !rows.isEmpty else { return }
        try await duty { (connection) throws(PostgresError) in
            _ = try await connection.execute(
                StoredByteStatement.add, rows.map(\.key.value), rows.map(\.value.payloads), rows.map(\.value.logs))
        }
    }

    public func recountBytes(of tenant: TenantID) async throws(StoreError) {
        try await duty { (connection) throws(PostgresError) in
            _ = try await connection.execute(StoredByteStatement.recount, tenant.value)
        }
    }
}
