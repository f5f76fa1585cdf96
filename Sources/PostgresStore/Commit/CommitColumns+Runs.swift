internal import Engine
internal import Postgres
internal import Workflows

/// The arrays of new runs.
struct StartColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var flows: [Int64] = []
    private var states: [Int16] = []
    private var revisions: [Int64] = []
    private var inputBytes: [Int32] = []
    private var inputs: [RawText?] = []
    private var traceparents: [String?] = []
    private var labels: [RawText?] = []
    private var keyed: [Bool] = []
    private var priorities: [Int32?] = []
    private var deadlines: [PostgresTimestamp?] = []
    private var ends = EndColumns()

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        flows.reserveCapacity(count)
        states.reserveCapacity(count)
        revisions.reserveCapacity(count)
        inputBytes.reserveCapacity(count)
        inputs.reserveCapacity(count)
        traceparents.reserveCapacity(count)
        labels.reserveCapacity(count)
        keyed.reserveCapacity(count)
        priorities.reserveCapacity(count)
        deadlines.reserveCapacity(count)
        ends.reserve(count)
    }

    mutating func append(_ run: RunStart) {
        tenants.append(run.key.tenant.value)
        runs.append(run.key.run.uuid)
        flows.append(run.flow.value)
        states.append(run.state.rawValue)
        revisions.append(run.revision)
        inputBytes.append(Int32(clamping: run.input.count))
        inputs.append(run.input.count > InlineLimit.run ? nil : RawText(run.input))
        traceparents.append(run.traceparent)
        labels.append(run.labels.map(RawText.init))
        keyed.append(run.idempotency != nil)
        priorities.append(run.urgency.priority)
        deadlines.append(run.urgency.deadline?.postgres)
        ends.append(run.ending)
    }

    func bind(into parameters: inout PostgresParameters, urgency: Bool) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(flows)
        parameters.append(states)
        parameters.append(revisions)
        parameters.append(inputBytes)
        parameters.append(sparse: inputs)
        parameters.append(sparse: traceparents)
        parameters.append(sparse: labels)
        ends.bind(into: &parameters)
        parameters.append(sparse: keyed)
        guard urgency else { return }
        parameters.append(sparse: priorities)
        parameters.append(sparse: deadlines)
    }
}

/// The arrays of compare-and-set runs.
struct AdvanceColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var expected: [Int64] = []
    private var revisions: [Int64] = []
    private var states: [Int16] = []
    private var ends = EndColumns()

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        expected.reserveCapacity(count)
        revisions.reserveCapacity(count)
        states.reserveCapacity(count)
        ends.reserve(count)
    }

    mutating func append(_ run: RunAdvance) {
        tenants.append(run.key.tenant.value)
        runs.append(run.key.run.uuid)
        expected.append(run.expectedRevision)
        revisions.append(run.revision)
        states.append(run.state.rawValue)
        ends.append(run.ending)
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(expected)
        parameters.append(revisions)
        parameters.append(states)
        ends.bind(into: &parameters)
    }
}

/// What runs leave when they end.
struct EndColumns {
    private var ended: [Bool] = []
    private var outputBytes: [Int32?] = []
    private var outputs: [RawText?] = []
    private var failures: [RawText?] = []

    mutating func reserve(_ count: Int) {
        ended.reserveCapacity(count)
        outputBytes.reserveCapacity(count)
        outputs.reserveCapacity(count)
        failures.reserveCapacity(count)
    }

    mutating func append(_ ending: RunEnding?) {
        ended.append(ending != nil)
        outputBytes.append(ending?.output.map { Int32(clamping: $0.count) })
        outputs.append(ending?.output.flatMap { $0.count > InlineLimit.run ? nil : RawText($0) })
        failures.append(ending?.failure.map { RawText($0.databaseText) })
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(sparse: ended)
        parameters.append(sparse: outputBytes)
        parameters.append(sparse: outputs)
        parameters.append(sparse: failures)
    }
}

/// The arrays of idempotency keys, sorted by tenant and key.
struct KeyColumns {
    private var tenants: [Int32] = []
    private var keys: [String] = []
    private var runs: [PostgresUUID] = []
    private var digests: [[UInt8]] = []
    private var lives: [Int64] = []

    mutating func append(_ starts: [RunStart]) {
        let rows = starts.compactMap { run in run.idempotency.map { (run.key, $0) } }
        for (key, record) in rows.sorted(by: { ($0.0.tenant.value, $0.1.key) < ($1.0.tenant.value, $1.1.key) }) {
            tenants.append(key.tenant.value)
            keys.append(record.key)
            runs.append(key.run.uuid)
            digests.append(record.digest)
            lives.append(record.lifetime.microseconds)
        }
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(keys)
        parameters.append(runs)
        parameters.append(digests)
        parameters.append(lives)
        parameters.append(Int64(keys.count))
    }
}

/// Timers that are no tokens, by the step that they stand under.
enum TimerLine {
    static let runDeadline: Int32 = -1

    /// Of a step's due time.
    static func due(_ step: Int32) -> Int32 { -2 - step }

    /// The step whose due time stands there.
    static func step(ofDue line: Int32) -> Int32 { -2 - line }
}

/// Keys of rows to delete; a free one does not depend on its run's being written.
struct GuardedKeys {
    private(set) var tenants: [Int32] = []
    private(set) var runs: [PostgresUUID] = []
    private(set) var free: [Bool] = []

    mutating func append(_ key: RunKey, free isFree: Bool) {
        tenants.append(key.tenant.value)
        runs.append(key.run.uuid)
        free.append(isFree)
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(free)
    }
}

/// The event fragments, one a run.
struct EventColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var fragments: [RawText] = []

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        fragments.reserveCapacity(count)
    }

    mutating func append(_ key: RunKey, _ fragment: [UInt8]) {
        tenants.append(key.tenant.value)
        runs.append(key.run.uuid)
        fragments.append(RawText(fragment))
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(fragments)
    }
}
