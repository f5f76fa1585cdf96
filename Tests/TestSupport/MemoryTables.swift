import Engine
import Workflows

/// The rows of the store in memory. Every live step has one token, in `ready`, `attempts`, `timers`,
/// `waits` or `held`.
struct MemoryTables: Sendable {
    struct Run: Sendable {
        var flow: FlowVersionID
        var state: RunLifecycle
        var revision: Int64
        var input: [UInt8]
        var traceparent: String?
        var parent: RunContext.Parent?
        var depth: Int32
        var origin: RunID?
        var labels: [UInt8]?
        var urgency = Urgency.usual
        var createdAt: Timestamp
        var ending: RunEnding?
        var history: [TransitionRow]
    }

    struct TokenKey: Hashable, Sendable {
        var run: RunKey
        var step: Int32
    }

    struct ReadyToken: Sendable {
        var row: ReadyRow
        var enqueuedAt: Timestamp
    }

    struct AttemptToken: Sendable {
        var row: ReadyRow
        var fence: AttemptFence
        var enqueuedAt: Timestamp
        var leasedAt: Timestamp

        var leased: LeasedTask {
            LeasedTask(
                fence: fence, bucket: row.bucket, rank: row.rank, losses: row.losses, enqueuedAt: enqueuedAt,
                leasedAt: leasedAt)
        }
    }

    struct TimerToken: Sendable {
        var row: ReadyRow
        var due: Timestamp
        var limit: LimitID?
        var joint: LimitID?
        var rate: String?
    }

    struct Session: Sendable {
        var record: SessionRecord
        var leasedUntil: Timestamp
        var connectedAt: Timestamp
    }

    struct IdempotencyKey: Hashable, Sendable {
        var tenant: TenantID
        var key: String
    }

    struct IdempotencyRow: Sendable {
        var run: RunID
        var digest: [UInt8]
        var expires: Timestamp
    }

    struct BreakerRow: Sendable {
        var record: BreakerRecord
        /// The version whose terms count.
        var flow: FlowVersionID
    }

    var runs: [RunKey: Run] = [:]
    var breakers: [LimitID: BreakerRow] = [:]
    var idempotency: [IdempotencyKey: IdempotencyRow] = [:]
    var ready: [TokenKey: ReadyToken] = [:]
    var attempts: [TokenKey: AttemptToken] = [:]
    var timers: [TokenKey: TimerToken] = [:]
    var waits: [TokenKey: WaitRow] = [:]
    /// When a step has begun to wait.
    var waitingSince: [TokenKey: Timestamp] = [:]
    var held: [TokenKey: HeldToken] = [:]
    /// By a pause.
    var parked: [TokenKey: ParkedToken] = [:]
    var dues: [TokenKey: Timestamp] = [:]
    var limits: [LimitID: LimitState] = [:]
    /// Of each step, or run, the limits of which it has a slot.
    var slotHolders: [TokenKey: Set<LimitID>] = [:]
    /// Limits of which the transaction under way has freed slots by the way.
    var freedLimits: Set<LimitID> = []
    /// Up to when starts under a rate are spoken for.
    var rates: [LimitID: Timestamp] = [:]
    /// Windows of throttles; their starts are times of the store.
    var windows: [LimitID: StartWindow] = [:]
    /// The newest run of each succession, and when the first was asked for.
    var successions: [LimitID: (run: RunKey, since: Timestamp)] = [:]
    var outcomes: [OutcomeKey: Outcome] = [:]
    /// Steps that wait for a key.
    var followers: [OutcomeKey: Set<StepKey>] = [:]
    var deadlines: [RunKey: Timestamp] = [:]
    var deadLetters: [MemoryDeadLetter] = []
    var sessions: [SessionID: Session] = [:]
    var inbox: [InboxID: (message: InboxMessage, at: Timestamp)] = [:]
    var events: [EventRow] = []
    var tenants: [String: TenantID] = [:]
    var definitions: [StoredDefinition] = []
    var interned: [String: Int32] = [:]
    var queues: [QueueID: QueueRecord] = [:]
    var declaredQueues: Set<QueueID> = []
    var deletedQueues: Set<QueueID> = []
    /// Queues whose order has changed, and when.
    var reordered: [QueueID: Timestamp] = [:]
    var tenantWeights: [TenantID: Int32] = [:]
    var quotas = MemoryQuotas()
    /// What must never happen; `audit` reports it.
    var violations: [String] = []
    /// Tokens that the transaction under way returned to `ready`.
    var returned: [StoreTransaction.Token] = []
    /// Tokens that it moved otherwise.
    var moved: [StoreTransaction.Move] = []
    /// Messages that the store itself has written.
    var messageCount: UInt64 = 0
    /// The transaction under way has had no effect, though it was answered.
    var isLost = false
    let planted: PlantedFault?

    private let refuses: @Sendable (TransitionRow) -> Bool

