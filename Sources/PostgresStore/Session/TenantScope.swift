internal import Audit
internal import Engine
internal import Postgres

/// What a request has of the database: statements that see and write the rows of one tenant and of no other.
///
/// Its sessions have the role `beamline_tenant` from their start, and each transaction names its tenant first. That name
/// ends with the transaction, so a session carries nothing over to the next request; a statement without one fails.
/// Whatever a statement's WHERE says, policies of the database (migration 0046) hide the rows of others.
struct TenantScope: Sendable {
    /// The role of requests; made by migration 0046.
    static let role = "beamline_tenant"

    /// With who asks for a change, for the triggers of migration 0042; empty where nobody does.
    private static let enter = PostgresStatement(
        "SELECT set_config('beamline.tenant', $1, true), set_config('beamline.audit', $2, true)", [.text, .text])

    let tenant: Int32
    private let connection: PostgresConnection
    private var actor: String { AuditContext.current?.json ?? "" }

    init(tenant: Int32, connection: PostgresConnection) {
        self.tenant = tenant
        self.connection = connection
    }

    /// Runs one prepared statement, in one round trip.
    func execute<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ values: repeat each Value
    ) async throws(PostgresError) -> PostgresResult {
        // Between two syncs everything is one transaction, without BEGIN and COMMIT.
        var pipeline = PostgresPipeline(.single)
        pipeline.add(Self.enter, String(tenant), actor)
        pipeline.add(statement, repeat each values)
        return try await connection.execute(pipeline)[1]
    }

    /// Runs one query that is not prepared, in one round trip.
    func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        var pipeline = PostgresPipeline(.single)
        pipeline.add(Self.enter, String(tenant), actor)
        pipeline.add(query)
        return try await connection.execute(pipeline)[1]
    }

    /// Runs several statements as one transaction in one round trip; answers the result of each.
    func execute(
        _ fill: (inout PostgresPipeline) -> Void
    ) async throws(PostgresError) -> [PostgresResult] {
        var pipeline = PostgresPipeline(.transaction)
        pipeline.add(Self.enter, String(tenant), actor)
        fill(&pipeline)
        return Array(try await connection.execute(pipeline).dropFirst())
    }

    /// Runs `body` in a transaction: commits if it returns, rolls back if it throws.
    func withTransaction<Answer>(
        _ body: (PostgresTransaction) async throws -> Answer
    ) async throws(PostgresError) -> Answer {
        try await connection.transaction { transaction in
            try await transaction.execute(Self.enter, String(tenant), actor)
            return try await body(transaction)
        }
    }
}

/// Whether the database lets this node in as its two roles need it.
enum RoleCheck {
    private static let statement = PostgresStatement(
        """
        SELECT current_user::text, to_regrole('beamline_tenant') IS NOT NULL,
            coalesce(pg_has_role(current_user, to_regrole('beamline_tenant'), 'MEMBER'), false),
            row_security_active('runs'), (SELECT tableowner::text FROM pg_tables WHERE tablename = 'runs' LIMIT 1)
        """)

    /// What stands in the way, with the remedy; `nil` when nothing does.
    static func complaint(_ connection: PostgresConnection) async throws(PostgresError) -> String? {
        let row = try await connection.execute(statement)[0]
        let user = try row.decode(0, as: String.self)
        guard try row.decode(1, as: Bool.self) else {
            return """
                the role \(TenantScope.role) is missing in this PostgreSQL (a database restored into a new cluster has no \
                roles); as a superuser: CREATE ROLE \(TenantScope.role) NOLOGIN; then restore or migrate again
                """
        }
        guard try row.decode(2, as: Bool.self) else {
            return """
                the database user "\(user)" may not act as the role \(TenantScope.role), as which requests are served; as a \
                superuser: GRANT \(TenantScope.role) TO "\(user)"
                """
        }
        guard try !row.decode(3, as: Bool.self) else {
            let owner = try row.decode(4, as: String?.self) ?? "the owner"
            return """
                row-level security hides the tables from the engine's database user "\(user)"; as a superuser: \
                ALTER ROLE "\(user)" BYPASSRLS, or GRANT "\(owner)" TO "\(user)", or connect as "\(owner)"
                """
        }
        return nil
    }
}
