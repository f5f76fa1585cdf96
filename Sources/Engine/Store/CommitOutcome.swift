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
    /// The commit's time on the store's clock.
    public var committedAt: Timestamp

    public init(
        excluded: [RunKey: Exclusion] = [:], leased: [LeasedTask] = [], dropped: [AttemptFence] = [],
        resumed: [ReadyBucket] = [], committedAt: Timestamp
    ) {
        self.excluded = excluded
        self.leased = leased
        self.dropped = dropped
        self.resumed = resumed
        self.committedAt = committedAt
    }

    public enum Exclusion: Sendable {
        /// The revision moved on: reload, apply again.
        case lostRace
        /// These attempts are no longer leased to the session that finished them.
        case staleFences([AttemptFence])
        /// The idempotency key (or run id) is taken by this run; `sameBody` tells success from conflict.
        case duplicate(of: RunID, sameBody: Bool)
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
