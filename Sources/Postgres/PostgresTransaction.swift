/// An open transaction: what `PostgresConnection.withTransaction` lends to its body. Afterwards it refuses everything.
///
/// A statement that fails aborts the transaction: what follows is refused by the server until the body throws.
public struct PostgresTransaction: Sendable {
    let id: UInt64
    let connection: PostgresConnection

    /// Runs the statements of a pipeline in one round trip, inside this transaction whatever its mode says.
    public func execute(_ pipeline: PostgresPipeline) async throws(PostgresError) -> [PostgresResult] {
        try await connection.perform(pipeline, in: id)
    }

    /// Runs one prepared statement.
    @discardableResult
    public func execute<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ values: repeat each Value
    ) async throws(PostgresError) -> PostgresResult {
        var pipeline = PostgresPipeline(.single)
        pipeline.add(statement, repeat each values)
        return try await connection.perform(pipeline, in: id)[0]
    }

    /// Runs one query that is not prepared.
    @discardableResult
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        var pipeline = PostgresPipeline(.single)
        pipeline.add(query)
        return try await connection.perform(pipeline, in: id)[0]
    }

    /// Runs a script of statements without parameters. The text is trusted and must not end the transaction.
    public func run(script: String) async throws(PostgresError) {
        try await connection.perform(script: script, in: id)
    }
}
