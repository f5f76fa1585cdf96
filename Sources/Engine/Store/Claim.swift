/// Free slots of workers that can serve the same buckets, and the buckets.
public struct ClaimRequest: Sendable {
    public var buckets: [ClaimBucket]
    /// One entry for each free slot; a session may stand here more than once.
    public var slots: [SessionID]
    /// How many slots the buckets of each share may fill at most, together not more than there are slots. Within a
    /// share the buckets are merged by rank.
    public var shares: [Int]
    /// The buckets' one queue is guarded: the claim takes its lock first. Without it, guarded queues are passed over.
    public var isGuarded: Bool
    /// The buckets, all of one queue, are of task types whose breaker this is: while it is half-open, the claim takes
    /// its lock first, and as many probes as it still allows. Without it, routes whose breaker is not closed are passed over.
    public var breaker: LimitID?
    /// Their tenant has a quota of concurrent steps: the claim counts them, one claim of the tenant after the other.
    public var isCounted: Bool

    public init(
        buckets: [ClaimBucket], slots: [SessionID], shares: [Int]? = nil, isGuarded: Bool = false,
        isCounted: Bool = false, breaker: LimitID? = nil
    ) {
        self.buckets = buckets
        self.slots = slots
        self.shares = shares ?? [slots.count]
        self.isGuarded = isGuarded
        self.breaker = breaker
        self.isCounted = isCounted
    }
}

/// A bucket to claim from, above a low-water mark.
public struct ClaimBucket: Sendable {
    public var bucket: Bucket
    /// Ranks below it are believed to be claimed already (engine rule 14); `Int64.min` scans all. Claims of a strict queue
    /// do so in any case: another node may have given back what stands there.
    public var lowWater: Rank
    /// Which of the request's shares it is filled from.
    public var share: Int

    public init(bucket: Bucket, lowWater: Rank, share: Int = 0) {
        self.bucket = bucket
        self.lowWater = lowWater
        self.share = share
    }
}

/// A bucket with waiting tokens and its lowest rank.
public struct ReadyBucket: Sendable {
    public var bucket: Bucket
    public var lowestRank: Rank

    public init(bucket: Bucket, lowestRank: Rank) {
        self.bucket = bucket
        self.lowestRank = lowestRank
    }
}
