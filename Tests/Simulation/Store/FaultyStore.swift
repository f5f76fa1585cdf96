import Engine
import Synchronization
import TestSupport
import Workflows

/// A node's way to the store: slow, torn, stale, and cut at any moment when the node dies.
final class FaultyStore: Store {
    let world: World
    let ledger: Ledger
    let inner: MemoryStore
    let node: NodeLife

    init(world: World, ledger: Ledger, inner: MemoryStore, node: NodeLife) {
        self.world = world
        self.ledger = ledger
        self.inner = inner
        self.node = node
    }

    private static let gone = StoreError.unavailable(retryAfter: .milliseconds(50), detail: "the node is gone")
    private static let away = StoreError.unavailable(retryAfter: .milliseconds(50), detail: "the connection is lost")

    /// What can go wrong with each call; `body` may run even when nobody hears of it.
    private func call<Result: Sendable>(
        _ name: String, _ detail: String = "", losesAnswers: Bool = true,
        _ body: () async throws(StoreError) -> Result, result: (Result) -> String = { _ in "" }
    ) async throws(StoreError) -> Result {
        try await reach(name)
        if world.strikes(.callRefused, 8, "\(node) \(name)") {
            world.cover("call \(name) refused")
            throw Self.away
        }
        world.trace.note("\(node) \(name) \(detail)")
        let answer = try await body()
        world.trace.note("\(node) \(name) → \(result(answer))")
        node.mayCrash(4, "after \(name)")
        if world.strikes(.callStalled, 5, "\(node) after \(name)") {
            world.cover("call \(name) stalled")
            await world.time.sleep(for: world.dice.milliseconds(200...7000))
        } else if world.dice.chance(300) {
            await world.time.sleep(for: world.dice.milliseconds(0...4))
        }
        await node.recovers()
        guard node.isAlive else { throw Self.gone }
        // Few releases are asked for again; where that is what a planted defect needs to show, more are.
        let isSought = name == "release" && world.settings.planted == .releaseWithoutFence
        if losesAnswers, world.strikes(.answerLost, isSought ? 300 : 8, "\(node) \(name)") {
            world.cover("call \(name) lost")
            throw Self.away
        }
        world.cover("call \(name)")
        return answer
    }

    /// The way there. A dead node's request may still arrive.
    private func reach(_ name: String) async throws(StoreError) {
        node.mayCrash(4, "before \(name)")
        guard node.isAlive else { throw Self.gone }
        if world.strikes(.callStalled, 5, "\(node) before \(name)") {
            world.cover("call \(name) stalled")
            await world.time.sleep(for: world.dice.milliseconds(200...7000))
        } else if world.dice.chance(300) {
            await world.time.sleep(for: world.dice.milliseconds(0...4))
        }
        await node.recovers()
        guard node.isAlive || world.dice.chance(300) else { throw Self.gone }
    }

    func commit(_ batch: CommitBatch) async throws(StoreError) -> CommitOutcome {
        let outcome = try await call("commit", batch.text, losesAnswers: false) { () throws(StoreError) in
            try await inner.commit(batch)
        } result: {
            $0.text
        }
        guard world.strikes(.outcomeAsked, 20, "\(node) commit") else { return outcome }
        // What the store finds by the batch's id: who was written, and which of the leases still stand.
        await world.time.sleep(for: world.dice.milliseconds(20...2000))
        await node.recovers()
        guard node.isAlive else { throw Self.gone }
        world.cover("call commit lost")
        var known = outcome
        known.leased = outcome.leased.filter { ledger.isLeased($0.fence) }
        known.dropped = []
        return known
    }

    func claim(_ request: ClaimRequest) async throws(StoreError) -> [LeasedTask] {
        try await call("claim", "\(request.slots.count) slots") { () throws(StoreError) in
            try await inner.claim(request)
        } result: {
            $0.map { "\($0.fence.text) by \($0.fence.session.text)" }.joined(separator: ", ")
        }
    }

