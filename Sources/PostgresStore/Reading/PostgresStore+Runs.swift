public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    private static let clock = PostgresStatement("SELECT clock_timestamp()")

    public func now() async throws(StoreError) -> Timestamp {
        try await lane { (connection) throws(PostgresError) in
            Timestamp(try await connection.execute(Self.clock).decode(row: 0, column: 0, as: PostgresTimestamp.self))
        }
    }

    public func loadRuns(_ requests: [RunLoad]) async throws(StoreError) -> [RunRecord] {
        guard !requests.isEmpty else { return [] }
        let tenants = requests.map(\.key.tenant.value)
        let runs = requests.map(\.key.run.uuid)
        let known = requests.map { $0.knownRevision ?? -1 }
        return try await lane { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(RunStatement.load, tenants, runs)
            pipeline.add(RunStatement.transitions, tenants, runs, known)
            let results = try await connection.execute(pipeline)
            var records: [RunKey: RunRecord] = [:]
            for row in results[0] {
                let record = try RunRecord(row)
                records[record.key] = record
            }
            for row in results[1] {
                let key = requests[Int(try row.decode(0, as: Int64.self)) - 1].key
                let transition = try StepTransition(row)
                // The run was read before: what a commit has added since is not part of this revision.
                guard let revision = records[key]?.revision, transition.revision <= revision else { continue }
                records[key]?.transitions.append(transition)
            }
            return requests.compactMap { records[$0.key] }
        }
    }
}

extension RunRecord {
    init(_ row: PostgresRow) throws(PostgresError) {
        let ended = try row.decode(8, as: Bool.self)
        var parent: RunContext.Parent?
        if let run = try row.decode(15, as: PostgresUUID?.self) {
            parent = RunContext.Parent(run: RunID(run), step: try row.decode(16))
        }
        self.init(
            key: RunKey(try row.decode(0), try row.decode(1)),
            flow: FlowVersionID(try row.decode(2)),
            state: try RunLifecycle(database: try row.decode(3)),
            revision: try row.decode(4),
            input: try row.decode(5, as: [UInt8]?.self) ?? [],
            traceparent: try row.decode(6),
            parent: parent, depth: try row.decode(17, as: Int32?.self) ?? 0,
            urgency: Urgency(
                priority: try row.decode(18),
                deadline: try row.decode(19, as: PostgresTimestamp?.self).map(Timestamp.init)),
            createdAt: Timestamp(try row.decode(7, as: PostgresTimestamp.self)),
            ending: ended
                ? RunEnding(output: try row.decode(9), failure: try StepFailure.read(row, from: 10), hasDeadline: false)
                : nil,
            labels: try row.decode(20), transitions: [])
    }
}

extension StepTransition {
    /// Reads revision, step, attempt, state, output, time and retry time from column 1 on, then a failure.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            step: try row.decode(2), attempt: try row.decode(3),
            state: try StepState(database: try row.decode(4)),
            output: try row.decode(5),
            failure: try StepFailure.read(row, from: 8),
            retryDue: try row.decode(7, as: PostgresTimestamp?.self).map(Timestamp.init),
            at: Timestamp(try row.decode(6, as: PostgresTimestamp.self)),
            revision: try row.decode(1))
    }
}

extension RunLifecycle {
    init(database value: Int16) throws(PostgresError) {
        guard let state = RunLifecycle(rawValue: value) else {
            throw PostgresError(.decoding, reason: "a run is in the unknown state \(value)")
        }
        self = state
    }
}

extension StepState {
    init(database value: Int16) throws(PostgresError) {
        guard let state = StepState(rawValue: value) else {
            throw PostgresError(.decoding, reason: "a step is in the unknown state \(value)")
        }
        self = state
    }
}
