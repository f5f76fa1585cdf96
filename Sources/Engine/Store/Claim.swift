/// Free slots of workers that can serve the same buckets, and the buckets.
public struct ClaimRequest: Sendable {
    public var buckets: [ClaimBucket]
    /// One entry for each free slot; a session may stand here more than once.
    public var slots: [SessionID]

    public init(buckets: [ClaimBucket], slots: [SessionID]) {
        self.buckets = buckets
        self.slots = slots
    }
}

/// A bucket to claim from, above a low-water mark.
public struct ClaimBucket: Sendable {
    public var bucket: Bucket
    /// Ranks below it are known to be claimed already (engine rule 14); `Int64.min` scans all.
    public var lowWater: Rank

    public init(bucket: Bucket, lowWater: Rank) {
        self.bucket = bucket
        self.lowWater = lowWater
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
