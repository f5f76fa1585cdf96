public import Workflows

/// A limit within its tenant, by a digest of its level and name: every node finds it without asking.
public struct LimitID: Hashable, Sendable {
    public var tenant: TenantID
    public var digest: RunID.Bytes

    public init(tenant: TenantID, digest: RunID.Bytes) {
        self.tenant = tenant
        self.digest = digest
    }

    /// FNV-1a over 128 bits of tenant, level and name. Names are a tenant's own, so nobody but the tenant could gain by a
    /// collision.
    public init(tenant: TenantID, level: LimitLevel, name: String) {
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b
        hash = (hash ^ UInt128(UInt32(bitPattern: tenant.value))) &* prime
        hash = (hash ^ UInt128(UInt8(level.rawValue))) &* prime
        for byte in name.utf8 { hash = (hash ^ UInt128(byte)) &* prime }
        self.init(
            tenant: tenant,
            digest: RunID.Bytes(high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash)))
    }

    /// The order in which limits are locked.
    public static func precedes(_ left: Self, _ right: Self) -> Bool {
        (left.tenant, left.digest.high, left.digest.low) < (right.tenant, right.digest.high, right.digest.low)
    }
}

/// What takes the slots of a limit, or the tokens of a rate.
public enum LimitLevel: Int16, Sendable, CaseIterable {
    case run = 1
    case step = 2
    /// A rate of steps.
    case rate = 3
    /// Starts of runs in windows.
    case throttle = 4
    /// Starts of runs after quiet.
    case debounce = 5
    /// Steps at a target that has a breaker: the breaker sets the slots.
    case breaker = 6
    /// Names the breaker of a task type; nothing waits in its line.
    case taskType = 7
}

/// A rate as a definition states it.
public struct Rate: Hashable, Sendable {
    public var id: LimitID
    /// For people.
    public var name: String
    public var bucket: TokenBucket

    public init(tenant: TenantID, name: String, bucket: TokenBucket) {
        id = LimitID(tenant: tenant, level: .rate, name: name)
        self.name = name
        self.bucket = bucket
    }
}

/// A limit as a definition states it; of several versions the newest counts.
public struct Limit: Hashable, Sendable {
    public var id: LimitID
    public var level: LimitLevel
    /// For people.
    public var name: String
    public var slots: Int32
    /// The version that states it.
    public var flow: FlowVersionID

    public init(tenant: TenantID, level: LimitLevel, name: String, slots: Int32, flow: FlowVersionID) {
        id = LimitID(tenant: tenant, level: level, name: name)
        self.level = level
        self.name = name
        self.slots = slots
        self.flow = flow
    }
}

/// A token that waits for a slot: of a step, or (with no step) of a run that is queued. The transaction that writes it
/// also hands out what is free, so it may leave at once.
///
/// A step with two limits waits in the line of one of them, which is full, and has a slot of neither; it gets both at
/// once.
public struct HeldRow: Sendable {
    public var token: ReadyRow
    public var limit: Limit
    /// The other limit of which a step needs a slot.
    public var joint: Limit?
    public var onConflict: ConflictPolicy

    /// A run's token is of this step.
    public static let run: Int32 = -1

    public init(token: ReadyRow, limit: Limit, joint: Limit? = nil, onConflict: ConflictPolicy = .queue) {
        self.token = token
        self.limit = limit
        self.joint = joint
        self.onConflict = onConflict
    }
}

/// The slot that a step, or (with no step) a run, gives back. A step with two limits gives back both at once: each is
/// named, so that it is handed on.
public struct LimitRelease: Hashable, Sendable {
    public var key: RunKey
    public var step: Int32
    public var limit: LimitID

    public init(key: RunKey, step: Int32, limit: LimitID) {
        self.key = key
        self.step = step
        self.limit = limit
    }
}

/// Why a run is cancelled that had to make room (`ConflictPolicy.cancelRunning`).
public enum SupersededRun {
    public static let reason = "a newer run of its concurrency key has taken its place"
}

/// What became of the tokens that waited.
public struct Admissions: Sendable {
    /// Buckets into which steps were let.
    public var ready: [ReadyBucket]
    /// Messages to runs that were let in, or must go for others; durable, to be applied as soon as may be.
    public var messages: [InboxMessage]
    /// How many tokens were let in.
    public var count: Int

    public init(ready: [ReadyBucket] = [], messages: [InboxMessage] = [], count: Int = 0) {
        self.ready = ready
        self.messages = messages
        self.count = count
    }

    public var isEmpty: Bool { ready.isEmpty && messages.isEmpty }

    /// What became of others.
    public mutating func add(_ other: Admissions) {
        ready += other.ready
        messages += other.messages
        count += other.count
    }
}

/// The limits of keys: who has a slot, and who waits (engine rule 17).
public protocol LimitStore: Sendable {
    /// Hands out the free slots of these limits, each to the best token that waits for it.
    func admit(_ limits: [LimitID]) async throws(StoreError) -> Admissions
    /// The backstop: hands out free slots wherever somebody waits, and forgets limits that nobody uses.
    func sweepLimits(limit: Int) async throws(StoreError) -> LimitSweep
}

/// What the backstop found.
public struct LimitSweep: Sendable {
    public var admissions: Admissions
    /// Tokens that waited although a slot was free; 0 unless a node died at the wrong moment.
    public var missed: Int

    public init(admissions: Admissions, missed: Int) {
        self.admissions = admissions
        self.missed = missed
    }
}
