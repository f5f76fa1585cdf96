public import Engine
internal import Postgres
public import Workflows

extension PostgresStore: RunReader {
    public func runs(_ query: RunQuery, tenant: TenantID) async throws(StoreError) -> [RunSummary] {
        let limit = Int64(max(1, min(query.limit, 1000)))
        let before = query.before?.uuid ?? PostgresUUID(high: .max, low: .max)
        let states = query.states.isEmpty ? RunLifecycle.allCases : query.states
        let ended = states.filter(\.isEnded).map(\.rawValue)
        let active = states.filter { !$0.isEnded }.map(\.rawValue)
        let source = query.states.isEmpty ? ListStatement.every : ListStatement.byState
        return try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.execute(
                source, tenant.value, before, limit, query.workflow, ended, active)
            var summaries: [RunSummary] = []
            for row in rows { summaries.append(try RunSummary(row)) }
            return summaries
        }
    }

    public func run(_ key: RunKey) async throws(StoreError) -> RunDetail? {
        let (tenant, run) = (key.tenant.value, key.run.uuid)
        return try await reader(of: tenant) { (scope) throws(PostgresError) in
            let results = try await scope.execute { pipeline in
                pipeline.add(ListStatement.detail, tenant, run)
                pipeline.add(ListStatement.history, tenant, run)
                pipeline.add(ListStatement.losses, tenant, run)
                pipeline.add(ListStatement.tokens, tenant, run)
            }
            guard let row = results[0].first else { return nil }
            let revision = try row.decode(12, as: Int64.self)
            var history: [TransitionRow] = []
            for row in results[1] { history.append(try TransitionRow(row, of: key)) }
            for row in results[2] { history.append(try TransitionRow(lost: row, of: key, revision: revision)) }
            history.sort { ($0.transition.at, $0.transition.revision) < ($1.transition.at, $1.transition.revision) }
            var tokens: [LiveToken] = []
            for row in results[3] { tokens.append(try LiveToken(row)) }
            return RunDetail(
                summary: try RunSummary(row), flow: FlowVersionID(try row.decode(13)), revision: revision,
                input: try row.decode(14, as: [UInt8]?.self) ?? [], output: try row.decode(15),
                traceparent: try row.decode(16), origin: try row.decode(17, as: PostgresUUID?.self).map { RunID($0) },
                history: history, tokens: tokens)
        }
    }

    public func logs(_ query: LogQuery) async throws(StoreError) -> [LogLine] {
        let after = query.after ?? LogPosition(step: -1, attempt: -1, sequence: -1)
        let limit = Int64(max(1, min(query.limit, 10_000)))
        return try await reader(of: query.key.tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.execute(
                ListStatement.logs, query.key.tenant.value, query.key.run.uuid, query.step, query.attempt, after.step,
                after.attempt, after.sequence, limit)
            var lines: [LogLine] = []
            for row in rows {
                lines.append(
                    LogLine(
                        key: query.key, step: try row.decode(0), attempt: try row.decode(1),
                        sequence: try row.decode(2),
                        stream: LogLine.Stream(rawValue: try row.decode(3)) ?? .system,
                        at: Timestamp(try row.decode(4, as: PostgresTimestamp.self)), text: try row.decode(5)))
            }
            return lines
        }
    }

    public func workflows(
        after name: String?, limit: Int, tenant: TenantID
    ) async throws(StoreError) -> [WorkflowSummary] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT w.name, w.version, v.created_at
                FROM workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version
                WHERE w.tenant = \(tenant.value) AND w.name > \(name ?? "") AND w.removed_at IS NULL
                ORDER BY w.name LIMIT \(Int64(max(1, limit)))
                """)
            var summaries: [WorkflowSummary] = []
            for row in rows {
                summaries.append(
                    WorkflowSummary(
                        name: try row.decode(0), version: try row.decode(1),
                        appliedAt: Timestamp(try row.decode(2, as: PostgresTimestamp.self))))
            }
            return summaries
        }
    }

    public func versions(of name: String, tenant: TenantID) async throws(StoreError) -> [AppliedVersion] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT v.version, v.flow, v.digest, v.created_at
                FROM workflows w JOIN workflow_versions v ON v.workflow = w.id
                WHERE w.tenant = \(tenant.value) AND w.name = \(name) AND w.removed_at IS NULL ORDER BY v.version DESC LIMIT 1000
                """)
            var versions: [AppliedVersion] = []
            for row in rows {
                versions.append(
                    AppliedVersion(
                        version: try row.decode(0), flow: FlowVersionID(try row.decode(1)), digest: try row.decode(2),
                        appliedAt: Timestamp(try row.decode(3, as: PostgresTimestamp.self))))
            }
            return versions
        }
    }

    public func workers(tenant: TenantID) async throws(StoreError) -> [WorkerSummary] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.query(
                """
                SELECT s.session, s.worker, s.node, s.connected_at, s.leased_until,
                    (SELECT count(*) FROM attempts a WHERE a.session = s.session), s.capabilities
                FROM worker_sessions s WHERE s.tenant = \(tenant.value) AND s.leased_until > now()
                ORDER BY s.worker, s.connected_at LIMIT 10000
                """)
            var workers: [WorkerSummary] = []
            for row in rows {
                workers.append(
                    WorkerSummary(
                        session: SessionID(try row.decode(0, as: PostgresUUID.self)), worker: try row.decode(1),
                        node: SessionID(try row.decode(2, as: PostgresUUID.self)),
                        connectedAt: Timestamp(try row.decode(3, as: PostgresTimestamp.self)),
                        leasedUntil: Timestamp(try row.decode(4, as: PostgresTimestamp.self)),
                        running: Int(try row.decode(5, as: Int64.self)), capabilities: try row.decode(6)))
            }
            return workers
        }
    }

    public func overview(window: Duration, tenant: TenantID) async throws(StoreError) -> Overview {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let rows = try await scope.execute(ListStatement.overview, tenant.value, window.microseconds)
            let row = rows[0]
            var counts: [RunLifecycle: Int] = [:]
            let states = try row.decode(4, as: [Int16].self)
            let numbers = try row.decode(5, as: [Int64].self)
            for (state, number) in zip(states, numbers) {
                counts[try RunLifecycle(database: state)] = Int(number)
            }
            return Overview(
                runs: counts, ready: Int(try row.decode(0, as: Int64.self)),
                running: Int(try row.decode(1, as: Int64.self)), scheduled: Int(try row.decode(2, as: Int64.self)),
                workers: Int(try row.decode(3, as: Int64.self)))
        }
    }
}

