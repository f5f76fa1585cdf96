import DequeModule
import Workflows

/// Which tokens this node's workers could take, and which free slots they have: the decisions of the dispatcher.
///
/// A slot is free, reserved (promised to a commit or a claim in flight) or taken by a held attempt. A bucket is waiting
/// when tokens are believed to stand in it; a low-water mark for each spares the claim the dead rows below (rules 14
/// and 16).
struct DispatchState {
    /// Interchangeable sessions: one tenant, the same routes.
    struct Capability: Hashable, Sendable {
        var tenant: TenantID
        var routes: [RouteID: String]
    }

    struct GroupKey: Hashable, Sendable {
        var capability: Int
        var pool: String
    }

    private struct Listing {
        var session: SessionID
        var registration: UInt64
    }

    struct TenantRoute: Hashable, Sendable {
        var tenant: TenantID
        var route: RouteID
    }

    struct BucketState: Sendable {
        /// Tokens are believed to wait.
        var waiting = false
        var lowWater = Rank.min
        /// The lowest rank that arrived while a claim was in flight.
        var lowestSinceClaim = Rank.max
    }

    /// A claim in flight with the slots reserved for it.
    struct ClaimPlan: Sendable {
        var request: ClaimRequest
        var pool: String
        /// The slots are of sessions that had connected before.
        var epoch: UInt64
        /// The queue of each share; empty where nobody competes.
        var queues: [QueueID] = []
    }

    /// What is known of the queues' settings.
    var queues = QueueTable()

    /// What is known of the breakers of task types.
    private(set) var breakers = BreakerTable()

    private(set) var sessions: [SessionID: LocalSession] = [:]
    private(set) var buckets: [Bucket: BucketState] = [:]
    private var waiting: Set<Bucket> = []
    private var capabilities: [Capability] = []
    private var capabilityNumbers: [Capability: Int] = [:]
    /// Sessions with a free slot, by group; entries are checked when they are taken.
    private var available: [GroupKey: Deque<Listing>] = [:]
    private var servers: [TenantRoute: [GroupKey]] = [:]
    private var nextRegistration: UInt64 = 1
    private var turn = 0
    /// Suspects that have their worker for themselves now.
    private var alone: [LeasedTask] = []
    private var fairness = FairTurns()
    /// Claims that were planned together with the last one.
    private var planned: Deque<ClaimPlan> = []

    // MARK: Sessions

    /// Registers a session with what it holds, in the place of an earlier stream of the same session.
    mutating func connect(
        _ record: SessionRecord, routes: [RouteID: String], pools: [WorkerHello.Pool], kept: [HeldTask],
        sink: any TaskSink, now: Duration
    ) -> UInt64 {
        let capability = number(of: Capability(tenant: record.tenant, routes: routes))
        let registration = nextRegistration
        nextRegistration += 1
        let session = LocalSession(
            record: record, registration: registration, routes: routes, pools: pools, sink: sink,
            capability: capability, heardAt: now)
        for task in kept { session.insert(task) }
        sessions[record.id] = session
        for pool in pools { list(session, pool.name) }
        return registration
    }

    /// Forgets a session; its leases live on in the store. `registration`, if given, must be the present one.
    mutating func disconnect(_ id: SessionID, registration: UInt64? = nil) -> (any TaskSink)? {
        guard let session = sessions[id], registration == nil || session.registration == registration else {
            return nil
        }
        sessions[id] = nil
        return session.sink
    }

    func drain(_ id: SessionID, registration: UInt64) {
        guard let session = sessions[id], session.registration == registration else { return }
        session.draining = true
    }

    /// Stops and (with `false`) resumes handing out to a session while its leases are compared with the store's.
    mutating func setSettling(_ id: SessionID, _ settling: Bool) {
        guard let session = sessions[id] else { return }
        session.settling = settling
        if !settling { for pool in session.slots.keys { list(session, pool) } }
    }

    /// The session's stream refused an offer: its slots are not free until it has room, however few tasks it holds.
    func congest(_ id: SessionID) { sessions[id]?.congested = true }

    /// The stream has room again.
    mutating func hasRoom(_ id: SessionID, registration: UInt64) {
        guard let session = sessions[id], session.registration == registration else { return }
        session.congested = false
        for pool in session.slots.keys { list(session, pool) }
    }

