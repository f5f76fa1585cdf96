public import Engine
import Synchronization
public import Workflows

/// A store whose server dies at a chosen call: the call has taken effect or not, and no later one does. It can also be
/// away for a while, or lose answers.
public final class CrashingStore: Store {
    private struct State {
        var callsLeft: Int
        var isDead = false
        var diedByItself = false
        var isAway = false
        var claimAnswersToLose: Int
        var holdsCommits = false
        var heldCommits: [CheckedContinuation<Void, Never>] = []
        /// Runs that each commit has touched, in the order of their coming.
        var commits: [Set<RunKey>] = []
    }

    private let inner: any Store
    private let tookEffect: Bool
    private let crashAtClaim: Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - crashAfter: Calls until the server dies.
    ///   - tookEffect: Whether the call at which it dies takes effect.
    ///   - crashAtClaim: Dies at the first claim that finds something, after it took effect.
    ///   - loseClaimAnswers: So many claims take effect, but say that the store is unavailable.
    public init(
        _ inner: any Store, crashAfter: Int = .max, tookEffect: Bool = true, crashAtClaim: Bool = false,
        loseClaimAnswers: Int = 0
    ) {
        self.inner = inner
        self.tookEffect = tookEffect
        self.crashAtClaim = crashAtClaim
        state = Mutex(State(callsLeft: crashAfter, claimAnswersToLose: loseClaimAnswers))
    }

    public var isDead: Bool { state.withLock { $0.isDead } }
    /// Died at its chosen call, not by `kill`.
    public var diedByItself: Bool { state.withLock { $0.diedByItself } }
    public func kill() { state.withLock { $0.isDead = true } }
    public func setAway(_ away: Bool) { state.withLock { $0.isAway = away } }

    /// Commits wait before they do anything, until `releaseCommits`.
    public func holdCommits() { state.withLock { $0.holdsCommits = true } }

    public func releaseCommits() {
        let held = state.withLock { state in
            state.holdsCommits = false
            defer { state.heldCommits = [] }
            return state.heldCommits
        }
        for commit in held { commit.resume() }
    }

    /// The runs of the commits so far, also of those that are held.
    public var commits: [Set<RunKey>] { state.withLock { $0.commits } }

    private static let gone = StoreError.unavailable(retryAfter: .milliseconds(100), detail: "gone")

    private func call<Result: Sendable>(
        _ body: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let (mayRun, mayAnswer) = state.withLock { state in
            if state.isDead || state.isAway { return (false, false) }
            state.callsLeft -= 1
            guard state.callsLeft <= 0 else { return (true, true) }
            state.isDead = true
            state.diedByItself = true
            return (tookEffect, false)
        }
        guard mayRun else { throw Self.gone }
        let result = try await body()
        guard mayAnswer else { throw Self.gone }
        return result
    }

