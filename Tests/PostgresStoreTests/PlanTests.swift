import Foundation
import Postgres
import PostgresStore
import TestSupport
import Testing

/// Plans are made once and kept, so each must bind the full key whatever the statistics said when it was made.
@Suite("PostgresStore: plans", .timeLimit(.minutes(5)))
struct PlanTests {
    /// What the tables hold when the plans are made.
    enum Filling: String, CaseIterable, Sendable {
        case fresh, analysedEmpty, large
        /// Never analysed, and filled by one tenant little by little.
        case grown
    }

    /// The columns that a probe of an index must bind, by the index's name without a partition's day.
    private static let keys: [String: Set<String>] = [
        "runs_pkey": ["tenant", "run"],
        "run_index_pkey": ["tenant", "state", "run"],
        "dead_letters_pkey": ["tenant", "run"],
        "steps_pkey": ["tenant", "run", "revision"],
        "payloads_pkey": ["tenant", "run", "kind", "step"],
        "ready_pkey": ["tenant", "run"],
        "ready_claim": ["queue", "route"],
        "attempts_pkey": ["tenant", "run"],
        "attempts_guarded": ["queue"],
        "rates_pkey": ["tenant", "id"],
        "quotas_pkey": ["tenant"],
        "reservations_pkey": ["tenant", "holder", "lane"],
        "throttles_pkey": ["tenant", "id"],
        "debounces_pkey": ["tenant", "id"],
        "held_due": ["due"],
        "limits_pkey": ["tenant", "id"],
        "limit_slots_pkey": ["tenant", "run"],
        "limit_slots_limit": ["limit_id"],
        "held_line": ["limit_id"],
        "timers_pkey": ["tenant", "run"],
        "timers_due": ["due"],
        "waits_approvals": ["tenant"],
        "timers_deadline": ["due"],
        "held_pkey": ["tenant", "run"],
        "waits_pkey": ["tenant", "run"],
        "inbox_pkey": ["tenant", "run"],
        "queues_pkey": ["id"],
        "breakers_pkey": ["tenant", "id"],
        "idempotency_keys_pkey": ["tenant", "key"],
    ]

    @Test("Every hot statement probes by the full key", arguments: Filling.allCases)
    func plans(filling: Filling) async throws {
        // The long transaction that fills the tables would hold back the event horizon of the other tests' cluster.
        let own = filling == .large || filling == .grown ? try await PostgresCluster.own(settings: [:]) : nil
        let database = try await StoreDatabase.make(in: own)
        let connection = try await database.connect(settings: HotStatements.settings)
        let administrator = try await database.connect()
        switch filling {
        case .fresh: break
        case .analysedEmpty: try await administrator.query("VACUUM ANALYZE")
        case .grown:
            // While a table has few rows, which index is the cheaper one changes with how many pages each has: a plan that is
            // made then stays.
            for first in stride(from: 1, to: 600, by: 30) {
                try await administrator.run(script: Self.filling(rows: first..<first + 30, tenants: 1))
                if first > 1 { try await check(.grown, on: connection, administrator) }
            }
        case .large:
            let isHuge = ProcessInfo.processInfo.environment["BEAMLINE_MEASURE"] != nil
            try await administrator.run(script: Self.filling(rows: 0..<(isHuge ? 1_000_000 : 100_000)))
            try await administrator.query("VACUUM ANALYZE")
        }
        try await check(filling, on: connection, administrator)
        await connection.close()
        await administrator.close()
        try await database.discard()
        try await own?.cluster.stop()
    }

    private func check(
        _ filling: Filling, on connection: PostgresConnection, _ administrator: PostgresConnection
    ) async throws {
        for (name, statement) in HotStatements.all {
            let plan = try await Self.plan(of: statement, on: connection, administrator)
            let faults = Self.faults(in: plan, mayReadFirst: name == "ready buckets")
            #expect(faults.isEmpty, "\(name), \(filling): \(faults)\n\(plan.joined(separator: "\n"))")
        }
    }

    @Test("A page of a filtered list finds its runs by their keys")
    func filteredLists() async throws {
        let database = try await StoreDatabase.make()
        let administrator = try await database.connect()
        try await administrator.run(script: Self.filling(rows: 0..<20_000))
        try await administrator.query("VACUUM ANALYZE")
        let values = """
            1, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000', 256, 51, '{5,6}', '{2}',
            '{1,8}', '{NULL,NULL}', '{f,t}', '{1,2}', '{x,NULL}', '{NULL,%y%}', '{NULL,NULL}', '{NULL,NULL}'
            """
        // All rows are in the default partitions; of the empty ones any plan is right.
        let large = ["_default", "on ready", "on attempts", "on timers", "on held", "on waits"]
        for plans in ["generic", "custom"] {
            let connection = try await database.connect(settings: ["plan_cache_mode": "force_\(plans)_plan"])
            for (name, statement) in HotStatements.filteredLists {
                let plan = try await Self.plan(of: statement, on: connection, administrator, values: values)
                let faults = plan.filter { line in
                    (line.contains("Seq Scan") || line.contains("Bitmap")) && large.contains { line.contains($0) }
                }
                #expect(faults.isEmpty, "\(name), \(plans): \(faults)\n\(plan.joined(separator: "\n"))")
                #expect(plan.contains { $0.contains("using runs_default_pkey") }, "\(name), \(plans)")
            }
            await connection.close()
        }
        await administrator.close()
        try await database.discard()
    }

