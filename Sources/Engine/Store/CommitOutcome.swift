public import Workflows

/// What became of each run of a batch.
public struct CommitOutcome: Sendable {
    /// Runs that were not written, and why; every other run of the batch is durable.
    public var excluded: [RunKey: Exclusion]
    /// Fast-path leases that were granted; asked-for leases that are missing here stand in `ready`.
    public var leased: [LeasedTask]
    /// Attempts whose lease a drop took away: their workers are told to stop.
    public var dropped: [AttemptFence]
    /// Buckets that received tokens of resumed runs.
    public var resumed: [ReadyBucket]
    /// Limits to be looked at once more (`LimitStore.admit`): tokens of resumed runs wait for their slots, or tokens that
    /// need a slot of a limit besides which this commit has not locked.
    public var limits: [LimitID]
    /// Tokens that got a slot in this commit: this batch's own, and those that waited for what it gave back.
    public var admissions: Admissions
    /// A breaker of a task type has changed.
    public var breakersChanged = false
    /// The commit's time on the store's clock.
    public var committedAt: Timestamp

    public init(
        excluded: [RunKey: Exclusion] = [:], leased: [LeasedTask] = [], dropped: [AttemptFence] = [],
        resumed: [ReadyBucket] = [], limits: [LimitID] = [], admissions: Admissions = Admissions(),
        committedAt: Timestamp
    ) {
        self.excluded = excluded
        self.leased = leased
        self.dropped = dropped
        self.resumed = resumed
        self.limits = limits
        self.admissions = admissions
        self.committedAt = committedAt
    }

    public enum Exclusion: Sendable {
        /// The revision moved on: reload, apply again.
        case lostRace
        /// These attempts are no longer leased to the session that finished them.
        case staleFences([AttemptFence])
        /// The idempotency key (or run id) is taken by this run; `sameBody` tells success from conflict.
        case duplicate(of: RunID, sameBody: Bool)
        /// The run's limit has no slot free, and its definition says not to wait.
        case conflict(limit: String)
        /// The run's throttle has no start left in its window, and its definition says not to wait.
        case throttled(name: String, retryAfter: Duration)
        /// The tenant's quota of active runs is used up.
        case overQuota
        /// The database refused this run's data (SQLSTATE class 22 or 23).
        case refused(code: String, detail: String)
    }
}

/// A token that moved to `attempts`: what an assignment needs besides the run itself.
public struct LeasedTask: Sendable {
    public var fence: AttemptFence
    public var bucket: Bucket
    public var rank: Rank
    public var losses: Int16
    public var enqueuedAt: Timestamp
    public var leasedAt: Timestamp

    public init(
        fence: AttemptFence, bucket: Bucket, rank: Rank, losses: Int16, enqueuedAt: Timestamp, leasedAt: Timestamp
    ) {
        self.fence = fence
        self.bucket = bucket
        self.rank = rank
        self.losses = losses
        self.enqueuedAt = enqueuedAt
        self.leasedAt = leasedAt
    }
}