    func release(_ attempts: [AttemptFence]) async throws(StoreError) -> [AttemptFence] {
        try await call("release", attempts.map(\.text).joined(separator: " ")) { () throws(StoreError) in
            try await inner.release(attempts)
        } result: {
            $0.map(\.text).joined(separator: " ")
        }
    }

    func openSession(
        _ session: SessionRecord, held: [HeldAttempt]
    ) async throws(StoreError) -> SessionSettlement {
        try await call("openSession", "\(session.worker) holds \(held.count)") { () throws(StoreError) in
            try await inner.openSession(session, held: held)
        } result: {
            "kept \($0.kept.count), returned \($0.returned.count), unknown \($0.unknown.count)"
        }
    }

    func renewSessions(_ sessions: [SessionID], lease: Duration) async throws(StoreError) -> Set<SessionID> {
        try await call("renewSessions", "\(sessions.count)") { () throws(StoreError) in
            try await inner.renewSessions(sessions, lease: lease)
        } result: {
            "\($0.count)"
        }
    }

    func leases(
        of sessions: [SessionID], olderThan age: Duration
    ) async throws(StoreError) -> [LeasedTask] {
        try await call("leases", "\(sessions.count)") { () throws(StoreError) in
            try await inner.leases(of: sessions, olderThan: age)
        } result: {
            $0.map(\.fence.text).joined(separator: " ")
        }
    }

    func closeSession(_ session: SessionID) async throws(StoreError) {
        try await call("closeSession") { () throws(StoreError) in try await inner.closeSession(session) }
    }

    func rescue(limit: Int, lease: Duration) async throws(StoreError) -> [RescuedAttempt] {
        try await call("rescue") { () throws(StoreError) in
            try await inner.rescue(limit: limit, lease: lease)
        } result: {
            $0.map(\.fence.text).joined(separator: " ")
        }
    }

    func fireTimers(limit: Int) async throws(StoreError) -> FiredTimers {
        var fired = try await call("fireTimers") { () throws(StoreError) in
            // Few at a time, so that the rest must wait.
            try await inner.fireTimers(limit: world.settings.seed % 4 == 0 ? 2 : limit)
        } result: {
            "\($0.ready.count) ready, \($0.deadlines.count) deadlines"
        }
        if world.settings.losesWakes { fired.ready = [] }
        return fired
    }

    func postInbox(_ messages: [InboxMessage]) async throws(StoreError) {
        try await call("postInbox") { () throws(StoreError) in try await inner.postInbox(messages) }
    }

    func readInbox(limit: Int, olderThan age: Duration) async throws(StoreError) -> [InboxMessage] {
        try await call("readInbox") { () throws(StoreError) in
            try await inner.readInbox(limit: limit, olderThan: age)
        } result: {
            "\($0.count)"
        }
    }

    func loadRuns(_ requests: [RunLoad]) async throws(StoreError) -> [RunRecord] {
        try await call("loadRuns", "\(requests.count)") { () throws(StoreError) in
            try await inner.loadRuns(requests)
        } result: {
            $0.map { "\($0.key.run.shortText)@\($0.revision)" }.joined(separator: " ")
        }
    }

    /// Rows beyond the horizon are not there yet.
    func readEvents(
        after position: EventPosition?, limit: Int, isTold: Bool
    ) async throws(StoreError) -> EventPage {
        var page = try await call("readEvents") { () throws(StoreError) in
            try await inner.readEvents(after: position, limit: limit, isTold: isTold)
        } result: {
            "\($0.rows.count)"
        }
        if let horizon = world.horizon {
            page.rows = page.rows.filter { $0.position.transaction < horizon }
            let end = EventPosition(epoch: 1, transaction: horizon - 1, tenant: TenantID(.max))
            page.position = page.rows.last?.position ?? position ?? min(end, page.position)
        }
        if world.settings.losesWakes { for index in page.rows.indices { page.rows[index].wakes = [] } }
        return page
    }

    func readyBuckets() async throws(StoreError) -> [ReadyBucket] {
        let buckets = try await call("readyBuckets") { () throws(StoreError) in
            try await inner.readyBuckets()
        } result: {
            "\($0.count)"
        }
        return world.settings.losesWakes ? [] : buckets
    }

