internal import Audit
internal import Engine
internal import Postgres

extension PostgresStore {
    /// Writes a tenant's definitions. Each transaction says who asked for it: the triggers of migration 0042 record that
    /// beside the change.
    func change<Answer>(
        of tenant: Int32, _ body: (TenantScope) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        let answer = try await request(of: tenant, body)
        AuditContext.current?.noteRecorded()
        return answer
    }

    /// The same for what only the engine's role may write.
    func change<Answer>(
        _ body: (PostgresTransaction) async throws -> Answer
    ) async throws(StoreError) -> Answer {
        let context = AuditContext.current
        let answer = try await duty { (connection) throws(PostgresError) in
            try await connection.transaction { transaction in
                try await Self.state(context, in: transaction)
                return try await body(transaction)
            }
        }
        context?.noteRecorded()
        return answer
    }

    /// Says in a transaction of the engine's role who asked for what it does.
    static func state(
        _ context: AuditContext?, in transaction: PostgresTransaction
    ) async throws(PostgresError) {
        guard let context else { return }
        try await transaction.query("SELECT set_config('beamline.audit', \(context.json), true)")
    }
}
