internal import Engine
internal import Postgres
internal import Workflows

/// The arrays of finished attempts.
struct FenceColumns {
    private(set) var tenants: [Int32] = []
    private(set) var runs: [PostgresUUID] = []
    private(set) var steps: [Int32] = []
    private(set) var attempts: [Int32] = []
    private(set) var sessions: [PostgresUUID] = []

    init() {}

    init(_ fences: [AttemptFence]) {
        for fence in fences { append(fence) }
    }

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        steps.reserveCapacity(count)
        attempts.reserveCapacity(count)
        sessions.reserveCapacity(count)
    }

    mutating func append(_ fence: AttemptFence) {
        tenants.append(fence.key.tenant.value)
        runs.append(fence.key.run.uuid)
        steps.append(fence.step)
        attempts.append(fence.attempt)
        sessions.append(fence.session.uuid)
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(steps)
        parameters.append(attempts)
        parameters.append(sessions)
    }
}

/// The arrays of recorded transitions.
struct TransitionColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var revisions: [Int64] = []
    private var steps: [Int32] = []
    private var attempts: [Int32] = []
    private var states: [Int16] = []
    private var outputBytes: [Int32?] = []
    private var outputs: [RawText?] = []
    private var failures: [RawText?] = []
    private var retries: [PostgresTimestamp?] = []
    private var sessions: [PostgresUUID?] = []
    private var workers: [String?] = []
    private var enqueued: [PostgresTimestamp?] = []
    private var leased: [PostgresTimestamp?] = []
    private var started: [PostgresTimestamp?] = []
    private var times: [PostgresTimestamp] = []

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        revisions.reserveCapacity(count)
        steps.reserveCapacity(count)
        attempts.reserveCapacity(count)
        states.reserveCapacity(count)
        outputBytes.reserveCapacity(count)
        outputs.reserveCapacity(count)
        failures.reserveCapacity(count)
        retries.reserveCapacity(count)
        sessions.reserveCapacity(count)
        workers.reserveCapacity(count)
        enqueued.reserveCapacity(count)
        leased.reserveCapacity(count)
        started.reserveCapacity(count)
        times.reserveCapacity(count)
    }

    mutating func append(_ row: TransitionRow) {
        let transition = row.transition
        tenants.append(row.key.tenant.value)
        runs.append(row.key.run.uuid)
        revisions.append(transition.revision)
        steps.append(transition.step)
        attempts.append(transition.attempt)
        states.append(transition.state.rawValue)
        outputBytes.append(transition.output.map { Int32(clamping: $0.count) })
        outputs.append(transition.output.flatMap { $0.count > InlineLimit.step ? nil : RawText($0) })
        failures.append(transition.failure.map { RawText($0.databaseText) })
        retries.append(transition.retryDue?.postgres)
        sessions.append(row.session?.uuid)
        workers.append(row.worker)
        enqueued.append(row.enqueuedAt?.postgres)
        leased.append(row.leasedAt?.postgres)
        started.append(row.startedAt?.postgres)
        times.append(transition.at.postgres)
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(revisions)
        parameters.append(steps)
        parameters.append(attempts)
        parameters.append(states)
        parameters.append(sparse: outputBytes)
        parameters.append(sparse: outputs)
        parameters.append(sparse: failures)
        parameters.append(sparse: retries)
        parameters.append(sparse: sessions)
        parameters.append(sparse: workers)
        parameters.append(sparse: enqueued)
        parameters.append(sparse: leased)
        parameters.append(sparse: started)
        parameters.append(times)
    }
}

/// The arrays of texts that are too long for the row that they belong to.
struct PayloadColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var kinds: [Int16] = []
    private var steps: [Int32] = []
    private var revisions: [Int64] = []
    private var contents: [RawText] = []

    mutating func append(_ key: RunKey, kind: PayloadKind, step: Int32, revision: Int64, _ content: [UInt8]) {
        tenants.append(key.tenant.value)
        runs.append(key.run.uuid)
        kinds.append(kind.rawValue)
        steps.append(step)
        revisions.append(revision)
        contents.append(RawText(content))
    }

    func bind(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(kinds)
        parameters.append(steps)
        parameters.append(revisions)
        parameters.append(contents)
    }
}

/// The arrays of new tokens, in `ready` or in `timers`.
struct TokenColumns {
    private var tenants: [Int32] = []
    private var runs: [PostgresUUID] = []
    private var queues: [Int32] = []
    private var routes: [Int32] = []
    private var ranks: [Int64] = []
    private var steps: [Int32] = []
    private var attempts: [Int32] = []
    private var losses: [Int16] = []
    private var leases: [PostgresUUID?] = []
    private var fragments: [RawText?] = []
    var delays: [Int64] = []
    var limits: [PostgresUUID?] = []
    var rates: [PostgresUUID?] = []

    mutating func reserve(_ count: Int) {
        tenants.reserveCapacity(count)
        runs.reserveCapacity(count)
        queues.reserveCapacity(count)
        routes.reserveCapacity(count)
        ranks.reserveCapacity(count)
        steps.reserveCapacity(count)
        attempts.reserveCapacity(count)
        losses.reserveCapacity(count)
        leases.reserveCapacity(count)
        fragments.reserveCapacity(count)
    }

    mutating func append(_ row: ReadyRow) {
        tenants.append(row.key.tenant.value)
        runs.append(row.key.run.uuid)
        queues.append(row.bucket.queue.value)
        routes.append(row.bucket.route.value)
        ranks.append(row.rank)
        steps.append(row.step)
        attempts.append(row.attempt)
        losses.append(row.losses)
        leases.append(row.lease?.uuid)
        // What the event row says in addition if the lease is granted.
        fragments.append(row.lease == nil ? nil : RawText(Self.leaseFragment(of: row)))
    }

    /// What the event row says in addition if the lease is granted.
    private static func leaseFragment(of row: ReadyRow) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(80)
        text.append(contentsOf: #"{"r":""#.utf8)
        row.key.run.bytes.appendUUIDText(to: &text)
        text.append(contentsOf: #"","t":[["#.utf8)
        text.append(contentsOf: String(row.step).utf8)
        text.append(contentsOf: #","running","#.utf8)
        text.append(contentsOf: String(row.attempt + 1).utf8)
        text.append(contentsOf: "]]}".utf8)
        return text
    }

    /// A row that is no token.
    mutating func appendDue(_ key: RunKey, _ line: Int32) {
        tenants.append(key.tenant.value)
        runs.append(key.run.uuid)
        queues.append(0)
        routes.append(0)
        ranks.append(0)
        steps.append(line)
        attempts.append(0)
        losses.append(0)
    }

    func bindReady(into parameters: inout PostgresParameters, leases isLeasing: Bool) {
        bindToken(into: &parameters)
        guard isLeasing else { return }
        parameters.append(sparse: leases)
        parameters.append(sparse: fragments)
        parameters.append(Array(1...Int32(max(1, tenants.count))))
    }

    func bindTimers(into parameters: inout PostgresParameters) {
        bindToken(into: &parameters)
        parameters.append(delays)
        parameters.append(sparse: limits)
        parameters.append(sparse: rates)
    }

    private func bindToken(into parameters: inout PostgresParameters) {
        parameters.append(tenants)
        parameters.append(runs)
        parameters.append(queues)
        parameters.append(routes)
        parameters.append(ranks)
        parameters.append(steps)
        parameters.append(attempts)
        parameters.append(losses)
    }
}