    func admit(_ limits: [LimitID]) async throws(StoreError) -> Admissions {
        try await call("admit") { () throws(StoreError) in try await inner.admit(limits) }
    }

    func sweepLimits(limit: Int) async throws(StoreError) -> LimitSweep {
        try await call("sweepLimits") { () throws(StoreError) in try await inner.sweepLimits(limit: limit) }
    }

    func seek(_ request: OutcomeRequest, for run: RunKey) async throws(StoreError) -> OutcomeSearch {
        try await call("seek") { () throws(StoreError) in try await inner.seek(request, for: run) }
    }

    func advanceBreakers(limit: Int) async throws(StoreError) -> BreakerPass {
        try await call("advanceBreakers") { () throws(StoreError) in try await inner.advanceBreakers(limit: limit) }
    }

    func evidence(of run: RunKey) async throws(StoreError) -> [StepEvidence] {
        try await call("evidence") { () throws(StoreError) in try await inner.evidence(of: run) }
    }

    func approvals(
        tenant: TenantID, after position: ApprovalPosition?, limit: Int
    ) async throws(StoreError) -> [WaitingApproval] {
        try await call("approvals") { () throws(StoreError) in
            try await inner.approvals(tenant: tenant, after: position, limit: limit)
        }
    }

    func reorderedQueues() async throws(StoreError) -> [ReorderedQueue] {
        try await call("reorderedQueues") { () throws(StoreError) in try await inner.reorderedQueues() }
    }

    func tokens(of queue: QueueID, after: HeldAttempt?, limit: Int) async throws(StoreError) -> [RankedToken] {
        try await call("tokens") { () throws(StoreError) in
            try await inner.tokens(of: queue, after: after, limit: limit)
        }
    }

    func setRanks(_ ranks: [RankedToken], queue: QueueID) async throws(StoreError) -> [ReadyBucket] {
        try await call("setRanks") { () throws(StoreError) in try await inner.setRanks(ranks, queue: queue) }
    }

    func finishReordering(_ queue: QueueID, version: Int64) async throws(StoreError) {
        try await call("finishReordering") { () throws(StoreError) in
            try await inner.finishReordering(queue, version: version)
        }
    }

    func quotas(recent: Bool) async throws(StoreError) -> [TenantQuotas] {
        try await call("quotas") { () throws(StoreError) in try await inner.quotas(recent: recent) }
    }

    func quotas(of tenant: TenantID) async throws(StoreError) -> TenantQuotas {
        try await call("quotas") { () throws(StoreError) in try await inner.quotas(of: tenant) }
    }

    func setQuotas(_ quotas: TenantQuotas) async throws(StoreError) -> TenantQuotas {
        try await call("setQuotas") { () throws(StoreError) in try await inner.setQuotas(quotas) }
    }

    func usage(of tenant: TenantID, withRuns: Bool) async throws(StoreError) -> [QuotaKind: Int64] {
        try await call("usage") { () throws(StoreError) in try await inner.usage(of: tenant, withRuns: withRuns) }
    }

    func addBytes(_ bytes: [TenantID: StoredBytes]) async throws(StoreError) {
        try await call("addBytes") { () throws(StoreError) in try await inner.addBytes(bytes) }
    }

    func recountBytes(of tenant: TenantID) async throws(StoreError) {
        try await call("recountBytes") { () throws(StoreError) in try await inner.recountBytes(of: tenant) }
    }

    func reserve(_ request: QuotaRequest) async throws(StoreError) -> QuotaGrant {
        try await call("reserve") { () throws(StoreError) in try await inner.reserve(request) }
    }

    func recountRuns(of tenant: TenantID) async throws(StoreError) -> Int64 {
        try await call("recountRuns") { () throws(StoreError) in try await inner.recountRuns(of: tenant) }
    }

    func now() async throws(StoreError) -> Timestamp {
        try await call("now") { () throws(StoreError) in try await inner.now() }
    }
}
