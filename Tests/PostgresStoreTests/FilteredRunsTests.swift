import Engine
import Filters
import Postgres
import PostgresStore
import TestSupport
import Testing
import Workflows

/// The statement is held against the same filter asked of the same runs in memory.
@Suite("PostgresStore: runs that pass a filter", .timeLimit(.minutes(5)))
struct FilteredRunsTests {
    /// 2026-03-01T12:00:00Z
    private static let now: Int64 = 1_772_366_400_000_000
    private static let minute: Int64 = 60_000_000

    private struct Row: FilterRecord {
        var run: RunID
        var workflow: String
        var version: Int32
        var state: RunLifecycle
        var labels: [String: String]
        var created: Int64
        var ended: Int64?
        var failure: (code: String, message: String)?

        func values(of property: String, name: String?) -> [FilterRecordValue] {
            switch RunQuery.Property(rawValue: property) {
            case .state: [.text(state.text)]
            case .workflow: [.text(workflow)]
            case .version: [.amount(Int64(version))]
            case .label: name.flatMap { labels[$0] }.map { [.text($0)] } ?? []
            case .created: [.amount(created)]
            case .ended: ended.map { [.amount($0)] } ?? []
            // Of a run that goes on the database's clock counts; the filters of the test leave it out.
            case .duration: ended.map { [.amount($0 - created)] } ?? [.amount(.max - 1)]
            case .error: failure.map { [.text($0.code)] } ?? []
            case nil: []
            }
        }

        var searchedTexts: [String] { [workflow] + (failure.map { [$0.code, $0.message] } ?? []) }
    }

    private struct Setting {
        var database: StoreDatabase
        var tenant: TenantID
        /// Newest first.
        var rows: [Row] = []

        func list(_ text: String, _ query: RunQuery = RunQuery(limit: 500)) async throws -> [RunID] {
            let filter = try Filter(parsing: text, keys: RunQuery.filterKeys).predicates(now: now)
            var query = query
            var found: [RunID] = []
            while true {
                let page = try await database.store.page(query, passing: filter, tenant: tenant)
                found += page.runs.map(\.key.run)
                #expect(page.runs.count <= query.limit)
                guard let next = page.next else { return found }
                #expect(query.before.map { next < $0 } ?? true)
                query.before = next
            }
        }

        func wanted(_ text: String) throws -> [RunID] {
            let filter = try Filter(parsing: text, keys: RunQuery.filterKeys)
            return rows.filter { filter.accepts($0, now: now) }.map(\.run)
        }
    }

