import TestSupport
import Testing
import Workflows

@testable import Engine

/// The state as a reference, so that expectations may call what changes it.
private final class Subject {
    private var state = DispatchState()

    var sessions: [SessionID: LocalSession] { state.sessions }
    var buckets: [Bucket: DispatchState.BucketState] { state.buckets }

    func connect(
        _ record: SessionRecord, routes: [RouteID: String], pools: [WorkerHello.Pool], sink: any TaskSink
    ) {
        _ = state.connect(record, routes: routes, pools: pools, kept: [], sink: sink, now: .zero)
    }

    func disconnect(_ id: SessionID) { _ = state.disconnect(id) }
    func reserve(_ bucket: Bucket) -> SessionID? { state.reserve(bucket) }
    var epoch: UInt64 { state.epoch }
    func handBack(_ id: SessionID, route: RouteID, epoch: UInt64 = .max) {
        state.handBack(id, route: route, epoch: epoch)
    }
    func grant(_ lease: LeasedTask, epoch: UInt64 = .max) -> Bool { state.grant(lease, epoch: epoch) != nil }
    func remove(_ id: SessionID, _ attempt: HeldAttempt) -> Bool { state.remove(id, attempt) != nil }
    func wake(_ bucket: Bucket, rank: Rank) -> Bool { state.wake(bucket, rank: rank) }
    func nextClaim(limit: Int) -> DispatchState.ClaimPlan? { state.nextClaim(limit: limit) }
    func claimed(_ plan: DispatchState.ClaimPlan, _ leases: [LeasedTask]) -> Int { state.claimed(plan, leases).count }
    func setSettling(_ id: SessionID, _ settling: Bool) { state.setSettling(id, settling) }
    func drain(_ id: SessionID) { state.drain(id, registration: state.sessions[id]?.registration ?? 0) }
    func renewals(now: Duration) -> (renew: [SessionID], silent: [SessionID]) { state.renewals(now: now) }
}

@Suite("Dispatch decisions")
struct DispatchStateTests {
    private let tenant = TenantID(1)
    private let route = RouteID(1)
    private let sink = TestWorker(session: 0) { _ in .hold }

    private var bucket: Bucket { Bucket(tenant: tenant, queue: QueueID(1), route: route) }

    private func id(_ number: UInt64) -> SessionID { SessionID(RunID.Bytes(high: 1, low: number)) }

    private func connect(_ state: Subject, _ number: UInt64, slots: Int) {
        let record = SessionRecord(
            id: id(number), tenant: tenant, worker: "w", node: id(99), lease: .seconds(15), capabilities: [])
        state.connect(record, routes: [route: "cpu"], pools: [.init(name: "cpu", slots: slots)], sink: sink)
    }

    private func lease(_ session: UInt64, rank: Rank = 1, step: Int32 = 0) -> LeasedTask {
        let key = RunKey(tenant: tenant, run: RunID(RunID.Bytes(high: UInt64(rank), low: 0)))
        return LeasedTask(
            fence: AttemptFence(key: key, step: step, attempt: 1, session: id(session)), bucket: bucket, rank: rank,
            losses: 0, enqueuedAt: Timestamp(microseconds: 0), leasedAt: Timestamp(microseconds: 0))
    }

    @Test("slots are promised once each, spread over the sessions, and free again when handed back")
    func reserves() {
        let state = Subject()
        connect(state, 1, slots: 2)
        connect(state, 2, slots: 1)
        let taken = (0..<4).map { _ in state.reserve(bucket) }
        #expect(taken == [id(1), id(2), id(1), nil])
        state.handBack(id(2), route: route)
        #expect(state.reserve(bucket) == id(2))
        #expect(state.reserve(bucket) == nil)
    }

    @Test("no slot is promised for another tenant, another route, or past older tokens")
    func refuses() {
        let state = Subject()
        connect(state, 1, slots: 2)
        #expect(state.reserve(Bucket(tenant: TenantID(2), queue: QueueID(1), route: route)) == nil)
        #expect(state.reserve(Bucket(tenant: tenant, queue: QueueID(1), route: RouteID(2))) == nil)
        #expect(state.wake(bucket, rank: 1))
        #expect(state.reserve(bucket) == nil)
    }

    @Test("a lease takes its slot until the attempt is removed")
    func holds() throws {
        let state = Subject()
        connect(state, 1, slots: 1)
        #expect(state.reserve(bucket) == id(1))
        #expect(state.grant(lease(1)))
        #expect(state.reserve(bucket) == nil)
        #expect(state.remove(id(1), lease(1).held))
        #expect(state.reserve(bucket) == id(1))
    }