    public func commit(_ batch: CommitBatch) async throws(StoreError) -> CommitOutcome {
        let runs = Set(batch.starts.map(\.key) + batch.advances.map(\.key))
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                state.commits.append(runs)
                if state.holdsCommits { state.heldCommits.append(continuation) }
                return state.holdsCommits
            }
            if !isHeld { continuation.resume() }
        }
        return try await call { () throws(StoreError) in try await inner.commit(batch) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [LeasedTask] {
        let leases = try await call { () throws(StoreError) in try await inner.claim(request) }
        let isLost = state.withLock { state in
            if crashAtClaim, !leases.isEmpty {
                state.isDead = true
                state.diedByItself = true
                return true
            }
            guard state.claimAnswersToLose > 0, !leases.isEmpty else { return false }
            state.claimAnswersToLose -= 1
            return true
        }
        if isLost { throw Self.gone }
        return leases
    }

    public func release(_ attempts: [AttemptFence]) async throws(StoreError) -> [AttemptFence] {
        try await call { () throws(StoreError) in try await inner.release(attempts) }
    }

    public func openSession(
        _ session: SessionRecord, held: [HeldAttempt]
    ) async throws(StoreError) -> SessionSettlement {
        try await call { () throws(StoreError) in try await inner.openSession(session, held: held) }
    }

    public func renewSessions(_ sessions: [SessionID], lease: Duration) async throws(StoreError) -> Set<SessionID> {
        try await call { () throws(StoreError) in try await inner.renewSessions(sessions, lease: lease) }
    }

    public func leases(
        of sessions: [SessionID], olderThan age: Duration
    ) async throws(StoreError) -> [LeasedTask] {
        try await call { () throws(StoreError) in try await inner.leases(of: sessions, olderThan: age) }
    }

    public func closeSession(_ session: SessionID) async throws(StoreError) {
        try await call { () throws(StoreError) in try await inner.closeSession(session) }
    }

    public func rescue(limit: Int, lease: Duration) async throws(StoreError) -> [RescuedAttempt] {
        try await call { () throws(StoreError) in try await inner.rescue(limit: limit, lease: lease) }
    }

    public func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        try await call { () throws(StoreError) in try await inner.fireTimers(limit: limit) }
    }

    public func postInbox(_ messages: [InboxMessage]) async throws(StoreError) {
        try await call { () throws(StoreError) in try await inner.postInbox(messages) }
    }

    public func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage] {
        try await call { () throws(StoreError) in try await inner.readInbox(limit: limit, olderThan: age) }
    }

    public func loadRuns(_ requests: [RunLoad]) async throws(StoreError) -> [RunRecord] {
        try await call { () throws(StoreError) in try await inner.loadRuns(requests) }
    }

    public func readEvents(
        after position: EventPosition?, limit: Int, isTold: Bool
    ) async throws(StoreError) -> EventPage {
        try await call { () throws(StoreError) in
            try await inner.readEvents(after: position, limit: limit, isTold: isTold)
        }
    }

    public func readyBuckets() async throws(StoreError) -> [ReadyBucket] {
        try await call { () throws(StoreError) in try await inner.readyBuckets() }
    }

    public func admit(_ limits: [LimitID]) async throws(StoreError) -> Admissions {
        try await call { () throws(StoreError) in try await inner.admit(limits) }
    }

    public func sweepLimits(limit: Int) async throws(StoreError) -> LimitSweep {
        try await call { () throws(StoreError) in try await inner.sweepLimits(limit: limit) }
    }

    public func seek(_ request: OutcomeRequest, for run: RunKey) async throws(StoreError) -> OutcomeSearch {
        try await call { () throws(StoreError) in try await inner.seek(request, for: run) }
    }

    public func advanceBreakers(limit: Int) async throws(StoreError) -> BreakerPass {
        try await call { () throws(StoreError) in try await inner.advanceBreakers(limit: limit) }
    }

    public func evidence(of run: RunKey) async throws(StoreError) -> [StepEvidence] {
        try await call { () throws(StoreError) in try await inner.evidence(of: run) }
    }

    public func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> [WaitingApproval] {
        try await call { () throws(StoreError) in
            try await inner.approvals(tenant: tenant, after: position, limit: limit)
        }
    }

    public func reorderedQueues() async throws(StoreError) -> [ReorderedQueue] {
        try await call { () throws(StoreError) in try await inner.reorderedQueues() }
    }

    public func tokens(of queue: QueueID, after: HeldAttempt?, limit: Int) async throws(StoreError) -> [RankedToken] {
        try await call { () throws(StoreError) in try await inner.tokens(of: queue, after: after, limit: limit) }
    }

    public func setRanks(_ ranks: [RankedToken], queue: QueueID) async throws(StoreError) -> [ReadyBucket] {
        try await call { () throws(StoreError) in try await inner.setRanks(ranks, queue: queue) }
    }

    public func finishReordering(_ queue: QueueID, version: Int64) async throws(StoreError) {
        try await call { () throws(StoreError) in try await inner.finishReordering(queue, version: version) }
    }

    public func quotas(recent: Bool) async throws(StoreError) -> [TenantQuotas] {
        try await call { () throws(StoreError) in try await inner.quotas(recent: recent) }
    }

    public func quotas(of tenant: TenantID) async throws(StoreError) -> TenantQuotas {
        try await call { () throws(StoreError) in try await inner.quotas(of: tenant) }
    }

    public func setQuotas(_ quotas: TenantQuotas) async throws(StoreError) -> TenantQuotas {
        try await call { () throws(StoreError) in try await inner.setQuotas(quotas) }
    }

    public func usage(of tenant: TenantID, withRuns: Bool) async throws(StoreError) -> [QuotaKind: Int64] {
        try await call { () throws(StoreError) in try await inner.usage(of: tenant, withRuns: withRuns) }
    }

    public func addBytes(_ bytes: [TenantID: StoredBytes]) async throws(StoreError) {
        try await call { () throws(StoreError) in try await inner.addBytes(bytes) }
    }

    public func recountBytes(of tenant: TenantID) async throws(StoreError) {
        try await call { () throws(StoreError) in try await inner.recountBytes(of: tenant) }
    }

    public func reserve(_ request: QuotaRequest) async throws(StoreError) -> QuotaGrant {
        try await call { () throws(StoreError) in try await inner.reserve(request) }
    }

    public func recountRuns(of tenant: TenantID) async throws(StoreError) -> Int64 {
        try await call { () throws(StoreError) in try await inner.recountRuns(of: tenant) }
    }

    public func now() async throws(StoreError) -> Timestamp {
        try await call { () throws(StoreError) in try await inner.now() }
    }
}
