import Access
import Engine
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: row-level security", .timeLimit(.minutes(5)))
struct TenantIsolationTests {
    /// Tables with rows of tenants, and the column that says whose.
    private static let tables: PostgresQuery = """
        SELECT c.relname::text, a.attname::text, c.relispartition, c.relrowsecurity,
            EXISTS (
                SELECT FROM pg_policy p
                WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polroles = ARRAY[to_regrole('beamline_tenant')::oid]
                    AND pg_get_expr(p.polqual, c.oid) LIKE '%current_setting(''beamline.tenant''%'),
            has_any_column_privilege('beamline_tenant', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant' END
        ORDER BY 1
        """

    private static func with(_ body: (StoreDatabase, StoreFixture, StoreFixture) async throws -> Void) async throws {
        let database = try await StoreDatabase.make()
        let (mine, other) = (
            try await StoreFixture.make(on: database.store), try await StoreFixture.make(on: database.store)
        )
        for fixture in [mine, other] {
            let session = try await fixture.openSession()
            let (key, _) = try await fixture.startRun(steps: 2)
            _ = try await fixture.claim([session])
            let line = LogLine(
                key: key, step: 0, attempt: 1, sequence: 1, stream: .output, at: Timestamp(microseconds: 1), text: "x")
            try await database.store.append([line])
            try await database.store.putRole(CustomRole(name: "own", permissions: []), tenant: fixture.tenant.value)
        }
        try await body(database, mine, other)
        try await database.discard()
    }