    /// A message of any kind came from the worker.
    func heard(_ id: SessionID, registration: UInt64, now: Duration) {
        guard let session = sessions[id], session.registration == registration else { return }
        session.heardAt = now
        session.heardSinceRenewal = true
    }

    /// Whether the worker must say what it holds: its count was not ours twice in a row. Once may be a message in flight.
    func heartbeat(_ id: SessionID, held: Int) -> Bool {
        guard let session = sessions[id] else { return false }
        session.mismatches = session.told == held ? 0 : session.mismatches + 1
        return session.mismatches >= 2
    }

    /// Splits the sessions into those to renew (heard from since the last time) and those silent for a whole lease.
    func renewals(now: Duration) -> (renew: [SessionID], silent: [SessionID]) {
        var renew: [SessionID] = []
        var silent: [SessionID] = []
        for (id, session) in sessions {
            if session.heardSinceRenewal {
                renew.append(id)
                session.heardSinceRenewal = false
            } else if now - session.heardAt >= session.record.lease {
                silent.append(id)
            }
        }
        return (renew, silent)
    }

    /// Sessions that were heard from within their lease.
    func audible(now: Duration) -> [SessionID] {
        sessions.values.filter { now - $0.heardAt < $0.record.lease }.map(\.record.id)
    }

    /// Whether the lease is known here; those of sessions that are gone are nobody's business here.
    func holds(_ lease: LeasedTask) -> Bool {
        sessions[lease.fence.session].map { $0.held[lease.held] != nil } ?? true
    }

    // MARK: Slots

    /// Promises a free slot of a session that serves the bucket. None while older tokens wait in the bucket, or any that
    /// the same slots serve (whose turn it is, the claim decides), and none for a queue whose claims need its lock.
    mutating func reserve(_ bucket: Bucket) -> SessionID? {
        if waiting.contains(bucket) || queues.isGuarded(bucket.queue, of: bucket.tenant) || breakers[bucket] != nil {
            return nil
        }
        guard let groups = servers[TenantRoute(tenant: bucket.tenant, route: bucket.route)] else { return nil }
        for group in groups where waiting.isEmpty || !isAwaited(group) {
            if let id = take(from: group) { return id }
        }
        return nil
    }

    /// The moment of a promise: streams that connect from now on do not owe it.
    var epoch: UInt64 { nextRegistration }

    /// The stream that made a promise, if it is still the session's present one.
    private func session(_ id: SessionID, before epoch: UInt64) -> LocalSession? {
        guard let session = sessions[id], session.registration < epoch else { return nil }
        return session
    }

    private func isAwaited(_ group: GroupKey) -> Bool { waiting.contains { isServed($0, by: group) } }

    private func isServed(_ bucket: Bucket, by group: GroupKey) -> Bool {
        let capability = capabilities[group.capability]
        return bucket.tenant == capability.tenant && capability.routes[bucket.route] == group.pool
    }

    /// A reservation that was not used.
    mutating func handBack(_ id: SessionID, route: RouteID, epoch: UInt64 = .max) {
        guard let session = session(id, before: epoch), let pool = session.routes[route] else { return }
        unreserve(session, pool)
    }

    /// A reservation became a lease. `nil`: the stream has gone meanwhile, and another one of the same session has been
    /// settled without it.
    mutating func grant(_ lease: LeasedTask, epoch: UInt64 = .max) -> (any TaskSink)? {
        guard let session = session(lease.fence.session, before: epoch),
            let pool = session.routes[lease.bucket.route]
        else { return nil }
        // A suspect shares its worker with nobody who comes later: such a one goes back.
        if session.suspects > 0 {
            unreserve(session, pool)
            return nil
        }
        session.insert(HeldTask(lease: lease, pool: pool))
        unreserve(session, pool)
        return session.sink
    }

    /// The assignment is about to be offered. `nil`: the attempt is no longer held here (cancelled, or the session left).
    func offering(_ lease: LeasedTask, name: TaskName, now: Duration, backstop: Duration?) -> (any TaskSink)? {
        guard let session = sessions[lease.fence.session], var task = session.held[lease.held] else { return nil }
        task.name = name
        if lease.isSuspect, session.held.count > 1 {
            session.insert(task)
            session.waitAlone(lease.held)
            return nil
        }
        task.progress = .offered(now)
        task.backstop = backstop.map { now + $0 }
        session.insert(task)
        return session.sink
    }

    /// The attempt is a suspect, and is offered later.
    func waitsAlone(_ lease: LeasedTask) -> Bool {
        sessions[lease.fence.session]?.held[lease.held]?.progress == .waitsAlone
    }