    init(
        planted: PlantedFault? = nil, refuses: @escaping @Sendable (TransitionRow) -> Bool = { _ in false }
    ) {
        self.planted = planted
        self.refuses = refuses
    }

    /// Runs whose data the database does not take.
    func refused(_ rows: [TransitionRow]) -> Set<RunKey> { Set(rows.filter(refuses).map(\.key)) }

    private(set) var now = Timestamp(microseconds: 0)
    private(set) var transaction: UInt64 = 1
    /// The event rows of the transaction under way.
    private var fragments: [TenantID: [[UInt8]]] = [:]
    private var wakes: [TenantID: [Bucket: Rank]] = [:]
    private var changedQueues: [TenantID: [QueueID]] = [:]

    mutating func begin(at time: Timestamp) {
        now = max(now, time)
        fragments = [:]
        wakes = [:]
        changedQueues = [:]
        returned = []
        moved = []
        isLost = false
    }

    /// Writes the transaction's event rows, and answers them.
    mutating func end() -> ArraySlice<EventRow> {
        let first = events.count
        let tenants = Set(fragments.keys).union(wakes.keys).union(changedQueues.keys)
        for tenant in tenants.sorted() {
            let parts = fragments[tenant] ?? []
            events.append(
                EventRow(
                    position: EventPosition(epoch: 1, transaction: transaction, tenant: tenant), at: now,
                    wakes: (wakes[tenant] ?? [:]).map { ReadyBucket(bucket: $0.key, lowestRank: $0.value) },
                    queues: changedQueues[tenant] ?? [],
                    payload: Array("[".utf8) + Array(parts.joined(separator: [UInt8(ascii: ",")])) + Array("]".utf8)))
        }
        if !tenants.isEmpty { transaction += 1 }
        return events[first...]
    }

    /// The index of the first event row after a position.
    func firstEvent(after position: EventPosition) -> Int {
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func note(queue: QueueID, tenant: TenantID) { changedQueues[tenant, default: []].append(queue) }

    mutating func wake(_ bucket: Bucket, rank: Rank) {
        wakes[bucket.tenant, default: [:]][bucket] = min(wakes[bucket.tenant]?[bucket] ?? .max, rank)
    }

    mutating func note(_ fragment: [UInt8], tenant: TenantID) { fragments[tenant, default: []].append(fragment) }

    /// A token move, which does not touch the run.
    mutating func note(_ key: RunKey, step: Int32, _ state: StepState, attempt: Int32) {
        let fragment = EventFragment(
            run: key.run, revision: nil, state: nil, flow: nil,
            steps: [EventFragment.StepChange(step: step, state: state, attempt: attempt)])
        note(fragment.json, tenant: key.tenant)
    }

    mutating func intern(_ name: String) -> Int32 {
        if let known = interned[name] { return known }
        let id = Int32(interned.count + 1)
        interned[name] = id
        return id
    }

    // MARK: Tokens

    mutating func insertReady(_ row: ReadyRow) {
        let key = TokenKey(run: row.key, step: row.step)
        requireNoToken(key)
        var row = row
        row.lease = nil
        ready[key] = ReadyToken(row: row, enqueuedAt: now)
        wake(row.bucket, rank: row.rank)
    }

    /// Moves a token that left `ready` (or was never there) to `attempts`.
    mutating func lease(_ token: ReadyToken, to session: SessionID) -> LeasedTask {
        let key = TokenKey(run: token.row.key, step: token.row.step)
        requireNoToken(key)
        var row = token.row
        row.attempt += 1
        row.lease = nil
        let fence = AttemptFence(key: row.key, step: row.step, attempt: row.attempt, session: session)
        let attempt = AttemptToken(row: row, fence: fence, enqueuedAt: token.enqueuedAt, leasedAt: now)
        attempts[key] = attempt
        return attempt.leased
    }

    mutating func note(_ key: TokenKey, movesTo place: StoreTransaction.Place) {
        moved.append(
            StoreTransaction.Move(token: StoreTransaction.Token(key: key.run, step: key.step), place: place))
    }

    mutating func returnAttempt(_ key: TokenKey) -> AttemptToken? {
        guard let attempt = attempts.removeValue(forKey: key) else { return nil }
        insertReady(attempt.row)
        returned.append(StoreTransaction.Token(key: key.run, step: key.step))
        note(key.run, step: key.step, .ready, attempt: attempt.row.attempt)
        return attempt
    }

    mutating func requireNoToken(_ key: TokenKey) {
        if tokens(of: key) > 0 { violations.append("step \(key.step) of \(key.run.run) gets a second token") }
    }

    /// How many tokens a step has: one, or none.
    func tokens(of key: TokenKey) -> Int {
        (ready[key] == nil ? 0 : 1) + (attempts[key] == nil ? 0 : 1) + (timers[key] == nil ? 0 : 1)
            + (waits[key] == nil ? 0 : 1) + (held[key] == nil ? 0 : 1) + (parked[key] == nil ? 0 : 1)
    }
}
