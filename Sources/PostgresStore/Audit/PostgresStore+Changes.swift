internal import Audit
internal import Engine
internal import Postgres

extension PostgresStore {
    /// Runs a change of the slow tables in a transaction that says who asked for it: the triggers of migration 0042 record
    /// that beside the change.
    func change<Answer>(
        _ body: (PostgresTransaction) async throws(PostgresError) -> Answer
    ) async throws(StoreError) -> Answer {
        try await changeUntyped { transaction in try await body(transaction) }
    }

    /// The same; what is thrown besides the database's errors is a mistake in this module.
    func changeUntyped<Answer>(
        _ body: (PostgresTransaction) async throws -> Answer
    ) async throws(StoreError) -> Answer {
        let context = AuditContext.current
        let answer = try await duty { (connection) throws(PostgresError) in
            do {
                return try await connection.withTransaction { transaction in
                    if let context {
                        try await transaction.query("SELECT set_config('beamline.audit', \(context.json), true)")
                    }
                    return try await body(transaction)
                }
            } catch let error as PostgresError {
                throw error
            } catch {
                throw PostgresError(.misuse, reason: "\(error)")
            }
        }
        context?.noteRecorded()
        return answer
    }
}
