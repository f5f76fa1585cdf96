import Access
import Engine
import Filters
import Foundation
import Postgres
import PostgresStore
import Secrets
import TestSupport
import Testing
import Workflows

/// What requests read, and the definitions they write, by the role that ran the statement, as the server counts it.
@Suite("PostgresStore: statements by role", .timeLimit(.minutes(5)), .serialized)
struct StatementRoleTests {
    @Test("requests' statements run as beamline_tenant, the engine's as its own role")
    func roles() async throws {
        let cluster = try await PostgresCluster.own(settings: ["shared_preload_libraries": "pg_stat_statements"])
        let database = try await StoreDatabase.make(in: cluster)
        let (store, administrator) = (database.store, try await database.connect())
        let fixture = try await StoreFixture.make(on: store)
        let (key, _) = try await fixture.startRun()
        let session = try await fixture.openSession()
        try await administrator.query("CREATE EXTENSION pg_stat_statements")
        let tenant = fixture.tenant

        try await administrator.query("SELECT pg_stat_statements_reset()")
        _ = try await store.runs(RunQuery(limit: 9), tenant: tenant)
        _ = try await store.runs(RunQuery(states: [.running], limit: 9), tenant: tenant)
        _ = try await store.page(
            RunQuery(limit: 9), passing: [FilterPredicate(subject: .search, texts: ["x"])], tenant: tenant)
        _ = try await store.run(key)
        _ = try await store.logs(LogQuery(key: key, limit: 9))
        _ = try await store.workflows(after: nil, limit: 9, tenant: tenant)
        _ = try await store.versions(of: "flow", tenant: tenant)
        _ = try await store.workers(tenant: tenant)
        _ = try await store.overview(window: .seconds(60), tenant: tenant)
        _ = try await store.evidence(of: key)
        _ = try await store.approvals(tenant: tenant, after: nil, limit: 9)
        _ = try await store.definition(named: "flow", version: nil, tenant: tenant)
        _ = try await store.queues(tenant: tenant)
        let record = DefinitionRecord(name: "new", canonical: [0x7b, 0x7d], digest: [9], source: [0x20])
        _ = try await store.apply([record], tenant: tenant)
        _ = try await store.createQueue(named: "q", settings: QueueSettings(concurrency: 1), tenant: tenant)
        _ = try await store.changeQueue(named: "q", tenant: tenant, .paused(true), ifVersion: nil)
        _ = try await store.deleteQueue(named: "q", tenant: tenant, ifVersion: nil)
        try await store.putRole(CustomRole(name: "r", permissions: []), tenant: tenant.value)
        _ = try await store.roles(tenant: tenant.value)
        let grant = SubjectGrant(subject: "ada", grant: NamedGrant(role: "r", target: .namespace("n")))
        try await store.addGrant(grant, tenant: tenant.value)
        _ = try await store.grants(tenant: tenant.value)
        _ = try await store.removeGrant(grant, tenant: tenant.value)
        _ = try await store.deleteRole("r", tenant: tenant.value)
        _ = try await store.keys(tenant: tenant.value)
        _ = try await store.revokeKey("none", by: "ada", tenant: tenant.value)
        try await store.revokeToken("t", expiresAt: 4_000_000_000, by: "ada", tenant: tenant.value)
        let sealed = SealedSecret(keyID: "k", wrapped: [1], sealed: [2])
        _ = try await store.putSecret("s", sealed, by: "ada", tenant: tenant.value)
        _ = try await store.secrets(tenant: tenant.value)
        _ = try await store.secret("s", tenant: tenant.value)
        _ = try await store.deleteSecret("s", tenant: tenant.value)
        let requests = try await statements(administrator, of: "beamline_tenant")
        let others = try await statements(administrator, of: nil)
        #expect(requests.count > 30)
        #expect(others.isEmpty, "these ran as the engine: \(others)")

        try await administrator.query("SELECT pg_stat_statements_reset()")
        _ = try await fixture.startRun()
        _ = try await fixture.claim([session])
        _ = try await store.loadRuns([RunLoad(key: key, knownRevision: nil)])
        _ = try await store.readEvents(after: nil, limit: 1)
        _ = try await store.fireTimers(limit: 1)
        #expect(try await statements(administrator, of: "beamline_tenant").isEmpty)
        #expect(try await statements(administrator, of: nil).count >= 5)
        await administrator.close()
        try await database.discard()
        try await cluster.cluster.stop()
    }

    /// Statements on tables of a role, `nil`: of the engine's; not those of this test.
    private func statements(_ connection: PostgresConnection, of role: String?) async throws -> [String] {
        let rows = try await connection.query(
            """
            SELECT s.query FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
            JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
            WHERE (r.rolname = 'beamline_tenant') = \(role != nil) AND s.toplevel
                AND s.query !~ 'pg_stat_statements|^(BEGIN|COMMIT|SELECT set_config)'
            """)
        var texts: [String] = []
        for row in rows { texts.append(try row.decode(0)) }
        return texts
    }

    @Test(
        "measure: what a request's read costs more than the engine's",
        .enabled(if: ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil))
    func cost() async throws {
        let database = try await StoreDatabase.make()
        let fixture = try await StoreFixture.make(on: database.store)
        var keys: [RunKey] = []
        for _ in 0..<200 { keys.append(try await fixture.startRun().key) }
        let plain = try await database.connect(settings: ["timezone": "UTC"])
        let restricted = try await database.connect(settings: ["timezone": "UTC", "role": "beamline_tenant"])
        let read = PostgresStatement(
            "SELECT r.state, r.input FROM runs r WHERE r.tenant = $1 AND r.run = $2", [.int4, .uuid])
        let enter = PostgresStatement("SELECT set_config('beamline.tenant', $1, true)", [.text])
        var spent: [String: Double] = [:]
        for round in 0..<7 {
            for name in ["plain", "restricted"] {
                let connection = name == "plain" ? plain : restricted
                let pid = await connection.processID
                let before = nanoseconds(pid)
                for _ in 0..<20 {
                    for key in keys {
                        var pipeline = PostgresPipeline(.single)
                        if name != "plain" { pipeline.add(enter, String(key.tenant.value)) }
                        pipeline.add(
                            read, key.tenant.value, PostgresUUID(high: key.run.bytes.high, low: key.run.bytes.low))
                        _ = try await connection.execute(pipeline)
                    }
                }
                if round > 0 { spent[name, default: 0] += nanoseconds(pid) - before }
            }
        }
        let reads = Double(6 * 20 * keys.count) * 1000
        let (a, b) = (spent["plain", default: 0] / reads, spent["restricted", default: 0] / reads)
        print("RLS COST backend CPU a read by key: \(a) µs plain, \(b) µs as beamline_tenant")
        await plain.close()
        await restricted.close()
        try await database.discard()
    }

    private func nanoseconds(_ pid: Int32) -> Double {
        let text = try? String(contentsOfFile: "/proc/\(pid)/schedstat", encoding: .utf8)
        return text?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }
}
