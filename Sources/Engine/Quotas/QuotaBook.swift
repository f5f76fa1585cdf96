import Logging
import Synchronization
import Telemetry
import Workflows

/// What this node knows of the tenants' quotas, and its share of them. Tenants without quotas cost one look at a flag.
final class QuotaBook: Sendable {
    typealias Waiter = CheckedContinuation<Outcome, Never>

    enum Outcome: Sendable {
        /// With the block it is of.
        case unit(UInt64)
        case refused(QuotaGrant)
        case failed(StoreError)
        /// It is this one's turn to ask the store.
        case ask
    }

    struct PoolKey: Hashable {
        var tenant: TenantID
        /// Of active runs; `nil`: submissions.
        var lane: Int32?
    }

    private struct State {
        var quotas: [TenantID: TenantQuotas] = [:]
        var pools: [PoolKey: UnitPool<Waiter>] = [:]
        /// The last count of each.
        var taken: [TenantID: [QuotaKind: Int64]] = [:]
        var warnedAt: [TenantID: [QuotaKind: Duration]] = [:]
    }

    private let store: any QuotaStore
    private let clock: any EngineClock
    private let node: SessionID
    private let metrics: EngineMetrics
    private let logger: Logger
    private let state = Mutex(State())
    private let isAnyLimited = Atomic(false)
    /// What this node stores of tenants whose bytes are limited.
    let bytes = StoredByteCounts()
    private let observer = Mutex<(@Sendable (Set<TenantID>) -> Void)?>(nil)

    /// How long a block of submissions is good for.
    static let submissionLease: Duration = .milliseconds(1500)
    /// How long a block of active runs is good for.
    static let runLease: Duration = .seconds(5)
    /// When to try again where something must be removed first.
    private static let storagePause: Duration = .seconds(60)
    private static let warningInterval: Duration = .seconds(60)

    init(store: any QuotaStore, clock: any EngineClock, node: SessionID, metrics: EngineMetrics, logger: Logger) {
        self.store = store
        self.clock = clock
        self.node = node
        self.metrics = metrics
        self.logger = logger
    }

    /// Whom to tell which tenants' steps are limited, at every change.
    func observe(_ body: @escaping @Sendable (Set<TenantID>) -> Void) { observer.withLock { $0 = body } }

    subscript(tenant: TenantID) -> TenantQuotas? {
        guard isAnyLimited.load(ordering: .relaxed) else { return nil }
        return state.withLock { $0.quotas[tenant] }
    }

    /// Tenants whose active runs are counted.
    var counted: Set<TenantID> { tenants { $0[.activeRuns] != nil } }
    /// Tenants whose steps are claimed one node after the other.
    var stepLimited: Set<TenantID> { tenants { $0[.concurrentSteps] != nil } }

    /// Tenants whose stored bytes are counted.
    var byteCounted: Set<TenantID> { tenants { $0.countsBytes } }

    /// Tenants whose use is measured, not reserved.
    var measured: Set<TenantID> {
        tenants { quotas in
            [.pendingSteps, .concurrentSteps, .workers, .definitions, .payloadBytes, .logBytes].contains {
                quotas[$0] != nil
            }
        }
    }

    private func tenants(where isMeant: (TenantQuotas) -> Bool) -> Set<TenantID> {
        guard isAnyLimited.load(ordering: .relaxed) else { return [] }
        return state.withLock { Set($0.quotas.values.filter(isMeant).map(\.tenant)) }
    }

    // MARK: Settings

    /// Reads what has changed; answers the tenants whose active runs are limited since.
    func load(recent: Bool) async throws(StoreError) -> [TenantID] { note(try await store.quotas(recent: recent)) }

    @discardableResult
    func note(_ quotas: [TenantQuotas]) -> [TenantID] {
        let begun = state.withLock { state in
            var begun: [TenantID] = []
            for entry in quotas where state.quotas[entry.tenant]?.version ?? 0 < entry.version {
                if entry[.activeRuns] != nil, state.quotas[entry.tenant]?[.activeRuns] == nil {
                    begun.append(entry.tenant)
                }
                state.quotas[entry.tenant] = entry
                // What was granted or refused under the old ones is no longer of interest.
                for key in state.pools.keys where key.tenant == entry.tenant { state.pools[key]?.noteFree() }
            }
            isAnyLimited.store(state.quotas.values.contains { !$0.limits.isEmpty }, ordering: .relaxed)
            return begun
        }
        if !quotas.isEmpty {
            bytes.setCounted(byteCounted)
            observer.withLock { $0 }?(stepLimited)
        }
        return begun
    }