    @Test("every table of tenants has the policy; partitions are out of reach but through their parent")
    func policies() async throws {
        let database = try await StoreDatabase.make()
        let connection = try await database.connect()
        let rows = try await connection.query(Self.tables)
        #expect(rows.count > 30)
        for row in rows {
            let name = try row.decode(0, as: String.self)
            if try row.decode(2, as: Bool.self) {
                #expect(
                    try !row.decode(5, as: Bool.self), "partition \(name) may be read past the policy of its parent")
            } else {
                #expect(
                    try row.decode(3, as: Bool.self) && row.decode(4, as: Bool.self),
                    "table \(name) has no policy: end its migration with SELECT isolate_tenants()")
            }
        }
        // What is made later: the partitions of days to come, too.
        let made = try await connection.query("SELECT make_partitions(6)").decode(row: 0, column: 0, as: Int32.self)
        #expect(made > 0)
        let open = try await connection.query(
            """
            SELECT count(*) FROM pg_class c WHERE c.relispartition
                AND has_any_column_privilege('beamline_tenant', c.oid, 'SELECT, INSERT, UPDATE')
            """)
        #expect(try open.decode(row: 0, column: 0, as: Int64.self) == 0)
        await connection.close()
        try await database.discard()
    }

    @Test("with a forgotten WHERE, a request's role sees its own tenant's rows and no others, in every table")
    func forgottenWhere() async throws {
        try await Self.with { database, mine, other in
            let connection = try await database.connect(settings: ["role": "beamline_tenant"])
            let owner = try await database.connect()
            var seen = 0
            for row in try await owner.query(Self.tables) where try !row.decode(2, as: Bool.self) {
                let (table, column) = (try row.decode(0, as: String.self), try row.decode(1, as: String.self))
                let text: PostgresQuery =
                    "SELECT count(*), count(*) FILTER (WHERE \(identifier: column) <> \(mine.tenant.value)) FROM \(identifier: table)"
                let (all, strange) = try await connection.withTransaction { transaction in
                    try await transaction.query(
                        "SELECT set_config('beamline.tenant', \(String(mine.tenant.value)), true)")
                    let row = try await transaction.query(text)[0]
                    return (try row.decode(0, as: Int64.self), try row.decode(1, as: Int64.self))
                }
                #expect(strange == 0, "\(table)")
                let everything = try await owner.query(text)[0]
                if try everything.decode(1, as: Int64.self) > 0 {
                    seen += 1
                    #expect(all < (try everything.decode(0, as: Int64.self)), "\(table)")
                }
            }
            // The fixtures have rows of both tenants in so many tables, or the test shows nothing.
            #expect(seen >= 12)
            await owner.close()
            await connection.close()
        }
    }

    @Test("a request's role cannot write rows of another tenant, nor what is the engine's")
    func writes() async throws {
        try await Self.with { database, mine, other in
            let connection = try await database.connect(settings: ["role": "beamline_tenant"])
            func attempt(_ query: PostgresQuery) async throws -> SQLState? {
                do {
                    try await connection.withTransaction { transaction in
                        try await transaction.query(
                            "SELECT set_config('beamline.tenant', \(String(mine.tenant.value)), true)")
                        try await transaction.query(query)
                    }
                    return nil
                } catch let error as PostgresError {
                    return error.sqlState
                }
            }
            let (own, strange) = (mine.tenant.value, other.tenant.value)
            #expect(
                try await attempt("INSERT INTO roles (tenant, name, permissions) VALUES (\(own), 'a', '{}')") == nil)
            #expect(
                try await attempt("INSERT INTO roles (tenant, name, permissions) VALUES (\(strange), 'a', '{}')")
                    == .insufficientPrivilege)
            #expect(try await attempt("UPDATE roles SET tenant = \(strange)") == .insufficientPrivilege)
            for query: PostgresQuery in [
                "DELETE FROM runs", "UPDATE runs SET state = 1", "DELETE FROM ready", "UPDATE attempts SET attempt = 9",
                "UPDATE tenants SET suspended_at = now()", "SELECT * FROM cluster", "SELECT * FROM schema_migrations",
                "DELETE FROM events", "ALTER TABLE runs DISABLE ROW LEVEL SECURITY",
                "SELECT * FROM runs_default",
            ] { #expect(try await attempt(query) == .insufficientPrivilege, "\(query)") }
            // Deletes and updates without a WHERE reach its own rows only.
            #expect(try await attempt("DELETE FROM roles") == nil)
            #expect(try await database.store.roles(tenant: own).isEmpty)
            #expect(try await database.store.roles(tenant: strange).map(\.name) == ["own"])
            await connection.close()
        }
    }

    @Test("a pooled connection carries no tenant over, and a statement without a tenant fails")
    func pooled() async throws {
        try await Self.with { database, mine, other in
            let one = try await PostgresStore.open(
                .init(postgres: database.cluster.options(database: database.name), readers: 1, requests: 1))
            for fixture in [mine, other, mine] {
                #expect(try await one.runs(RunQuery(limit: 9), tenant: fixture.tenant).count == 1)
                #expect(try await one.definition(named: "flow", version: nil, tenant: fixture.tenant) != nil)
                // A tenant's own reads with another's key find nothing, whatever the statement says.
                #expect(try await one.roles(tenant: fixture.tenant.value).count == 1)
            }
            await one.close()

            let connection = try await database.connect(settings: ["role": "beamline_tenant"])
            let count: PostgresQuery = "SELECT count(*) FROM runs"
            // Never set, then set by a transaction that has ended, in each way that it can end.
            await #expect(throws: PostgresError.self) { try await connection.query(count) }
            var pipeline = PostgresPipeline(.single)
            pipeline.add("SELECT set_config('beamline.tenant', \(String(mine.tenant.value)), true)")
            pipeline.add(count)
            #expect(try await connection.execute(pipeline)[1].decode(row: 0, column: 0, as: Int64.self) == 1)
            await #expect(throws: PostgresError.self) { try await connection.query(count) }
            pipeline.add("SELECT 1 / 0")
            let failing = pipeline
            await #expect(throws: PostgresError.self) { try await connection.execute(failing) }
            await #expect(throws: PostgresError.self) { try await connection.query(count) }
            await connection.close()
        }
    }

    @Test("a database user that lacks a role is refused at the start, with the statement that gives it")
    func userWithoutRole() async throws {
        let database = try await StoreDatabase.make()
        let owner = try await database.connect()
        let user = "plain_\(UInt32.random(in: 0 ... .max))"
        try await owner.query("CREATE ROLE \(identifier: user) LOGIN")
        try await owner.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO \(identifier: user)")
        var options = database.cluster.options(database: database.name)
        options.conninfo += " user=\(user)"
        func refusal() async -> String? {
            do {
                await (try PostgresStore.open(.init(postgres: options))).close()
                return nil
            } catch {
                guard case .refused("42501", let detail) = error else { return "\(error)" }
                return detail
            }
        }
        #expect(await refusal()?.contains(#"GRANT beamline_tenant TO "\#(user)""#) == true)
        try await owner.query("GRANT beamline_tenant TO \(identifier: user)")
        #expect(await refusal()?.contains(#"ALTER ROLE "\#(user)" BYPASSRLS"#) == true)
        try await owner.query("ALTER ROLE \(identifier: user) BYPASSRLS")
        #expect(await refusal() == nil)
        await owner.close()
        try await database.discard()
    }
}