    func started(_ id: SessionID, _ name: TaskName, at: Timestamp) {
        guard let session = sessions[id], let key = session.names[name] else { return }
        session.start(key, at: at)
    }

    /// The attempt is no longer held: finished, revoked or cancelled. Its slot is free.
    mutating func remove(_ id: SessionID, _ key: HeldAttempt) -> HeldTask? {
        guard let session = sessions[id], let task = session.remove(key) else { return nil }
        if let alone = session.alone { self.alone.append(alone) }
        // While a suspect was there no pool had a free slot.
        if task.lease.isSuspect {
            for pool in session.slots.keys { list(session, pool) }
        } else {
            list(session, task.pool)
        }
        return task
    }

    /// As above, by the worker's name for it.
    mutating func remove(_ id: SessionID, _ name: TaskName) -> HeldTask? {
        guard let key = sessions[id]?.names[name] else { return nil }
        return remove(id, key)
    }

    /// Attempts of a run that are held here.
    func attempts(of run: RunKey) -> [AttemptFence] {
        sessions.values.flatMap { session in
            session.held.values.compactMap { $0.lease.fence.key == run ? $0.lease.fence : nil }
        }
    }

    // MARK: Buckets

    /// Tokens arrived in a bucket, the lowest of them with this rank. `true` when a local slot could take one. Of a route
    /// with the number 0: places have become free under the limit of the bucket's queue.
    mutating func wake(_ bucket: Bucket, rank: Rank) -> Bool {
        if bucket.route == .any {
            wake(bucket.queue)
            return canClaim
        }
        guard let groups = servers[TenantRoute(tenant: bucket.tenant, route: bucket.route)] else { return false }
        var state = buckets[bucket] ?? BucketState()
        state.lowWater = min(state.lowWater, rank)
        state.lowestSinceClaim = min(state.lowestSinceClaim, rank)
        buckets[bucket] = state
        if isOpen(bucket) { setWaiting(bucket) }
        // A step that returned has also freed its place, which a step of another route may take.
        if queues.isGuarded(bucket.queue, of: bucket.tenant) { wake(bucket.queue) }
        return groups.contains { hasFree($0) }
    }

    /// Places have become free under a queue's limit: whatever bucket of it may have been left is looked at again. Under
    /// a quota of its tenant, all of the tenant's.
    mutating func wake(_ queue: QueueID) {
        let owner = queues.stepLimited.isEmpty ? nil : queues.queues[queue]?.tenant
        let limited = owner.flatMap { queues.stepLimited.contains($0) ? $0 : nil }
        for bucket in buckets.keys where (bucket.queue == queue || bucket.tenant == limited) && isOpen(bucket) {
            setWaiting(bucket)
        }
    }

    /// Claims may find something there: no breaker is in the way, or it lets probes through.
    private func isOpen(_ bucket: Bucket) -> Bool { breakers[bucket]?.isHalfOpen ?? true }

    private mutating func setWaiting(_ bucket: Bucket) {
        buckets[bucket]?.waiting = true
        waiting.insert(bucket)
    }

    /// Buckets whose breaker has opened are left alone; those whose breaker has changed otherwise are looked at again.
    mutating func setBreakers(_ table: BreakerTable) {
        let old = breakers
        breakers = table
        for bucket in buckets.keys where old[bucket] != table[bucket] {
            if isOpen(bucket) {
                setWaiting(bucket)
            } else {
                buckets[bucket]?.waiting = false
                waiting.remove(bucket)
            }
        }
    }

    /// Suspects wait to be offered.
    var hasAlone: Bool { !alone.isEmpty }

    /// Takes the suspects that may be offered and are held still.
    mutating func takeAlone() -> [LeasedTask] {
        defer { alone = [] }
        return alone.filter { sessions[$0.fence.session]?.held[$0.held]?.progress == .waitsAlone }
    }

    var hasFreeSlot: Bool { available.keys.contains { hasFree($0) } }

    /// Whether a claim would have both a bucket and a slot.
    var canClaim: Bool {
        waiting.contains { bucket in
            servers[TenantRoute(tenant: bucket.tenant, route: bucket.route)]?.contains { hasFree($0) } ?? false
        }
    }