    // MARK: Submissions

    /// Lets a run in, or refuses it with the quota that is used up.
    ///
    /// - Parameters:
    ///   - inputBytes: What the run would store at once.
    ///   - isPart: It belongs to the run that has started it, and takes no place of its own.
    /// - Returns: the unit of a tenant whose active runs are limited.
    /// - Throws: `quota_exceeded`, `unavailable`.
    func admit(
        _ key: RunKey, lane: Int32, inputBytes: Int, isPart: Bool = false
    ) async throws(EngineError) -> QuotaUnit? {
        guard let quotas = self[key.tenant] else { return nil }
        if let limit = quotas[.pendingSteps], let used = taken(.pendingSteps, of: key.tenant), used >= limit {
            throw refuse(.pendingSteps, QuotaGrant(units: 0, taken: used, limit: limit))
        }
        try checkStorage(.payloadBytes, adding: Int64(inputBytes), quotas)
        try checkStorage(.logBytes, adding: 0, quotas)
        if quotas[.submissionsPerSecond] != nil {
            _ = try await take(PoolKey(tenant: key.tenant, lane: nil), .submissionsPerSecond)
        }
        guard !isPart, quotas[.activeRuns] != nil else { return nil }
        let pool = PoolKey(tenant: key.tenant, lane: lane)
        let block = try await take(pool, .activeRuns)
        return QuotaUnit(
            giveBack: { [weak self] in self?.withPool(pool) { $0.giveBack(of: block) } },
            settle: { [weak self] in self?.withPool(pool) { $0.settle() } })
    }

    // MARK: Storage

    private func checkStorage(_ kind: QuotaKind, adding bytes: Int64, _ quotas: TenantQuotas) throws(EngineError) {
        guard let limit = quotas[kind] else { return }
        let used = stored(kind, of: quotas.tenant)
        guard used >= limit || used + bytes > limit else { return }
        throw refuse(kind, QuotaGrant(units: 0, taken: used, limit: limit, retryAfter: Self.storagePause))
    }

    /// The last count, and what this node has stored since.
    private func stored(_ kind: QuotaKind, of tenant: TenantID) -> Int64 {
        (taken(kind, of: tenant) ?? 0) + bytes.pending(of: tenant)[kind]
    }

    /// Whether so many bytes of a log may be stored; they are counted then.
    func takesLog(_ count: Int, of tenant: TenantID) -> Bool {
        if let limit = self[tenant]?[.logBytes], stored(.logBytes, of: tenant) + Int64(count) > limit { return false }
        bytes.noteLog(count, of: tenant)
        return true
    }

    // MARK: Ends

    /// Runs of these tenants have ended here: places are free.
    func noteEnded(_ tenants: Set<TenantID>) {
        state.withLock { state in
            for key in state.pools.keys where tenants.contains(key.tenant) && key.lane != nil {
                state.pools[key]?.noteFree()
            }
        }
    }

    private func withPool(_ key: PoolKey, _ body: (inout UnitPool<Waiter>) -> Void) {
        state.withLock { body(&$0.pools[key, default: UnitPool()]) }
    }

    /// Answers the block that the unit is of.
    private func take(_ key: PoolKey, _ kind: QuotaKind) async throws(EngineError) -> UInt64 {
        var outcome = attempt(key)
        if outcome == nil {
            outcome = await withCheckedContinuation { waiter in
                if let outcome = attempt(key, else: waiter) { waiter.resume(returning: outcome) }
            }
        }
        if case .ask? = outcome { outcome = await ask(key, kind) }
        switch outcome {
        case .unit(let block)?:
            // A submission uses its unit up at once.
            if key.lane == nil { withPool(key) { $0.settle() } }
            return block
        case .refused(let grant)?: throw refuse(kind, grant)
        case .failed(let error)?: throw .unavailable(error)
        case .ask?, nil: preconditionFailure("whoever asks has an answer")
        }
    }

    /// What is here already; `nil`: somebody asks the store, and the waiter, if there is one, stands in the line.
    private func attempt(_ key: PoolKey, else waiter: Waiter? = nil) -> Outcome? {
        let now = clock.now
        return state.withLock { state in
            switch state.pools[key, default: UnitPool()].take(at: now) {
            case .unit: return .unit(state.pools[key]?.block ?? 0)
            case .refused(let grant): return .refused(grant)
            case .ask: return .ask
            case nil:
                if let waiter { state.pools[key]?.join(waiter) }
                return nil
            }
        }
    }