    @Test("The check of plans finds a scan of the whole index")
    func checkFinds() async throws {
        let plan = ["->  Index Scan using runs_20261121_pkey on runs_20261121 r", "      Filter: (run = $1)"]
        #expect(!Self.faults(in: plan, mayReadFirst: false).isEmpty)
        let partial = [
            "->  Index Scan using attempts_pkey on attempts a", "      Index Cond: (tenant = f.tenant)",
            "      Filter: x",
        ]
        #expect(!Self.faults(in: partial, mayReadFirst: false).isEmpty)
        #expect(!Self.faults(in: ["->  Seq Scan on ready r"], mayReadFirst: false).isEmpty)
    }

    /// The lines of the generic plan.
    private static func plan(
        of statement: PostgresStatement, on connection: PostgresConnection, _ administrator: PostgresConnection,
        values given: String? = nil
    ) async throws -> [String] {
        var types: [String] = []
        for type in statement.parameterTypes {
            let row = try await administrator.query("SELECT \(Int64(type.rawValue))::oid::regtype::text")
            types.append(try row.decode(row: 0, column: 0))
        }
        let signature = types.isEmpty ? "" : "(\(types.joined(separator: ", ")))"
        let values = types.isEmpty ? "" : "(\(given ?? types.map { _ in "NULL" }.joined(separator: ", ")))"
        try await connection.run(script: "PREPARE looked_at\(signature) AS \(statement.sql)")
        let rows = try await connection.query(PostgresQuery(unescaped: "EXPLAIN EXECUTE looked_at\(values)"))
        try await connection.run(script: "DEALLOCATE looked_at")
        return try rows.column(0)
    }

    /// What is wrong with a plan: scans, joins that read whole tables, probes that leave a key column open.
    private static func faults(in plan: [String], mayReadFirst: Bool) -> [String] {
        var faults: [String] = []
        for (index, line) in plan.enumerated() {
            for word in ["Seq Scan", "Bitmap", "Hash Join", "Merge Join", "Materialize", "Memoize"] {
                if line.contains(word) { faults.append(line.trimmingCharacters(in: .whitespaces)) }
            }
            guard let range = line.firstRange(of: /Index (Only )?Scan (Backward )?using (\S+)/),
                let name = line[range].split(separator: " ").last
            else { continue }
            let plain = String(name).replacing(/_(\d{8}|default)_/, with: "_")
            guard let key = keys[plain] else {
                faults.append("unknown index \(plain)")
                continue
            }
            let condition = plan[(index + 1)...].first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
            if !condition.hasPrefix("Index Cond:") {
                // The first bucket of all has nothing to be bound by.
                if !mayReadFirst { faults.append("\(name) is read whole") }
                continue
            }
            let bound = Set(condition.split { !$0.isLetter && $0 != "_" }.map(String.init))
            let open = key.subtracting(bound)
            if !open.isEmpty { faults.append("\(name) leaves \(open.sorted()) open: \(condition)") }
        }
        return faults
    }

    private static func filling(rows: Range<Int>, tenants: Int = 10) -> String {
        """
        DROP TABLE IF EXISTS ids;
        CREATE TEMP TABLE ids AS SELECT n, md5(n::text)::uuid AS run
            FROM generate_series(\(rows.lowerBound), \(rows.upperBound - 1)) n;
        INSERT INTO tenants (name) VALUES ('x') ON CONFLICT DO NOTHING;
        INSERT INTO queues (tenant, name) SELECT t.id, 'q' || n FROM tenants t, generate_series(1, 100) n
            ON CONFLICT DO NOTHING;
        INSERT INTO runs (tenant, run, flow, state, revision, input_bytes) SELECT n % \(tenants), run, 1, 2, 1, 0 FROM ids;
        INSERT INTO run_index (tenant, run, flow, state, ended_at) SELECT n % \(tenants), run, 1, 5, now() FROM ids;
        INSERT INTO steps (tenant, run, revision, step, attempt, state) SELECT n % \(tenants), run, 1, 0, 1, 7 FROM ids;
        INSERT INTO payloads (tenant, run, revision, kind, step, content) SELECT n % \(tenants), run, 1, 3, 0, 'x' FROM ids;
        INSERT INTO ready (tenant, run, queue, route, rank, step, attempt, losses)
            SELECT n % \(tenants), run, n % 100, n % 7, n, 0, 0, 0 FROM ids;
        INSERT INTO attempts (tenant, run, queue, route, rank, step, attempt, losses, session, enqueued_at)
            SELECT n % \(tenants), run, n % 100, n % 7, n, 1, 1, 0, md5((n % 50)::text)::uuid, now() FROM ids;
        INSERT INTO timers (tenant, run, queue, route, rank, step, attempt, losses, due)
            SELECT n % \(tenants), run, n % 100, n % 7, n, 2 - 3 * (n % 2), 1, 0, now() + n * interval '1 second' FROM ids;
        INSERT INTO idempotency_keys (tenant, key, run, digest, expires_at)
            SELECT n % \(tenants), n::text, run, 'x', now() + interval '1 day' FROM ids;
        INSERT INTO inbox (tenant, run, id, kind, body) SELECT n % \(tenants), run, run, 1, '' FROM ids;
        INSERT INTO held (tenant, run, queue, route, rank, step, attempt, losses, reason, due, limit_id)
            SELECT n % \(tenants), run, n % 100, n % 7, n, 3, 0, 0, '',
                CASE WHEN random() < 0.5 THEN now() + random() * interval '1 day' END, md5((run::text || 'l'))::uuid FROM ids;
        INSERT INTO limits (tenant, id, level, name, slots, flow)
            SELECT n % \(tenants), md5(run::text || 'l')::uuid, 2, '', 1, 1 FROM ids;
        INSERT INTO limit_slots (tenant, run, step, limit_id) SELECT n % \(tenants), run, 5, md5(run::text || 'l')::uuid FROM ids;
        INSERT INTO waits (tenant, run, step, attempt, kind, subject) SELECT n % \(tenants), run, 4, 0, 1, '' FROM ids;
        """
    }
}