extension RunSummary {
    /// Reads tenant, run, workflow, version, state, created and ended time, then a failure.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            key: RunKey(try row.decode(0), try row.decode(1)), workflow: try row.decode(2, as: String?.self) ?? "",
            version: try row.decode(3, as: Int32?.self) ?? 0,
            state: try RunLifecycle(database: try row.decode(4)),
            createdAt: Timestamp(try row.decode(5, as: PostgresTimestamp.self)),
            endedAt: try row.decode(6, as: PostgresTimestamp?.self).map(Timestamp.init),
            failure: try StepFailure.read(row, from: 7))
    }
}

extension TransitionRow {
    fileprivate init(_ row: PostgresRow, of key: RunKey) throws(PostgresError) {
        self.init(
            key: key, transition: try StepTransition(row),
            session: try row.decode(13, as: PostgresUUID?.self).map { SessionID($0) }, worker: try row.decode(14),
            enqueuedAt: try row.decode(15, as: PostgresTimestamp?.self).map(Timestamp.init),
            leasedAt: try row.decode(16, as: PostgresTimestamp?.self).map(Timestamp.init),
            startedAt: try row.decode(17, as: PostgresTimestamp?.self).map(Timestamp.init))
    }

    /// An attempt whose worker was lost; it belongs to no revision, so it is shown with the run's.
    fileprivate init(lost row: PostgresRow, of key: RunKey, revision: Int64) throws(PostgresError) {
        self.init(
            key: key,
            transition: StepTransition(
                step: try row.decode(0), attempt: try row.decode(1), state: .lost,
                failure: StepFailure(kind: .lost, code: "worker_lost", message: "the worker was lost", retryable: true),
                at: Timestamp(try row.decode(2, as: PostgresTimestamp.self)), revision: revision),
            session: SessionID(try row.decode(3, as: PostgresUUID.self)), worker: try row.decode(4),
            enqueuedAt: Timestamp(try row.decode(5, as: PostgresTimestamp.self)),
            leasedAt: Timestamp(try row.decode(6, as: PostgresTimestamp.self)))
    }
}

extension LiveToken {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            step: try row.decode(0), state: try StepState(database: try row.decode(1)), attempt: try row.decode(2),
            worker: try row.decode(3), enqueuedAt: try row.decode(4, as: PostgresTimestamp?.self).map(Timestamp.init),
            leasedAt: try row.decode(5, as: PostgresTimestamp?.self).map(Timestamp.init),
            dueAt: try row.decode(6, as: PostgresTimestamp?.self).map(Timestamp.init))
    }
}