    private static func make(runs: Int) async throws -> Setting {
        let database = try await StoreDatabase.make()
        let store = database.store
        let tenant = try await store.ensureTenant(named: "t")
        let other = try await store.ensureTenant(named: "other")
        let definitions: [(name: String, labels: String)] = [
            ("etl/load", #"{"team":"billing"}"#), ("etl/clean_up", #"{"team":"data","tier":"1"}"#),
            ("report", "{}"), ("100%", #"{"team":"50%"}"#), ("étude", "{}"),
        ]
        var random = SeededRandom(seed: 7)
        var setting = Setting(database: database, tenant: tenant)
        let connection = try await database.connect()
        for owner in [tenant, other] {
            for (index, definition) in definitions.enumerated() {
                let applied = try await store.apply(
                    [
                        DefinitionRecord(
                            name: definition.name,
                            canonical: Array(#"{"name":"x","labels":\#(definition.labels)}"#.utf8),
                            digest: [UInt8(index)], source: [])
                    ], tenant: owner)
                for number in 0..<(owner == tenant ? runs / definitions.count : 3) {
                    let row = Self.row(definition.name, number, index, &random)
                    try await Self.insert(row, flow: applied[0].flow, owner, on: connection)
                    if owner == tenant { setting.rows.append(row) }
                }
            }
        }
        await connection.close()
        setting.rows.sort { $0.run > $1.run }
        return setting
    }

    private static func row(_ workflow: String, _ number: Int, _ index: Int, _ random: inout SeededRandom) -> Row {
        let state = RunLifecycle.allCases[(number + index) % RunLifecycle.allCases.count]
        let created = now - Int64.random(in: 0..<4 * 24 * 60, using: &random) * minute
        var labels = [["team": "billing"], ["team": "data", "tier": "1"], [:], ["team": "50%"], [:]][index]
        if number % 5 == 0 { labels["team"] = "own" }
        let failures = [
            (code: "exit_1", message: "Disk is FULL"), (code: "timeout", message: "no answer after 5s"),
            (code: "exit_137", message: "Größe überschritten"),
        ]
        return Row(
            run: RunID(
                at: Timestamp(microseconds: created), random: .init(high: random.next(), low: random.next())),
            workflow: workflow, version: 1, state: state, labels: labels, created: created,
            ended: state.isEnded ? created + Int64.random(in: 1...120, using: &random) * minute : nil,
            failure: state == .failed || state == .timedOut ? failures[number % 3] : nil)
    }

    private static func insert(
        _ row: Row, flow: FlowVersionID, _ tenant: TenantID, on connection: PostgresConnection
    ) async throws {
        let failure = row.failure.map {
            #"{"kind":"error","code":"\#($0.code)","message":"\#($0.message)","retryable":false,"step":"s"}"#
        }
        let run = row.run.bytes.uuidText
        let labels = row.labels["team"] == "own" ? #"{"team":"own"}"# : nil
        try await connection.query(
            """
            INSERT INTO runs (tenant, run, flow, state, revision, input_bytes, created_at, ended_at, failure, labels)
            VALUES (\(tenant.value), \(run)::text::uuid, \(flow.value), \(row.state.rawValue), 1, 0,
                \(PostgresTimestamp(microseconds: row.created)),
                \(row.ended.map { PostgresTimestamp(microseconds: $0) }), \(failure), \(labels))
            """)
        if let ended = row.ended {
            try await connection.query(
                """
                INSERT INTO run_index (tenant, run, flow, state, ended_at) VALUES (\(tenant.value),
                    \(run)::text::uuid, \(flow.value), \(row.state.rawValue),
                    \(PostgresTimestamp(microseconds: ended)))
                """)
        } else {
            try await connection.query(
                """
                INSERT INTO waits (tenant, run, step, attempt, kind, subject)
                VALUES (\(tenant.value), \(run)::text::uuid, 0, 0, 1, '')
                """)
        }
    }

    private static let filters = [
        "", "state:failed", "state:failed,timed_out", "-state:succeeded", "state:running,failed", "state:queued",
        "state:failed -state:failed", "workflow:etl/*", "workflow:etl/load,report", "-workflow:etl/*",
        "workflow:etl/clean_up", "workflow:etl/clean*up", "workflow:\"100%\"", "workflow:100*", "workflow:*%",
        "workflow:none", "version:1", "version:>1", "version:1..2", "label.team:billing", "label.team:own",
        "-label.team:own", "label.team:*", "-label.team:*", "label.tier:1 label.team:data", "label.team:\"50%\"",
        "label.owner:*", "since:24h", "since:3d until:1d", "created:2026-02-27", "created:>=2026-02-28",
        "-created:2026-02-27", "created:2026-02-26..2026-02-27,2026-03-01", "ended:>1d", "ended:<1d", "-ended:>1d",
        "duration:>1h state:succeeded", "duration:5m..30m", "-duration:>30m state:failed,cancelled", "error:exit_*",
        "error:timeout", "-error:*", "error:exit_1,timeout state:failed", "disk", "\"disk is\"", "-disk",
        "größe", "GRÖSSE", "ÉTUDE", "exit_1", "\"5s\"", "50%", "exit% ", "\"'; DROP TABLE runs; --\"",
        "workflow:etl/* state:failed error:exit_1 since:3d disk",
    ]

    @Test("as in memory, whatever the filter")
    func agrees() async throws {
        let setting = try await Self.make(runs: 200)
        #expect(setting.rows.count == 200)
        var passed = Set<Int>()
        for text in Self.filters {
            let wanted = try setting.wanted(text)
            #expect(try await setting.list(text) == wanted, "\(text)")
            passed.insert(wanted.count)
        }
        #expect(passed.count > 15, "the filters tell runs apart")
        try await setting.database.discard()
    }

    @Test("in pages, with the other parameters")
    func pages() async throws {
        let setting = try await Self.make(runs: 100)
        for text in ["workflow:etl/*", "state:failed,running", "-disk"] {
            for limit in [1, 3, 7] {
                #expect(
                    try await setting.list(text, RunQuery(limit: limit)) == setting.wanted(text), "\(text) \(limit)")
            }
        }
        let both = try await setting.list("-label.team:own", RunQuery(states: [.failed], workflow: "report", limit: 5))
        #expect(try both == setting.wanted("-label.team:own state:failed workflow:report"))
        #expect(!both.isEmpty)
        let none = try await setting.list("state:running", RunQuery(states: [.failed], limit: 5))
        #expect(none.isEmpty)
        let middle = setting.rows[50].run
        let older = try await setting.list("workflow:*", RunQuery(before: middle, limit: 500))
        #expect(older == setting.rows[51...].map(\.run))
        try await setting.database.discard()
    }

    @Test("a page looks at a bounded number of runs and says where to go on", arguments: ["needle", "error:needle"])
    func bounded(text: String) async throws {
        let database = try await StoreDatabase.make()
        let tenant = try await database.store.ensureTenant(named: "t")
        let connection = try await database.connect()
        let applied = try await database.store.apply(
            [DefinitionRecord(name: "flow", canonical: Array("{}".utf8), digest: [1], source: [])], tenant: tenant)
        try await connection.query(
            """
            INSERT INTO runs (tenant, run, flow, state, revision, input_bytes, failure)
            SELECT \(tenant.value), (lpad(to_hex(\(Self.now / 1000) + n), 12, '0') || '70008000000000000000')::uuid,
                \(applied[0].flow.value), 6, 1, 0, CASE n WHEN 1 THEN '{"kind":"error","code":"needle"}' END
            FROM generate_series(1, 40000) n
            """)
        await connection.close()
        let filter = try Filter(parsing: text, keys: RunQuery.filterKeys).predicates(now: Self.now)
        let first = try await database.store.page(RunQuery(limit: 10), passing: filter, tenant: tenant)
        #expect(first.runs.isEmpty)
        let next = try #require(first.next)
        let second = try await database.store.page(RunQuery(before: next, limit: 10), passing: filter, tenant: tenant)
        #expect(second.runs.map(\.failure?.code) == ["needle"])
        #expect(second.next == nil)
        try await database.discard()
    }
}
