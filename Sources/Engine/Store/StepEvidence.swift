public import Workflows

/// Where a live step's token stands, or a queued run's, with what stands in its way: one reading of the database.
public struct StepEvidence: Sendable, Hashable {
    public enum Place: Sendable, Hashable {
        case ready(ReadyEvidence)
        case leased(worker: String?, since: Timestamp)
        /// A retry waits for its time; with a rate's name, the step for its turn under it.
        case scheduled(due: Timestamp, rate: String?)
        /// For a slot; `nil`: it was let in and is about to start.
        case held(LimitEvidence?)
        /// The breaker of its target is not closed.
        case stopped(BreakerEvidence)
        /// Its run is paused.
        case parked(since: Timestamp)
        /// A run, for its time to start.
        case delayed(DelayEvidence)
        /// For something outside.
        case waiting(since: Timestamp)
    }

    /// `HeldRow.run` for the run itself.
    public var step: Int32
    public var place: Place

    public init(step: Int32, place: Place) {
        self.step = step
        self.place = place
    }
}

/// What a step in a queue waits for.
public struct ReadyEvidence: Sendable, Hashable {
    public var queue: QueueRecord
    public var taskType: String
    public var pool: String
    /// Steps of the same queue and route with a lower rank, counted up to `mostAhead`.
    public var ahead: Int
    /// Attempts of the queue that are leased, where it has a limit.
    public var running: Int
    /// Live workers that serve the route.
    public var workers: Int
    public var since: Timestamp
    /// The breaker of its task type, if that is not closed.
    public var breaker: BreakerEvidence?
    /// The tenant's concurrent steps, where it has a quota of them.
    public var quota: QuotaUse?

    public static let mostAhead = 10_000

    /// No step of the tenant is handed out until one ends.
    public var isOverQuota: Bool { quota.map { $0.used >= $0.limit ?? .max } ?? false }

    public init(
        queue: QueueRecord, taskType: String, pool: String, ahead: Int, running: Int, workers: Int, since: Timestamp,
        breaker: BreakerEvidence? = nil, quota: QuotaUse? = nil
    ) {
        self.breaker = breaker
        self.quota = quota
        self.queue = queue
        self.taskType = taskType
        self.pool = pool
        self.ahead = ahead
        self.running = running
        self.workers = workers
        self.since = since
    }
}

/// A breaker that is not closed.
public struct BreakerEvidence: Sendable, Hashable {
    public var kind: BreakerKind
    /// The task type, or the target.
    public var name: String
    public var phase: Breaker.Phase
    /// When the phase began.
    public var changedAt: Timestamp
    /// Attempts at once at most while it is half-open.
    public var probes: Int32
    /// Steps that wait for it with a lower rank, of one queue; counted up to `ReadyEvidence.mostAhead`.
    public var ahead: Int

    public init(
        kind: BreakerKind, name: String, phase: Breaker.Phase, changedAt: Timestamp, probes: Int32, ahead: Int
    ) {
        self.kind = kind
        self.name = name
        self.phase = phase
        self.changedAt = changedAt
        self.probes = probes
        self.ahead = ahead
    }
}

/// What a run waits for that does not start yet.
public struct DelayEvidence: Sendable, Hashable {
    /// Of its throttle or debounce.
    public var name: String
    public var isThrottle: Bool
    public var due: Timestamp
    public var since: Timestamp

    public init(name: String, isThrottle: Bool, due: Timestamp, since: Timestamp) {
        self.name = name
        self.isThrottle = isThrottle
        self.due = due
        self.since = since
    }
}

/// Who has the slots that a token waits for.
public struct LimitEvidence: Sendable, Hashable {
    public struct Holder: Sendable, Hashable {
        public var run: RunID
        /// `HeldRow.run` where the run itself has it.
        public var step: Int32
        public var since: Timestamp

        public init(run: RunID, step: Int32, since: Timestamp) {
            self.run = run
            self.step = step
            self.since = since
        }
    }

    public var name: String
    public var level: LimitLevel
    public var slots: Int32
    /// The longest first, at most `mostHolders`.
    public var holders: [Holder]
    /// Tokens that wait for the same limit with a lower rank, counted up to `ReadyEvidence.mostAhead`.
    public var ahead: Int
    public var since: Timestamp

    public static let mostHolders = 20

    public init(name: String, level: LimitLevel, slots: Int32, holders: [Holder], ahead: Int, since: Timestamp) {
        self.name = name
        self.level = level
        self.slots = slots
        self.holders = holders
        self.ahead = ahead
        self.since = since
    }
}

/// Tells why steps wait.
public protocol EvidenceReader: Sendable {
    /// The tokens of a run, by step.
    func evidence(of run: RunKey) async throws(StoreError) -> [StepEvidence]
    /// Approvals that wait, the longest first.
    func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> [WaitingApproval]
}
