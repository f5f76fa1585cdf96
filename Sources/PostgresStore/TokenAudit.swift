public import Engine
internal import Postgres
internal import Workflows

/// One breach of the rules of tokens, found by the schema's `token_audit()`.
public struct TokenViolation: Sendable, Hashable {
    public var rule: String
    public var run: RunKey
    public var step: Int32?
}

extension PostgresStore {
    /// Looks for steps with two tokens, tokens of ended runs, attempt numbers used twice, runs without a token. It reads
    /// all runs that have not ended and all tokens: for tests and `beamline doctor`.
    public func auditTokens() async throws(StoreError) -> [TokenViolation] {
        try await duty { (connection) throws(PostgresError) in
            let rows = try await connection.query(
                "SELECT violation, tenant, run, step FROM token_audit() UNION ALL SELECT violation, tenant, run, step FROM limit_audit()"
            )
            var violations: [TokenViolation] = []
            for row in rows {
                violations.append(
                    TokenViolation(
                        rule: try row.decode(0), run: RunKey(try row.decode(1), try row.decode(2)),
                        step: try row.decode(3)))
            }
            return violations
        }
    }
}
