public import Filters
public import Workflows

/// Lists and details for people: a separate port on a pool of its own, so that looking never starves the engine.
public protocol RunReader: Sendable {
    /// Newest first; `before` is the last run of the page before.
    func runs(_ query: RunQuery, tenant: TenantID) async throws(StoreError) -> [RunSummary]
    /// At most `limit` of the runs that pass the filter too, and where to go on.
    func page(_ query: RunQuery, passing filter: [FilterPredicate], tenant: TenantID) async throws(StoreError)
        -> RunPage
    func run(_ key: RunKey) async throws(StoreError) -> RunDetail?
    func logs(_ query: LogQuery) async throws(StoreError) -> [LogLine]
    func workflows(after name: String?, limit: Int, tenant: TenantID) async throws(StoreError) -> [WorkflowSummary]
    func versions(of name: String, tenant: TenantID) async throws(StoreError) -> [AppliedVersion]
    func workers(tenant: TenantID) async throws(StoreError) -> [WorkerSummary]
    /// Counts of runs by state within the window, of ready, leased and scheduled tokens now, of live workers.
    func overview(window: Duration, tenant: TenantID) async throws(StoreError) -> Overview
    /// What is in the tenant's queues now; those in which nothing is are left out.
    func queueLoads(tenant: TenantID) async throws(StoreError) -> [QueueID: QueueLoad]
}

public struct RunQuery: Sendable {
    public var states: [RunLifecycle] = []
    public var workflow: String?
    public var before: RunID?
    public var limit: Int

    public init(states: [RunLifecycle] = [], workflow: String? = nil, before: RunID? = nil, limit: Int) {
        self.states = states
        self.workflow = workflow
        self.before = before
        self.limit = limit
    }
}

public struct RunSummary: Sendable {
    public var key: RunKey
    public var workflow: String
    public var version: Int32
    public var state: RunLifecycle
    public var createdAt: Timestamp
    public var endedAt: Timestamp?
    public var failure: StepFailure?

    public init(
        key: RunKey, workflow: String, version: Int32, state: RunLifecycle, createdAt: Timestamp, endedAt: Timestamp?,
        failure: StepFailure?
    ) {
        self.key = key
        self.workflow = workflow
        self.version = version
        self.state = state
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.failure = failure
    }
}

public struct RunDetail: Sendable {
    public var summary: RunSummary
    public var flow: FlowVersionID
    public var revision: Int64
    public var input: [UInt8]
    public var output: [UInt8]?
    public var traceparent: String?
    /// The run that this one repeats.
    public var origin: RunID?
    /// Every recorded transition and finished or lost attempt.
    public var history: [TransitionRow]
    /// Where each live step's token stands.
    public var tokens: [LiveToken]

    public init(
        summary: RunSummary, flow: FlowVersionID, revision: Int64, input: [UInt8], output: [UInt8]?,
        traceparent: String?, origin: RunID? = nil, history: [TransitionRow], tokens: [LiveToken]
    ) {
        self.summary = summary
        self.flow = flow
        self.revision = revision
        self.input = input
        self.output = output
        self.traceparent = traceparent
        self.origin = origin
        self.history = history
        self.tokens = tokens
    }
}

/// The one row that a live step has.
public struct LiveToken: Sendable {
    public var step: Int32
    /// `ready`, `running` or `scheduled`.
    public var state: StepState
    public var attempt: Int32
    public var worker: String?
    public var enqueuedAt: Timestamp?
    public var leasedAt: Timestamp?
    public var dueAt: Timestamp?

    public init(
        step: Int32, state: StepState, attempt: Int32, worker: String?, enqueuedAt: Timestamp?, leasedAt: Timestamp?,
        dueAt: Timestamp?
    ) {
        self.step = step
        self.state = state
        self.attempt = attempt
        self.worker = worker
        self.enqueuedAt = enqueuedAt
        self.leasedAt = leasedAt
        self.dueAt = dueAt
    }
}

public struct LogQuery: Sendable {
    public var key: RunKey
    public var step: Int32?
    public var attempt: Int32?
    /// Opaque to callers: the position after which the page begins, in (step, attempt, sequence) order.
    public var after: LogPosition?
    public var limit: Int

    public init(key: RunKey, step: Int32? = nil, attempt: Int32? = nil, after: LogPosition? = nil, limit: Int) {
        self.key = key
        self.step = step
        self.attempt = attempt
        self.after = after
        self.limit = limit
    }
}

public struct LogPosition: Sendable, Hashable {
    public var step: Int32
    public var attempt: Int32
    public var sequence: Int64

    public init(step: Int32, attempt: Int32, sequence: Int64) {
        self.step = step
        self.attempt = attempt
        self.sequence = sequence
    }
}

public struct WorkflowSummary: Sendable {
    public var name: String
    public var version: Int32
    public var appliedAt: Timestamp

    public init(name: String, version: Int32, appliedAt: Timestamp) {
        self.name = name
        self.version = version
        self.appliedAt = appliedAt
    }
}

public struct AppliedVersion: Sendable {
    public var version: Int32
    public var flow: FlowVersionID
    public var digest: [UInt8]
    public var appliedAt: Timestamp

    public init(version: Int32, flow: FlowVersionID, digest: [UInt8], appliedAt: Timestamp) {
        self.version = version
        self.flow = flow
        self.digest = digest
        self.appliedAt = appliedAt
    }
}

public struct WorkerSummary: Sendable {
    public var session: SessionID
    public var worker: String
    public var node: SessionID
    public var connectedAt: Timestamp
    public var leasedUntil: Timestamp
    public var running: Int
    public var capabilities: [UInt8]

    public init(
        session: SessionID, worker: String, node: SessionID, connectedAt: Timestamp, leasedUntil: Timestamp,
        running: Int, capabilities: [UInt8]
    ) {
        self.session = session
        self.worker = worker
        self.node = node
        self.connectedAt = connectedAt
        self.leasedUntil = leasedUntil
        self.running = running
        self.capabilities = capabilities
    }
}

public struct Overview: Sendable {
    public var runs: [RunLifecycle: Int]
    public var ready: Int
    public var running: Int
    public var scheduled: Int
    public var workers: Int

    public init(runs: [RunLifecycle: Int], ready: Int, running: Int, scheduled: Int, workers: Int) {
        self.runs = runs
        self.ready = ready
        self.running = running
        self.scheduled = scheduled
        self.workers = workers
    }
}
