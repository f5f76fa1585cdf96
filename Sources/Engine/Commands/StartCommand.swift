public import Workflows

/// Start one run.
public struct StartCommand: Sendable {
    public var tenant: TenantID
    public var workflow: String
    /// The newest version when `nil`.
    public var version: Int32?
    /// JSON text, valid UTF-8 JSON; an object.
    public var input: [UInt8]
    /// Under this key the run starts at most once.
    public var idempotency: IdempotencyRecord?
    /// The run's id, when the caller chose it: a second start with it is answered as the first.
    public var run: RunID?
    /// W3C `traceparent` of the submission.
    public var traceparent: String?
    /// JSON object of strings.
    public var labels: [UInt8]?
    /// The run's priority, within `Standing.priorities`; the definition's when `nil`.
    public var priority: Int32?
    /// How long from now the run should take at most, for queues that order by deadline; the definition's when `nil`.
    public var deadline: Duration?

    public init(
        tenant: TenantID, workflow: String, version: Int32? = nil, input: [UInt8],
        idempotency: IdempotencyRecord? = nil, run: RunID? = nil, traceparent: String? = nil, labels: [UInt8]? = nil,
        priority: Int32? = nil, deadline: Duration? = nil
    ) {
        self.tenant = tenant
        self.workflow = workflow
        self.version = version
        self.input = input
        self.idempotency = idempotency
        self.run = run
        self.traceparent = traceparent
        self.labels = labels
        self.priority = priority
        self.deadline = deadline
    }
}

/// A run that is durable.
public struct Started: Sendable, Hashable {
    public var run: RunID
    public var workflow: String
    public var version: Int32
    /// `false` when the idempotency key (or the chosen id) had started this run before.
    public var created: Bool
    /// The run's state after its first commit, when this command created it.
    public var state: RunLifecycle?
    /// Quotas that the tenant has nearly used up.
    public var warnings: [QuotaUse] = []

    public init(run: RunID, workflow: String, version: Int32, created: Bool, state: RunLifecycle?) {
        self.run = run
        self.workflow = workflow
        self.version = version
        self.created = created
        self.state = state
    }
}
