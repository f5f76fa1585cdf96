import Engine
import Postgres
import PostgresStore
import TestSupport
import Workflows

/// Engines that run over one real database, with workflows that are applied.
struct EngineStage: Sendable {
    let database: StoreDatabase
    let store: PostgresStore
    let tenant: TenantID
    let nodes: [Engine]
    /// What the nodes reach the database through: each can be killed.
    let links: [CrashingStore]
    /// For what the test asks the database itself.
    let connection: PostgresConnection

    var engine: Engine { nodes[0] }

    /// - Parameters:
    ///   - definitions: Each a YAML text.
    ///   - crashAfter: After how many calls of the database the first node dies, and whether the last one took effect.
    ///   - cluster: Where the database is, if not in the one that all tests share.
    static func run(
        _ definitions: [String], nodes count: Int = 1, configuration: EngineConfiguration = EngineConfiguration(),
        crashAfter: (calls: Int, tookEffect: Bool) = (.max, true), in cluster: PostgresCluster? = nil,
        _ body: @Sendable @escaping (EngineStage) async throws -> Void
    ) async throws {
        try await StorePlaces.all.within {
            try await stage(definitions, count, configuration, crashAfter, cluster, body)
        }
    }

    private static func stage(
        _ definitions: [String], _ count: Int, _ configuration: EngineConfiguration,
        _ crashAfter: (calls: Int, tookEffect: Bool), _ cluster: PostgresCluster?,
        _ body: @Sendable @escaping (EngineStage) async throws -> Void
    ) async throws {
        let database = try await StoreDatabase.make(in: cluster)
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        _ = try await store.apply(
            definitions.map { text in
                let workflow = try Workflow(parsing: Array(text.utf8), file: "test.yaml")
                return DefinitionRecord(
                    name: workflow.definition.name, canonical: workflow.definition.canonical,
                    digest: Array(workflow.definition.name.utf8), source: Array(text.utf8))
            }, tenant: tenant)
        // In the place of the notifications between servers.
        let others = SharedValue<[Engine]>([])
        var nodes: [Engine] = []
        var links: [CrashingStore] = []
        for number in 0..<count {
            let link =
                number == 0
                ? CrashingStore(store, crashAfter: crashAfter.calls, tookEffect: crashAfter.tookEffect)
                : CrashingStore(store)
            links.append(link)
            nodes.append(
                try await Engine(
                    store: link, catalog: store, compiler: { try Plan.compile(canonical: $0.canonical) },
                    configuration: configuration, committed: { for node in others.value { node.wakeEventTail() } }))
        }
        others.withLock { [nodes] in $0 = nodes }
        let connection = try await database.connect()
        let stage = EngineStage(
            database: database, store: store, tenant: tenant, nodes: nodes, links: links, connection: connection)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in stage.nodes { for service in node.services { group.addTask { try await service.run() } } }
            defer { group.cancelAll() }
            try await body(stage)
        }
        let violations = try await store.auditTokens()
        guard violations.isEmpty else { throw Unmet(description: "\(violations)") }
        await connection.close()
        try await database.discard()
    }

    func start(_ workflow: String, input: String = "{}", on node: Int = 0) async throws -> RunKey {
        let started = try await nodes[node].start(
            StartCommand(tenant: tenant, workflow: workflow, input: Array(input.utf8)))
        return RunKey(tenant: tenant, run: started.run)
    }

    /// Waits, on real clocks, until something holds.
    func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw Unmet(description: "not within 30 s: \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func state(_ key: RunKey) async throws -> RunLifecycle? {
        try await store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first?.state
    }

    /// One value that the database answers for a run, as text; `$1` is the tenant, `$2` the run.
    func text(_ sql: String, _ key: RunKey) async throws -> String? {
        let tenant = "\(key.tenant.value)::int4"
        let run = "'\(key.run.uuidText)'::uuid"
        let statement = sql.replacing("$1", with: tenant).replacing("$2", with: run)
        let rows = try await connection.query(PostgresQuery(unescaped: "SELECT (\(statement))::text"))
        return try rows.decode(row: 0, column: 0, as: String?.self)
    }

    /// A time as the database has it, in µs.
    func time(_ column: String, from table: String, _ key: RunKey, step: Int32) async throws -> Timestamp? {
        let sql = """
            SELECT (extract(epoch FROM \(column)) * 1000000)::int8 FROM \(table)
            WHERE tenant = $1 AND run = $2 AND step = \(step)
            """
        return try await text(sql, key).flatMap { Int64($0) }.map { Timestamp(microseconds: $0) }
    }
}
