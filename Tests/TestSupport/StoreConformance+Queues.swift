internal import Engine
internal import Workflows

extension StoreConformance {
    static func queueSettings(_ fixture: StoreFixture) async throws {
        let (store, tenant) = (fixture.store, fixture.tenant)
        let settings = QueueSettings(
            order: QueueOrder(.priority, boost: .milliseconds(1500)), weight: 7, isStrict: true, concurrency: 3)
        guard case .written(let made) = try await store.createQueue(named: "bulk", settings: settings, tenant: tenant)
        else { throw Unmet(description: "not created") }
        try expectEqual(made.settings, settings)
        try expectEqual(try await store.queues([made.id]), [made])
        try expectEqual(
            try await store.createQueue(named: "bulk", settings: QueueSettings(), tenant: tenant), .exists(made))
        try expectEqual(try await store.queue(named: "bulk", tenant: tenant), made.id)
        try expectEqual(
            try await store.changeQueue(named: "none", tenant: tenant, .paused(true), ifVersion: nil), .missing)
        try expectEqual(
            try await store.changeQueue(named: "bulk", tenant: tenant, .paused(true), ifVersion: made.version + 1),
            .versionMismatch(current: made.version))
        var paused = made
        paused.isPaused = true
        paused.version += 1
        try expectEqual(
            try await store.changeQueue(named: "bulk", tenant: tenant, .paused(true), ifVersion: made.version),
            .written(paused))
        var draining = paused
        draining.isDraining = true
        draining.version += 1
        try expectEqual(
            try await store.changeQueue(named: "bulk", tenant: tenant, .draining(true), ifVersion: nil),
            .written(draining))
        try expectEqual(try await store.queues(tenant: tenant).map(\.name), ["bulk", "default"])
        // A queue that a workflow has named before is taken over, with its id.
        guard
            case .written(let taken) = try await store.createQueue(
                named: "default", settings: QueueSettings(weight: 9), tenant: tenant)
        else { throw Unmet(description: "not taken over") }
        try expectEqual(taken.id, fixture.bucket.queue)
        let other = try await store.ensureTenant(named: "other-\(tenant.value)")
        try expectEqual(try await store.queues(tenant: other), [])
        try await store.setWeight(250, of: other)
        try expectEqual(try await store.tenantWeights([tenant, other]), [tenant: 100, other: 250])
    }

    static func queueDeletion(_ fixture: StoreFixture) async throws {
        let (store, tenant) = (fixture.store, fixture.tenant)
        let session = try await fixture.openSession()
        let (_, outcome) = try await fixture.startRun(lease: session)
        _ = try await store.changeQueue(
            named: "default", tenant: tenant, .settings(QueueSettings(weight: 5)), ifVersion: nil)
        try expectEqual(
            try await store.deleteQueue(named: "default", tenant: tenant, ifVersion: nil), .notEmpty(tokens: 1))
        _ = try await store.commit(fixture.finishBatch(outcome.leased[0].fence))
        try expectEqual(
            try await store.deleteQueue(named: "default", tenant: tenant, ifVersion: 1), .versionMismatch(current: 2))
        _ = try await store.changeQueue(named: "default", tenant: tenant, .paused(true), ifVersion: nil)
        try expectEqual(try await store.deleteQueue(named: "default", tenant: tenant, ifVersion: nil), .deleted)
        try expectEqual(try await store.queues(tenant: tenant), [])
        try expectEqual(try await store.deleteQueue(named: "default", tenant: tenant, ifVersion: nil), .missing)
        try expectEqual(
            try await store.changeQueue(named: "default", tenant: tenant, .paused(true), ifVersion: nil), .missing)
        // Whoever still knows its number is served, and finds the defaults.
        let (key, _) = try await fixture.startRun()
        try expectEqual(try await store.queues(tenant: tenant).map(\.settings), [QueueSettings()])
        try expectEqual(try await fixture.claim([session]).map(\.fence.key), [key])
    }

