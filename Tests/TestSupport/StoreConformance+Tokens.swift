internal import Engine
internal import Workflows

extension StoreConformance {
    static func claimFollowsRank(_ fixture: StoreFixture) async throws {
        var keys: [RunKey] = []
        for rank in [30, 10, 20] as [Rank] { keys.append(try await fixture.startRun(rank: rank).key) }
        let sessions = [try await fixture.openSession(), try await fixture.openSession()]
        let tasks = try await fixture.claim(sessions)
        try expectEqual(tasks.map(\.fence.key), [keys[1], keys[2]])
        try expectEqual(Set(tasks.map(\.fence.session)), Set(sessions))
        try expectEqual(tasks.map(\.rank), [10, 20])
        try expectEqual(try await fixture.claim(sessions).map(\.fence.key), [keys[0]])
    }

    static func claimRespectsLowWater(_ fixture: StoreFixture) async throws {
        _ = try await fixture.startRun(rank: 10)
        let (high, _) = try await fixture.startRun(rank: 20)
        let session = try await fixture.openSession()
        try expectEqual(try await fixture.claim([session, session], lowWater: 15).map(\.fence.key), [high])
        let buckets = try await fixture.store.readyBuckets()
        try expectEqual(buckets.filter { $0.bucket == fixture.bucket }.map(\.lowestRank), [10])
    }

