internal import Postgres

extension PostgresConnection {
    /// Runs `body` in a transaction: commits if it returns, rolls back if it throws. What is not the database's own
    /// failure is a mistake of the statement's user.
    nonisolated func transaction<Answer>(
        _ body: (PostgresTransaction) async throws -> Answer
    ) async throws(PostgresError) -> Answer {
        do {
            return try await withTransaction(.readCommitted, body)
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(.misuse, reason: "\(error)")
        }
    }
}