    static func queueChangesAreTold(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        var position = try await store.readEvents(after: nil, limit: 1).position
        _ = try await store.changeQueue(named: "default", tenant: fixture.tenant, .paused(true), ifVersion: nil)
        var told: [QueueID] = []
        let limit = ContinuousClock.now + .seconds(100)
        while told.isEmpty, ContinuousClock.now < limit {
            let page = try await store.readEvents(after: position, limit: 10)
            position = page.position
            told = page.rows.filter { $0.position.tenant == fixture.tenant }.flatMap(\.queues)
            try expect(page.rows.allSatisfy { $0.queues.isEmpty || $0.payload == Array("[]".utf8) }, "readable")
        }
        try expectEqual(told, [fixture.bucket.queue])
    }

    static func pausedQueue(_ fixture: StoreFixture) async throws {
        let (store, tenant) = (fixture.store, fixture.tenant)
        let session = try await fixture.openSession()
        let (waiting, _) = try await fixture.startRun()
        _ = try await store.changeQueue(named: "default", tenant: tenant, .paused(true), ifVersion: nil)
        let (fast, outcome) = try await fixture.startRun(lease: session)
        try expect(outcome.leased.isEmpty, "the fast path respects a pause")
        try expectEqual(try await fixture.claim([session, session]).count, 0)
        try expect(try await store.readyBuckets().contains { $0.bucket == fixture.bucket }, "no row has moved")
        _ = try await store.changeQueue(named: "default", tenant: tenant, .paused(false), ifVersion: nil)
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [waiting, fast])
    }

    static func strictQueue(_ fixture: StoreFixture) async throws {
        _ = try await fixture.store.changeQueue(
            named: "default", tenant: fixture.tenant, .settings(QueueSettings(isStrict: true)), ifVersion: nil)
        let session = try await fixture.openSession()
        let (first, outcome) = try await fixture.startRun(lease: session)
        try expect(outcome.leased.isEmpty, "no fast path")
        let (second, _) = try await fixture.startRun()
        try expectEqual(try await fixture.claim([session]).count, 0, "an open claim passes it over")
        try expectEqual(try await fixture.claim([session], isGuarded: true).map(\.fence.key), [first])
        try expectEqual(
            try await fixture.claim([session, session], isGuarded: true).map(\.fence.key), [second])
        // What comes back below the mark of a node that has not heard of it is the next all the same.
        let (third, _) = try await fixture.startRun(rank: 5)
        try expectEqual(
            try await fixture.claim([session], lowWater: .max, isGuarded: true).map(\.fence.key), [third])
    }

    static func guardedClaimOfOpenQueue(_ fixture: StoreFixture) async throws {
        try await fixture.startRun()
        let session = try await fixture.openSession()
        try expectEqual(try await fixture.claim([session], isGuarded: true).count, 0, "it has no limit to count by")
        try expectEqual(try await fixture.claim([session]).count, 1)
    }

    static func queueLimit(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        func limit(_ places: Int32?) async throws {
            _ = try await store.changeQueue(
                named: "default", tenant: fixture.tenant, .settings(QueueSettings(concurrency: places)), ifVersion: nil)
        }
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 10)
        // One runs before there is a limit: it counts.
        let (_, outcome) = try await fixture.startRun(lease: session)
        try await limit(3)
        for _ in 0..<6 { try await fixture.startRun() }
        let taken = try await fixture.claim(slots, isGuarded: true)
        try expectEqual(taken.count, 2)
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 0)
        _ = try await store.commit(fixture.finishBatch(outcome.leased[0].fence))
        try expectEqual(try await store.release([taken[0].fence]).count, 1)
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 2, "a finish and a return free places")
        try await limit(1)
        _ = try await store.commit(fixture.finishBatch(taken[1].fence))
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 0, "two still run")
        try await limit(4)
        try expectEqual(try await fixture.claim(slots, isGuarded: true).count, 2)
        try await limit(nil)
        try expectEqual(try await fixture.claim(slots).count, 1, "the last")
    }

    static func freedPlacesAreTold(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let session = try await fixture.openSession()
        let (_, outcome) = try await fixture.startRun(lease: session)
        var position = try await store.readEvents(after: nil, limit: 1).position
        var batch = fixture.finishBatch(outcome.leased[0].fence)
        batch.freed = [TenantQueue(tenant: fixture.tenant, queue: fixture.bucket.queue)]
        _ = try await store.commit(batch)
        var told: [Bucket] = []
        let limit = ContinuousClock.now + .seconds(100)
        while told.isEmpty, ContinuousClock.now < limit {
            let page = try await store.readEvents(after: position, limit: 10)
            position = page.position
            told = page.rows.filter { $0.position.tenant == fixture.tenant }.flatMap { $0.wakes.map(\.bucket) }
        }
        try expectEqual(told, [Bucket(tenant: fixture.tenant, queue: fixture.bucket.queue, route: .any)])
    }

    static func claimShares(_ fixture: StoreFixture) async throws {
        let other = Bucket(
            tenant: fixture.tenant, queue: try await fixture.store.queue(named: "other", tenant: fixture.tenant),
            route: fixture.bucket.route)
        for bucket in [fixture.bucket, other] {
            for _ in 0..<4 {
                let key = try await fixture.makeKey()
                var batch = fixture.makeBatch()
                batch.starts = [fixture.start(key)]
                var row = fixture.ready(key)
                row.bucket = bucket
                batch.ready = [row]
                _ = try await fixture.store.commit(batch)
            }
        }
        let session = try await fixture.openSession()
        let tasks = try await fixture.store.claim(
            ClaimRequest(
                buckets: [
                    ClaimBucket(bucket: fixture.bucket, lowWater: .min, share: 0),
                    ClaimBucket(bucket: other, lowWater: .min, share: 1),
                ], slots: Array(repeating: session, count: 4), shares: [1, 3]))
        try expectEqual(tasks.map(\.bucket), [fixture.bucket, other, other, other])
        try expectEqual(tasks.map(\.rank), tasks.map(\.rank).sorted())
    }

    static func reranking(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let session = try await fixture.openSession()
        var keys: [RunKey] = []
        for priority in [1, 5, nil] as [Int32?] {
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            var start = fixture.start(key)
            start.urgency = Urgency(priority: priority, deadline: priority.map { Timestamp(microseconds: Int64($0)) })
            batch.starts = [start]
            batch.ready = [fixture.ready(key)]
            _ = try await store.commit(batch)
            keys.append(key)
        }
        try expectEqual(
            try await store.loadRuns(keys.map { RunLoad(key: $0, knownRevision: nil) }).map(\.urgency.priority),
            [1, 5, nil])
        guard
            case .written(let queue) = try await store.changeQueue(
                named: "default", tenant: fixture.tenant, .settings(QueueSettings(order: QueueOrder(.priority))),
                ifVersion: nil)
        else { throw Unmet(description: "not changed") }
        try expect(try await store.reorderedQueues().contains { $0.queue == queue })

        var tokens: [RankedToken] = []
        while true {
            let page = try await store.tokens(
                of: queue.id, after: tokens.last.map { HeldAttempt(key: $0.key, step: $0.step, attempt: 0) }, limit: 2)
            tokens += page
            if page.count < 2 { break }
        }
        try expectEqual(Set(tokens.map(\.key)), Set(keys))
        try expectEqual(tokens.count, 3)
        for index in tokens.indices { tokens[index].rank = -Int64(tokens[index].urgency.priority ?? 0) }
        let woken = try await store.setRanks(tokens, queue: queue.id)
        try expectEqual(woken.map(\.bucket), [fixture.bucket])
        try expectEqual(woken.map(\.lowestRank), [-5])
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [keys[1], keys[0]])

        try await store.finishReordering(queue.id, version: queue.version - 1)
        try expect(try await store.reorderedQueues().contains { $0.queue == queue }, "changed again meanwhile")
        try await store.finishReordering(queue.id, version: queue.version)
        try expect(!(try await store.reorderedQueues().contains { $0.queue.id == queue.id }))
    }

    /// A token that is leased while it is re-ranked returns to its new place.
    static func rerankingOfLeased(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, outcome) = try await fixture.startRun(lease: session, rank: 1)
        let token = RankedToken(key: key, step: 0, rank: 900, flow: fixture.flow, urgency: .usual)
        try expectEqual(try await fixture.store.setRanks([token], queue: fixture.bucket.queue).count, 0)
        _ = try await fixture.store.release(outcome.leased.map(\.fence))
        try expectEqual(try await fixture.claim([session]).map(\.rank), [900])
    }
}