    static func claimSpansBuckets(_ fixture: StoreFixture) async throws {
        let other = Bucket(
            tenant: fixture.tenant, queue: try await fixture.store.queue(named: "other", tenant: fixture.tenant),
            route: fixture.bucket.route)
        var keys: [RunKey] = []
        for (bucket, rank) in [(fixture.bucket, 1), (other, 2), (fixture.bucket, 3), (other, 4)] as [(Bucket, Rank)] {
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key)]
            batch.ready = [
                ReadyRow(key: key, bucket: bucket, rank: rank, step: 0, attempt: 4, losses: 2, lease: nil)
            ]
            _ = try await fixture.store.commit(batch)
            keys.append(key)
        }
        let session = try await fixture.openSession()
        let tasks = try await fixture.claim([session, session, session], buckets: [fixture.bucket, other])
        try expectEqual(tasks.map(\.fence.key), Array(keys[0...2]))
        try expectEqual(tasks.map(\.fence.attempt), [5, 5, 5])
        try expectEqual(tasks.map(\.losses), [2, 2, 2])
        try expectEqual(tasks.map(\.bucket), [fixture.bucket, other, fixture.bucket])
    }

    static func releaseNamesTwice(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (_, outcome) = try await fixture.startRun(lease: session)
        let fence = outcome.leased[0].fence
        try expectEqual(try await fixture.store.release([fence, fence]), [fence])
        try expectEqual(try await fixture.claim([session]).map(\.fence.attempt), [2])
    }

    static func releaseReturnsToken(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, outcome) = try await fixture.startRun(lease: session, rank: 7)
        let fence = outcome.leased[0].fence
        let strange = AttemptFence(key: key, step: 0, attempt: 2, session: session)
        try expectEqual(try await fixture.store.release([strange]), [])
        try expectEqual(try await fixture.store.release([fence]), [fence])
        try expectEqual(try await fixture.store.release([fence]), [])
        let late = try await fixture.store.commit(fixture.finishBatch(fence))
        guard case .staleFences? = late.excluded[key] else { throw Unmet(description: "\(late.excluded)") }
        let task = try unwrap(try await fixture.claim([session]).first)
        try expectEqual(task.fence.attempt, 2)
        try expectEqual(task.rank, 7)
        try expectEqual(task.losses, 0)
    }

    static func sessionSettlement(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (held, _) = try await fixture.startRun(lease: session)
        let (lost, _) = try await fixture.startRun(lease: session)
        let unknown = HeldAttempt(key: try await fixture.makeKey(), step: 0, attempt: 1)
        let settled = try await fixture.store.openSession(
            fixture.record(session), held: [HeldAttempt(key: held, step: 0, attempt: 1), unknown])
        try expectEqual(settled.kept.map(\.fence.key), [held])
        try expectEqual(settled.unknown, [unknown])
        try expectEqual(settled.returned.map(\.bucket), [fixture.bucket])
        let task = try unwrap(try await fixture.claim([session]).first)
        try expectEqual(task.fence.key, lost)
        try expectEqual(task.fence.attempt, 2)
        try expectEqual(task.losses, 0, "nobody lost it")
    }

    static func sessionRenewal(_ fixture: StoreFixture) async throws {
        let live = try await fixture.openSession()
        let dead = try await fixture.openSession(lease: .zero)
        let strange = SessionID(StoreFixture.randomBytes())
        let renewed = try await fixture.store.renewSessions([live, dead, strange], lease: .seconds(60))
        try expectEqual(renewed, [live])
        try expectEqual(try await fixture.store.renewSessions([dead], lease: .seconds(60)), [], "not revived")
    }

    static func sessionLeases(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let other = try await fixture.openSession()
        let (_, started) = try await fixture.startRun(lease: session)
        _ = try await fixture.startRun(lease: other)
        let leases = try await fixture.store.leases(of: [session], olderThan: .microseconds(-1))
        try expectEqual(leases.map(\.fence), started.leased.map(\.fence))
        try expectEqual(leases.map(\.bucket), [fixture.bucket])
        let young = try await fixture.store.leases(of: [session], olderThan: .seconds(60))
        try expectEqual(young.count, 0, "not old enough")
    }

    static func sessionClose(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, _) = try await fixture.startRun(lease: session)
        try await fixture.store.closeSession(session)
        try expectEqual(try await fixture.store.renewSessions([session], lease: .seconds(60)), [])
        let other = try await fixture.openSession()
        let task = try unwrap(try await fixture.claim([other]).first)
        try expectEqual(task.fence, AttemptFence(key: key, step: 0, attempt: 2, session: other))
        try expectEqual(task.losses, 0)
    }

    static func rescueCountsLosses(_ fixture: StoreFixture) async throws {
        let dead = try await fixture.openSession(lease: .zero)
        let live = try await fixture.openSession()
        let (lost, started) = try await fixture.startRun(lease: dead)
        let (kept, _) = try await fixture.startRun(lease: live)
        let rescued = try await fixture.store.rescue(limit: 1000).filter { $0.bucket.tenant == fixture.tenant }
        try expectEqual(rescued.map(\.fence), started.leased.map(\.fence))
        let late = try await fixture.store.commit(fixture.finishBatch(started.leased[0].fence))
        guard case .staleFences? = late.excluded[lost] else { throw Unmet(description: "\(late.excluded)") }
        let tasks = try await fixture.claim([live, live])
        try expectEqual(tasks.map(\.fence.key), [lost])
        try expectEqual(tasks.map(\.losses), [1])
        try expectEqual(tasks.map(\.fence.attempt), [2])
        let ended = try await fixture.store.commit(
            fixture.finishBatch(AttemptFence(key: kept, step: 0, attempt: 1, session: live)))
        try expect(ended.excluded.isEmpty)
    }

    static func retryTimer(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, outcome) = try await fixture.startRun(steps: 2, lease: session)
        let later = try await fixture.startRun(lease: session).key
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 1), fixture.advance(later, from: 1)]
        batch.finishes = [outcome.leased[0].fence, AttemptFence(key: later, step: 0, attempt: 1, session: session)]
        batch.transitions = [
            fixture.transition(key, revision: 2, state: .scheduled),
            fixture.transition(later, revision: 2, state: .scheduled),
        ]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(key, attempt: 1, rank: 3)), delay: .zero),
            TimerRow(kind: .token(fixture.ready(later, attempt: 1, rank: 3)), delay: .seconds(3600)),
        ]
        try expect(try await fixture.store.commit(batch).excluded.isEmpty)
        let fired = try await fixture.store.fireTimers(limit: 100)
        try expectEqual(
            fired.ready.filter { $0.bucket == fixture.bucket }.map(\.lowestRank), [3])
        try expect(fired.next != nil, "one is still to come")
        let task = try unwrap(try await fixture.claim([session, session]).first)
        try expectEqual(task.fence, AttemptFence(key: key, step: 0, attempt: 2, session: session))
        try expect(try await fixture.store.fireTimers(limit: 100).ready.allSatisfy { $0.bucket != fixture.bucket })
    }

    static func runDeadline(_ fixture: StoreFixture) async throws {
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key)]
        batch.timers = [TimerRow(kind: .runDeadline(key), delay: .zero)]
        _ = try await fixture.store.commit(batch)
        let began = try await fixture.store.now()
        try expect(try await fixture.store.fireTimers(limit: 100).deadlines.contains(key))
        let isToldAgain = try await fixture.store.fireTimers(limit: 100).deadlines.contains(key)
        // On a machine that stands still for so long it may be.
        let isSoon = try await fixture.store.now() - began < FiredTimers.retelling
        try expect(!(isToldAgain && isSoon), "nobody else is told at once")
        var apply = fixture.makeBatch()
        apply.advances = [fixture.advance(key, from: 1, to: .timedOut)]
        apply.drops = [TokenDrop(key: key, expected: 1)]
        apply.firedRunTimers = [key]
        try expect(try await fixture.store.commit(apply).excluded.isEmpty)
        try expect(!(try await fixture.store.fireTimers(limit: 100).deadlines.contains(key)))
    }

    static func endingRemovesDeadline(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key, lease: session)]
        batch.timers = [TimerRow(kind: .runDeadline(key), delay: .zero)]
        _ = try await fixture.store.commit(batch)
        _ = try await fixture.store.commit(
            fixture.finishBatch(AttemptFence(key: key, step: 0, attempt: 1, session: session)))
        try expect(!(try await fixture.store.fireTimers(limit: 100).deadlines.contains(key)))
    }

    static func dropTakesEveryToken(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key, step: 0, lease: session), fixture.ready(key, step: 1)]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(key, step: 2)), delay: .zero),
            TimerRow(kind: .runDeadline(key), delay: .zero),
        ]
        _ = try await fixture.store.commit(batch)
        let (other, _) = try await fixture.startRun()
        var cancel = fixture.makeBatch()
        cancel.advances = [fixture.advance(key, from: 1, to: .cancelled), fixture.advance(other, from: 9)]
        cancel.drops = [TokenDrop(key: key, expected: 3), TokenDrop(key: other, expected: 1)]
        cancel.transitions = [fixture.transition(key, revision: 2, step: 0, attempt: 1, state: .cancelled)]
        let outcome = try await fixture.store.commit(cancel)
        try expectEqual(outcome.dropped, [AttemptFence(key: key, step: 0, attempt: 1, session: session)])
        try expectEqual(Array(outcome.excluded.keys), [other])
        let fired = try await fixture.store.fireTimers(limit: 100)
        try expect(fired.ready.allSatisfy { $0.bucket != fixture.bucket })
        try expect(!fired.deadlines.contains(key))
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [other], "a loser keeps its own")
    }

    static func inboxUntilApplied(_ fixture: StoreFixture) async throws {
        let (key, _) = try await fixture.startRun()
        let gone = try await fixture.makeKey()
        let messages = [key, gone].map {
            InboxMessage(id: InboxID(key: $0, id: StoreFixture.randomBytes()), command: .cancel(reason: "no ✓ need"))
        }
        try await fixture.store.postInbox(messages)
        try await fixture.store.postInbox(messages)
        func pending() async throws -> [InboxMessage] {
            try await fixture.store.readInbox(limit: 1000, olderThan: .zero)
                .filter { $0.id.key.tenant == fixture.tenant }
        }
        try expectEqual(Set(try await pending().map(\.id)), Set(messages.map(\.id)))
        try expectEqual(try await pending().map(\.command), messages.map(\.command))
        let recent = try await fixture.store.readInbox(limit: 1000, olderThan: .seconds(3600))
        try expect(recent.allSatisfy { $0.id.key.tenant != fixture.tenant }, "too young")
        var lost = fixture.makeBatch()
        lost.advances = [fixture.advance(key, from: 5, to: .cancelled)]
        lost.appliedInbox = messages.map(\.id)
        _ = try await fixture.store.commit(lost)
        try expectEqual(try await pending().map(\.id), [messages[0].id], "a lost race applies nothing")
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 1, to: .cancelled)]
        batch.drops = [TokenDrop(key: key, expected: 1)]
        batch.appliedInbox = [messages[0].id]
        _ = try await fixture.store.commit(batch)
        try expect(try await pending().isEmpty)
    }

    static func eventsInOrder(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        let beginning = try await store.readEvents(after: nil, limit: 10).position
        let (key, _) = try await fixture.startRun(rank: 42)
        let session = try await fixture.openSession()
        let task = try unwrap(try await fixture.claim([session]).first)
        _ = try await store.commit(fixture.finishBatch(task.fence))
        // Other transactions of the same database can hold the horizon back for a moment.
        var rows: [EventRow] = []
        var position = beginning
        let limit = ContinuousClock.now + .seconds(100)
        while rows.count < 3, ContinuousClock.now < limit {
            let page = try await store.readEvents(after: position, limit: 1)
            try expect(!page.gap)
            position = page.position
            rows += page.rows.filter { $0.position.tenant == fixture.tenant }
        }
        try expectEqual(rows.count, 3)
        let texts = rows.map { String(decoding: $0.payload, as: UTF8.self) }
        let run = key.run.bytes.uuidText
        try expectEqual(
            texts[0], "[" + String(decoding: fixture.fragment(key, revision: 1, state: .running), as: UTF8.self) + "]")
        try expectEqual(texts[1], #"[{"r":"\#(run)","t":[[0,"running",1]]}]"#)
        try expectEqual(
            texts[2], "[" + String(decoding: fixture.fragment(key, revision: 2, state: .succeeded), as: UTF8.self) + "]"
        )
        try expectEqual(rows[0].wakes.map(\.bucket), [fixture.bucket])
        try expectEqual(rows[0].wakes.map(\.lowestRank), [42])
        try expect(rows[1].wakes.isEmpty)
        try expect(rows[0].position < rows[1].position && rows[1].position < rows[2].position)
        let (stopped, _) = try await fixture.startRun()
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(stopped, from: 1, to: .cancelled)]
        batch.drops = [TokenDrop(key: stopped, expected: 1)]
        _ = try await store.commit(batch)
        var untold: [EventRow] = []
        position = beginning
        while untold.count < 5, ContinuousClock.now < limit {
            let page = try await store.readEvents(after: position, limit: 1, isTold: false)
            position = page.position
            untold += page.rows.filter { $0.position.tenant == fixture.tenant }
        }
        try expectEqual(untold.map(\.payload.isEmpty), [true, true, true, true, false])
        try expectEqual(untold.prefix(3).map(\.wakes.count), rows.map(\.wakes.count))
        var stranger = beginning
        stranger.epoch += 1
        try expect(try await store.readEvents(after: stranger, limit: 1).gap, "another database's position")
    }

    static func eventsFromNow(_ fixture: StoreFixture) async throws {
        try await fixture.startRun()
        let page = try await fixture.store.readEvents(after: nil, limit: 10)
        try expect(page.rows.isEmpty)
        try expect(!page.gap)
    }
}