    /// Asks the store for the caller and the whole line; answers the caller's part, and tells the others theirs.
    private func ask(_ key: PoolKey, _ kind: QuotaKind) async -> Outcome {
        let asked = clock.now
        let (demand, keeping) = state.withLock { state in
            let pool = state.pools[key, default: UnitPool()]
            return (pool.demand, pool.keeping)
        }
        let lease = key.lane == nil ? Self.submissionLease : Self.runLease
        let resource: QuotaRequest.Resource =
            key.lane.map { .runs(QuotaHolder(node: node, lane: $0), keeping: keeping) } ?? .submissions
        var grant: QuotaGrant
        do {
            grant = try await store.reserve(
                QuotaRequest(tenant: key.tenant, resource: resource, demand: demand, lease: lease))
        } catch {
            // A caller who leaves must not take the others along.
            if Task.isCancelled {
                state.withLock { $0.pools[key]?.passOn() }?.resume(returning: .ask)
                return .failed(error)
            }
            let line = state.withLock { $0.pools[key]?.failed() ?? [] }
            for waiter in line { waiter.resume(returning: .failed(error)) }
            return .failed(error)
        }
        // There is no quota any more: whoever waits goes on.
        if grant.limit == nil { grant.units = max(grant.units, demand) }
        noteTaken(kind, grant.taken, limit: grant.limit, of: key.tenant)
        let answer = grant
        let now = clock.now
        let (division, block) = state.withLock { state in
            let division = state.pools[key, default: UnitPool()].granted(answer, asked: asked, lease: lease, now: now)
            return (division, state.pools[key]?.block ?? 0)
        }
        for waiter in division.served { waiter.resume(returning: .unit(block)) }
        for waiter in division.refused { waiter.resume(returning: .refused(answer)) }
        division.next?.resume(returning: .ask)
        return division.isServed ? .unit(block) : .refused(answer)
    }

    // MARK: Use

    /// The last count of something, where it is known.
    func taken(_ kind: QuotaKind, of tenant: TenantID) -> Int64? { state.withLock { $0.taken[tenant]?[kind] } }

    func noteTaken(_ kind: QuotaKind, _ taken: Int64, limit: Int64?, of tenant: TenantID) {
        let now = clock.now
        let isNews = state.withLock { state in
            state.taken[tenant, default: [:]][kind] = taken
            guard let soft = state.quotas[tenant]?.softLimit(kind), taken >= soft else { return false }
            if let last = state.warnedAt[tenant]?[kind], now - last < Self.warningInterval { return false }
            state.warnedAt[tenant, default: [:]][kind] = now
            return true
        }
        guard isNews else { return }
        logger.warning(
            "a tenant comes close to a quota",
            metadata: [
                "tenant": "\(tenant.value)", "quota": "\(kind.name)", "used": "\(taken)", "limit": "\(limit ?? 0)",
            ])
    }

    /// What the tenant uses nearly up, as far as is known here.
    func warnings(of tenant: TenantID) -> [QuotaUse] {
        guard let quotas = self[tenant] else { return [] }
        let taken = state.withLock { $0.taken[tenant] ?? [:] }
        return QuotaKind.allCases.compactMap { kind in
            guard let used = taken[kind], let limit = quotas[kind], let soft = quotas.softLimit(kind),
                used >= soft
            else { return nil }
            return QuotaUse(kind: kind, used: used, limit: limit)
        }
    }

    /// All that is known of limited tenants, for metrics.
    var uses: [(tenant: TenantID, use: QuotaUse)] {
        guard isAnyLimited.load(ordering: .relaxed) else { return [] }
        return state.withLock { state in
            state.quotas.values.sorted { $0.tenant < $1.tenant }.flatMap { quotas in
                QuotaKind.allCases.compactMap { kind in
                    guard let limit = quotas[kind], let used = state.taken[quotas.tenant]?[kind] else { return nil }
                    return (quotas.tenant, QuotaUse(kind: kind, used: used, limit: limit))
                }
            }
        }
    }

    private func refuse(_ kind: QuotaKind, _ grant: QuotaGrant) -> EngineError {
        metrics.quotaRefusals[Int(kind.rawValue) - 1].add()
        return EngineError(over: kind, limit: grant.limit, retryAfter: grant.retryAfter)
    }
}

extension EngineError {
    /// A tenant's quota is used up.
    public init(over kind: QuotaKind, limit: Int64?, retryAfter: Duration? = nil) {
        let quota = limit.map { "\($0) \(kind.words)" } ?? kind.words
        self.init(
            .quotaExceeded, "the tenant's quota of \(quota) is used up; \(kind.remedy)",
            retryAfter: retryAfter ?? .seconds(1))
        self.quota = kind
    }
}