    @Test("a claim asks for each free slot once and frees what it did not use")
    func claims() throws {
        let state = Subject()
        connect(state, 1, slots: 3)
        #expect(state.nextClaim(limit: 10) == nil, "nothing waits")
        #expect(state.wake(bucket, rank: 5))
        let plan = try #require(state.nextClaim(limit: 10))
        #expect(plan.request.slots == [id(1), id(1), id(1)])
        #expect(plan.request.buckets.map(\.lowWater) == [.min])
        #expect(state.nextClaim(limit: 10) == nil, "every slot is reserved")
        #expect(state.claimed(plan, [lease(1, rank: 5)]) == 0)
        #expect(state.nextClaim(limit: 10) == nil, "fewer came than asked for: nothing waits")
        #expect(state.reserve(bucket) == id(1))
        #expect(state.reserve(bucket) == id(1))
        #expect(state.reserve(bucket) == nil)
    }

    @Test("the low-water mark follows what was claimed and falls with what arrives below it")
    func lowWater() throws {
        let state = Subject()
        connect(state, 1, slots: 2)
        _ = state.wake(bucket, rank: 5)
        let first = try #require(state.nextClaim(limit: 2))
        // Meanwhile one arrives that the claim may not have seen.
        _ = state.wake(bucket, rank: 4)
        _ = state.claimed(first, [lease(1, rank: 5), lease(1, rank: 9)])
        #expect(state.buckets[bucket]?.lowWater == 4)
        _ = state.remove(id(1), lease(1, rank: 5).held)
        let second = try #require(state.nextClaim(limit: 2))
        #expect(second.request.buckets.map(\.lowWater) == [4])
        _ = state.claimed(second, [lease(1, rank: 12, step: 1)])
        #expect(state.buckets[bucket]?.lowWater == 12)
        _ = state.wake(bucket, rank: 7)
        #expect(state.buckets[bucket]?.lowWater == 7)
    }

    @Test("as many as asked for: more may wait")
    func fullClaim() throws {
        let state = Subject()
        connect(state, 1, slots: 1)
        _ = state.wake(bucket, rank: 1)
        let plan = try #require(state.nextClaim(limit: 1))
        _ = state.claimed(plan, [lease(1)])
        _ = state.remove(id(1), lease(1).held)
        #expect(state.nextClaim(limit: 1) != nil)
    }

    @Test("leases for a session that has gone are given back")
    func orphans() throws {
        let state = Subject()
        connect(state, 1, slots: 1)
        _ = state.wake(bucket, rank: 1)
        let plan = try #require(state.nextClaim(limit: 1))
        state.disconnect(id(1))
        #expect(state.claimed(plan, [lease(1)]) == 1)
        #expect(!state.grant(lease(1)))
    }

    @Test("a reconnect does not inherit the promises of the stream before")
    func reconnects() {
        let state = Subject()
        connect(state, 1, slots: 1)
        #expect(state.reserve(bucket) == id(1))
        connect(state, 1, slots: 1)
        state.handBack(id(1), route: route)
        #expect(state.reserve(bucket) == id(1))
        #expect(state.reserve(bucket) == nil)
    }

    @Test("what was promised by the stream before is no slot of the present one, used or not")
    func promisesEndWithTheirStream() throws {
        let state = Subject()
        connect(state, 1, slots: 2)
        let epoch = state.epoch
        #expect(state.reserve(bucket) == id(1))
        connect(state, 1, slots: 2)
        // Both slots of the new stream are promised to a claim: the old promise must not free one of them.
        _ = state.wake(bucket, rank: 1)
        let plan = try #require(state.nextClaim(limit: 2))
        #expect(plan.request.slots == [id(1), id(1)])
        #expect(!state.grant(lease(1, rank: 7), epoch: epoch))
        state.handBack(id(1), route: route, epoch: epoch)
        #expect(state.claimed(plan, [lease(1, rank: 1), lease(1, rank: 2)]) == 0)
        #expect(state.sessions[id(1)]?.held.count == 2)
        #expect(state.sessions[id(1)]?.free("cpu") == 0)
    }

    @Test("a session that settles or drains gets nothing")
    func settles() {
        let state = Subject()
        connect(state, 1, slots: 1)
        state.setSettling(id(1), true)
        #expect(state.reserve(bucket) == nil)
        state.setSettling(id(1), false)
        #expect(state.reserve(bucket) == id(1))
        state.handBack(id(1), route: route)
        state.drain(id(1))
        #expect(state.reserve(bucket) == nil)
    }

    @Test("only sessions that were heard from are renewed; silence for a lease ends one")
    func renewals() {
        let state = Subject()
        connect(state, 1, slots: 1)
        #expect(state.renewals(now: .seconds(5)).renew == [id(1)])
        let quiet = state.renewals(now: .seconds(10))
        #expect(quiet.renew.isEmpty && quiet.silent.isEmpty)
        #expect(state.renewals(now: .seconds(15)).silent == [id(1)])
    }
}
