/// The engine's settings; every one has a default that fits a small node.
public struct EngineConfiguration: Sendable {
    /// Commit lanes; each has one commit in flight at most.
    public var lanes = 2
    /// Batches that a lane has at once: while one is written, the next one is gathered, and the last one is answered.
    public var laneBatches = 2
    /// Beside a batch that is being written, the next one is begun, or gets more, when so many commands wait.
    public var eagerCommands = 64
    /// Commands of one batch at most.
    public var batchRuns = 500
    /// Bytes of commands in one batch at most (the first command always fits).
    public var batchBytes = 1 << 20
    /// Commands that wait in one lane at most; beyond it callers are told `overloaded`.
    public var laneCommands = 20_000
    /// Bytes of commands that wait in one lane at most.
    public var laneBytes = 64 << 20
    /// How long a caller's command waits for the database before it is answered `unavailable`.
    public var commandTimeout: Duration = .seconds(30)
    /// The longest wait of lanes and dispatcher between two tries while the database is away: so soon after it is back,
    /// work goes on.
    public var outagePause: Duration = .milliseconds(600)
    /// Memory for runs in flight, over all lanes.
    public var runCacheBytes = 32 << 20
    /// Compiled definitions kept.
    public var planCacheCount = 1_000
    /// How long "the newest version of a workflow" is believed before the catalog is asked again.
    public var newestVersionLifetime: Duration = .milliseconds(500)

    /// The lease of a worker session.
    public var lease: Duration = .seconds(15)
    /// How often a node renews the sessions that it heard from.
    public var renewalInterval: Duration = .seconds(5)
    /// An assignment not answered by `Started` within this time is revoked.
    public var startTimeout: Duration = .seconds(5)
    /// How long after its own time limit an attempt is ended by the server, should the worker not have done it.
    public var attemptGrace: Duration = .seconds(15)
    public var rescueInterval: Duration = .seconds(2)
    public var rescueLimit = 500
    /// How often a node looks for leases of its sessions that it does not know.
    public var auditInterval: Duration = .seconds(10)
    public var timerLimit = 500
    /// The longest sleep of the timer service.
    public var timerInterval: Duration = .seconds(1)
    public var inboxInterval: Duration = .seconds(1)
    public var inboxAge: Duration = .seconds(1)
    public var inboxLimit = 500
    /// How often the event log is read when no wake comes.
    public var eventInterval: Duration = .seconds(1)
    public var eventLimit = 200
    /// Commits and bytes of a tenant's events that are kept for its readers; one that is further behind is told to
    /// resynchronise.
    public var feedRows = 1024
    public var feedBytes = 4 << 20
    /// How often all buckets with waiting tokens are looked up: the backstop behind wakes and low-water marks.
    public var scanInterval: Duration = .seconds(3)
    /// Tokens claimed at once at most: the next claim is under way while the tasks of the last one are put together, so that
    /// claims of a part of all slots keep the store, the node and its workers busy at once.
    public var claimLimit = 250
    /// How often the settings of queues are read again: the backstop behind the event log.
    public var queueRefreshInterval: Duration = .seconds(3)
    /// How often slots that a dying node left behind are looked for.
    public var limitSweepInterval: Duration = .seconds(5)
    /// Limits that one sweep looks at.
    public var limitSweepCount = 500
    /// How often breakers are looked at: the backstop behind their own times and the event log.
    public var breakerInterval: Duration = .seconds(3)
    /// Breakers that one pass makes half-open at most.
    public var breakerLimit = 100
    /// How often the tenants' quotas are read again; a change on another node is felt after so long.
    public var quotaRefreshInterval: Duration = .seconds(1)
    /// How often the active runs of tenants with a quota are counted anew.
    public var quotaRecountInterval: Duration = .seconds(30)
    /// How often the stored bytes of tenants with a quota of them are counted anew, which reads all of their runs.
    public var byteRecountInterval: Duration = .seconds(3600)
    /// Tokens that one statement re-ranks at most.
    public var reorderLimit = 1_000
    /// How long an idempotency key is remembered, unless the command says otherwise.
    public var idempotencyLifetime: Duration = .seconds(86_400)

    public init() {}
}