    /// The next claim: one group of interchangeable sessions, their free slots (now reserved), their waiting buckets.
    /// The tenant whose turn it is goes first; its queues share the slots by their weights.
    mutating func nextClaim(limit: Int) -> ClaimPlan? {
        if let next = planned.popFirst() { return next }
        guard !waiting.isEmpty, let group = nextGroup() else { return nil }
        var slots: [SessionID] = []
        while slots.count < limit, let id = take(from: group) { slots.append(id) }
        guard !slots.isEmpty else { return nil }
        let all = waiting.filter { isServed($0, by: group) }
        if let probes = nextProbes(of: all, &slots, group) { return probes }
        let served = Dictionary(grouping: all, by: \.queue)
        let tenant = capabilities[group.capability].tenant
        // Sorted: which queue goes first must not depend on hashing.
        let names = served.keys.sorted { $0.value < $1.value }
        let shares = fairness.allot(slots.count, of: tenant, among: names, queues)

        var open = ClaimPlan(
            request: ClaimRequest(buckets: [], slots: [], shares: []), pool: group.pool, epoch: epoch)
        for (queue, share) in zip(names, shares) where share > 0 {
            let own = Array(slots.suffix(share))
            slots.removeLast(share)
            let isGuarded = queues.isGuarded(queue, of: tenant)
            let number = isGuarded ? 0 : open.request.shares.count
            let claims = (served[queue] ?? []).map { bucket in
                ClaimBucket(bucket: bucket, lowWater: buckets[bucket]?.lowWater ?? .min, share: number)
            }
            for bucket in served[queue] ?? [] {
                buckets[bucket]?.waiting = false
                buckets[bucket]?.lowestSinceClaim = .max
                waiting.remove(bucket)
            }
            if isGuarded {
                planned.append(
                    ClaimPlan(
                        request: ClaimRequest(
                            buckets: claims, slots: own, isGuarded: true,
                            isCounted: queues.stepLimited.contains(tenant)), pool: group.pool, epoch: epoch,
                        queues: [queue]))
            } else {
                open.request.buckets += claims
                open.request.slots += own
                open.request.shares.append(share)
                open.queues.append(queue)
            }
        }
        return open.request.slots.isEmpty ? planned.popFirst() : open
    }

    /// A claim of probes, for one breaker that is half-open and one queue; the slots that it does not take are free again.
    private mutating func nextProbes(
        of waiting: Set<Bucket>, _ slots: inout [SessionID], _ group: GroupKey
    ) -> ClaimPlan? {
        guard !breakers.gates.isEmpty else { return nil }
        let gated = waiting.filter { breakers[$0] != nil }
        let first = gated.min { ($0.queue.value, $0.route.value) < ($1.queue.value, $1.route.value) }
        guard let first, let gate = breakers[first] else { return nil }
        let own = gated.filter { $0.queue == first.queue && breakers[$0]?.breaker == gate.breaker }
        while slots.count > max(1, Int(gate.probes)) {
            if let session = slots.popLast().flatMap({ sessions[$0] }) { unreserve(session, group.pool) }
        }
        let claims = own.map { ClaimBucket(bucket: $0, lowWater: buckets[$0]?.lowWater ?? .min) }
        for bucket in own {
            buckets[bucket]?.waiting = false
            buckets[bucket]?.lowestSinceClaim = .max
            self.waiting.remove(bucket)
        }
        return ClaimPlan(
            request: ClaimRequest(buckets: claims, slots: slots, breaker: gate.breaker), pool: group.pool,
            epoch: epoch)
    }

    /// The group of sessions that claims next: of the tenant whose turn it is, the groups take turns.
    private mutating func nextGroup() -> GroupKey? {
        let groups = Array(available.keys)
        var ready: [(position: Int, tenant: TenantID)] = []
        for offset in groups.indices {
            let position = (turn + offset) % groups.count
            guard hasFree(groups[position]), isAwaited(groups[position]) else { continue }
            ready.append((position, capabilities[groups[position].capability].tenant))
        }
        guard let tenant = fairness.nextTenant(of: ready.map(\.tenant), queues) else { return nil }
        guard let chosen = ready.first(where: { $0.tenant == tenant }) else { return nil }
        turn = chosen.position + 1
        return groups[chosen.position]
    }

    /// Settles a claim. Answers the leases whose session has gone meanwhile: they go back to the store.
    mutating func claimed(_ plan: ClaimPlan, _ leases: [LeasedTask]) -> [LeasedTask] {
        var highest: [Bucket: Rank] = [:]
        var taken: [QueueID: Int] = [:]
        var orphans: [LeasedTask] = []
        for lease in leases {
            highest[lease.bucket] = max(highest[lease.bucket] ?? .min, lease.rank)
            taken[lease.bucket.queue, default: 0] += 1
            if grant(lease, epoch: plan.epoch) == nil { orphans.append(lease) }
        }
        var unused: [SessionID: Int] = [:]
        for id in plan.request.slots { unused[id, default: 0] += 1 }
        for lease in leases { unused[lease.fence.session, default: 1] -= 1 }
        for (id, count) in unused {
            guard let session = session(id, before: plan.epoch) else { continue }
            for _ in 0..<max(0, count) { unreserve(session, plan.pool) }
        }

        for claim in plan.request.buckets {
            guard var state = buckets[claim.bucket] else { continue }
            if let rank = highest[claim.bucket] {
                state.lowWater = min(max(state.lowWater, rank), state.lowestSinceClaim)
            }
            // As many as asked for: more may wait. Fewer: everything visible was taken.
            if taken[claim.bucket.queue] ?? 0 >= plan.request.shares[claim.share], isOpen(claim.bucket) {
                state.waiting = true
            }
            if state.waiting { waiting.insert(claim.bucket) }
            buckets[claim.bucket] = state
        }
        if let tenant = plan.request.buckets.first?.bucket.tenant {
            for (queue, share) in zip(plan.queues, plan.request.shares) {
                fairness.refund(share - (taken[queue] ?? 0), of: tenant, to: queue, queues)
            }
        }
        return orphans
    }

    /// The claim's outcome is unknown: its slots are free again once the sessions are settled, its buckets wait.
    mutating func claimFailed(_ plan: ClaimPlan) {
        for id in plan.request.slots {
            if let session = session(id, before: plan.epoch) { unreserve(session, plan.pool) }
        }
        for claim in plan.request.buckets { _ = wake(claim.bucket, rank: claim.lowWater) }
    }

    // MARK: Deadlines of the node's own

    /// Attempts that were offered and not started in time, and attempts far beyond their own time limit.
    func overdue(now: Duration, startTimeout: Duration) -> (unstarted: [HeldTask], timedOut: [HeldTask]) {
        var unstarted: [HeldTask] = []
        var timedOut: [HeldTask] = []
        for session in sessions.values {
            for task in session.held.values {
                if case .offered(let at) = task.progress, now - at >= startTimeout { unstarted.append(task) }
                if case .started = task.progress, let backstop = task.backstop, now >= backstop {
                    timedOut.append(task)
                }
            }
        }
        return (unstarted, timedOut)
    }

    // MARK: Groups

    private mutating func number(of capability: Capability) -> Int {
        if let known = capabilityNumbers[capability] { return known }
        let number = capabilities.count
        capabilities.append(capability)
        capabilityNumbers[capability] = number
        for (route, pool) in capability.routes {
            servers[TenantRoute(tenant: capability.tenant, route: route), default: []]
                .append(GroupKey(capability: number, pool: pool))
        }
        return number
    }

    private func hasFree(_ group: GroupKey) -> Bool {
        available[group]?.contains { listing in
            guard let session = sessions[listing.session] else { return false }
            return session.registration == listing.registration && session.free(group.pool) > 0
        } ?? false
    }

    private mutating func list(_ session: LocalSession, _ pool: String) {
        guard session.slots[pool]?.listed == false, session.free(pool) > 0 else { return }
        session.slots[pool]?.listed = true
        available[GroupKey(capability: session.capability, pool: pool), default: []]
            .append(Listing(session: session.record.id, registration: session.registration))
    }

    /// Reserves a slot of the session whose turn it is, so that work spreads over the sessions.
    private mutating func take(from group: GroupKey) -> SessionID? {
        while let listing = available[group]?.popFirst() {
            guard let session = sessions[listing.session], session.registration == listing.registration else {
                continue
            }
            let free = session.free(group.pool)
            if free > 0 { session.slots[group.pool]?.reserved += 1 }
            if free > 1 { available[group]?.append(listing) } else { session.slots[group.pool]?.listed = false }
            if free > 0 { return listing.session }
        }
        return nil
    }

    private mutating func unreserve(_ session: LocalSession, _ pool: String) {
        if let reserved = session.slots[pool]?.reserved, reserved > 0 { session.slots[pool]?.reserved = reserved - 1 }
        list(session, pool)
    }
}
