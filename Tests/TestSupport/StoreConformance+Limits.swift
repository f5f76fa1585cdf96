internal import Engine
internal import Workflows

extension StoreConformance {
    /// A batch that starts runs of one step each, which need a slot.
    private static func limitedStarts(
        _ fixture: StoreFixture, _ count: Int, limit: Limit, ranks: [Rank]? = nil
    ) async throws -> (keys: [RunKey], outcome: CommitOutcome) {
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for index in 0..<count {
            let key = try await fixture.makeKey()
            batch.starts.append(fixture.start(key))
            batch.held.append(HeldRow(token: fixture.ready(key, rank: ranks?[index]), limit: limit))
            keys.append(key)
        }
        return (keys, try await fixture.store.commit(batch))
    }

    private static func finish(
        _ fixture: StoreFixture, _ task: LeasedTask, limit: Limit
    ) async throws -> CommitOutcome {
        var batch = fixture.finishBatch(task.fence)
        batch.releases = [LimitRelease(key: task.fence.key, step: task.fence.step, limit: limit.id)]
        return try await fixture.store.commit(batch)
    }

    static func stepLimit(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.step, "disk", slots: 2)
        let (keys, outcome) = try await limitedStarts(fixture, 4, limit: limit, ranks: [40, 10, 30, 20])
        try expectEqual(outcome.admissions.count, 2)
        try expectEqual(outcome.admissions.ready.map(\.bucket), [fixture.bucket])
        try expectEqual(outcome.admissions.ready.map(\.lowestRank), [10])
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 4)
        let tasks = try await fixture.claim(slots)
        try expectEqual(tasks.map(\.fence.key), [keys[1], keys[3]], "the best of those that wait")
        try expectEqual(try await fixture.claim(slots).count, 0)
        let next = try await finish(fixture, tasks[1], limit: limit)
        try expectEqual(next.admissions.ready.map(\.lowestRank), [30], "handed on in the same commit")
        try expectEqual(try await fixture.claim(slots).map(\.fence.key), [keys[2]])
        // Another name, or another level, is another limit.
        let other = fixture.limit(.step, "net", slots: 1)
        try expectEqual(try await limitedStarts(fixture, 1, limit: other).outcome.admissions.count, 1)
        try expectEqual(try await limitedStarts(fixture, 1, limit: limit).outcome.admissions.count, 0)
        try expectEqual(try await fixture.store.sweepLimits(limit: 100).missed, 0)
    }

    static func slotsOutliveLeases(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.step, "one", slots: 1)
        _ = try await limitedStarts(fixture, 2, limit: limit)
        let dead = try await fixture.openSession(lease: .zero)
        let live = try await fixture.openSession()
        let lost = try unwrap(try await fixture.claim([dead]).first)
        _ = try await fixture.store.rescue(limit: 1000)
        let again = try await fixture.claim([live, live])
        try expectEqual(again.map(\.fence.key), [lost.fence.key], "it has kept its slot, the other waits")
        _ = try await fixture.store.release(again.map(\.fence))
        let third = try await fixture.claim([live, live])
        try expectEqual(third.map(\.fence.key), [lost.fence.key])
        // An outcome that no longer counts frees nothing.
        let stale = try await finish(fixture, again[0], limit: limit)
        guard case .staleFences? = stale.excluded[lost.fence.key] else { throw Unmet(description: "\(stale.excluded)") }
        try expectEqual(stale.admissions.count, 0)
        try expectEqual(try await finish(fixture, third[0], limit: limit).admissions.count, 1)
    }

    static func lostRaceFreesNothing(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.step, "one", slots: 1)
        _ = try await limitedStarts(fixture, 2, limit: limit)
        let session = try await fixture.openSession()
        let task = try unwrap(try await fixture.claim([session]).first)
        var batch = fixture.finishBatch(task.fence, revision: 7)
        batch.releases = [LimitRelease(key: task.fence.key, step: 0, limit: limit.id)]
        let outcome = try await fixture.store.commit(batch)
        guard case .lostRace? = outcome.excluded[task.fence.key] else { throw Unmet(description: "not lost") }
        try expectEqual(outcome.admissions.count, 0)
        try expectEqual(try await fixture.claim([session]).count, 0)
    }

    static func limitChanges(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 9)
        let one = fixture.limit(.step, "key", slots: 1)
        _ = try await limitedStarts(fixture, 3, limit: one)
        var tasks = try await fixture.claim(slots)
        try expectEqual(tasks.count, 1)
        // A newer version says three: those that wait go too.
        let three = fixture.limit(.step, "key", slots: 3, newer: 1)
        try expectEqual(try await limitedStarts(fixture, 1, limit: three).outcome.admissions.count, 2)
        tasks += try await fixture.claim(slots)
        try expectEqual(tasks.count, 3)
        // An older version's word does not count any more.
        try expectEqual(try await limitedStarts(fixture, 1, limit: one).outcome.admissions.count, 0)
        try expectEqual(try await finish(fixture, tasks[0], limit: one).admissions.count, 1)
        // Lowered: nothing is taken away, and nothing let in until there is room.
        let two = fixture.limit(.step, "key", slots: 2, newer: 2)
        try expectEqual(try await limitedStarts(fixture, 1, limit: two).outcome.admissions.count, 0)
        tasks += try await fixture.claim(slots)
        try expectEqual(tasks.count, 4)
        try expectEqual(try await finish(fixture, tasks[1], limit: two).admissions.count, 0)
        try expectEqual(try await finish(fixture, tasks[2], limit: two).admissions.count, 1)
    }

    static func retryGivesItsSlotBack(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.step, "one", slots: 1)
        let (keys, _) = try await limitedStarts(fixture, 2, limit: limit, ranks: [1, 2])
        let session = try await fixture.openSession()
        let task = try unwrap(try await fixture.claim([session]).first)
        try expectEqual(task.fence.key, keys[0])
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(keys[0], from: 1)]
        batch.finishes = [task.fence]
        batch.releases = [LimitRelease(key: keys[0], step: 0, limit: limit.id)]
        batch.transitions = [fixture.transition(keys[0], revision: 2, state: .scheduled)]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(keys[0], attempt: 1, rank: 1)), delay: .zero, limit: limit)
        ]
        try expectEqual(try await fixture.store.commit(batch).admissions.count, 1, "the other goes meanwhile")
        let fired = try await fixture.store.fireTimers(limit: 100)
        try expect(fired.ready.allSatisfy { $0.bucket != fixture.bucket })
        try expect(fired.limits.contains(limit.id))
        try expectEqual(try await fixture.store.admit(fired.limits).ready.count { $0.bucket == fixture.bucket }, 0)
        let other = try unwrap(try await fixture.claim([session, session]).first)
        try expectEqual(other.fence.key, keys[1])
        try expectEqual(try await finish(fixture, other, limit: limit).admissions.count, 1)
        try expectEqual(try await fixture.claim([session]).map(\.fence.attempt), [2])
    }

    static func cancelGivesSlotsBack(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.step, "one", slots: 1)
        let (keys, _) = try await limitedStarts(fixture, 3, limit: limit, ranks: [1, 2, 3])
        func cancel(_ key: RunKey) async throws -> CommitOutcome {
            var batch = fixture.makeBatch()
            batch.advances = [fixture.advance(key, from: 1, to: .cancelled)]
            batch.drops = [TokenDrop(key: key, expected: 1)]
            batch.releases = [LimitRelease(key: key, step: 0, limit: limit.id)]
            return try await fixture.store.commit(batch)
        }
        try expectEqual(try await cancel(keys[1]).admissions.count, 0, "it had none")
        try expectEqual(try await cancel(keys[0]).admissions.count, 1, "it waited in its queue")
        let session = try await fixture.openSession()
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [keys[2]])
    }

    private static func queuedRun(
        _ fixture: StoreFixture, _ limit: Limit, _ policy: ConflictPolicy, after: Duration = .zero
    ) async throws -> (key: RunKey, outcome: CommitOutcome) {
        let time = try await fixture.store.now() + after
        let key = RunKey(tenant: fixture.tenant, run: RunID(at: time, random: StoreFixture.randomBytes()))
        var batch = fixture.makeBatch()
        var start = fixture.start(key)
        (start.state, start.revision) = (.queued, 0)
        batch.starts = [start]
        var token = fixture.ready(key, step: HeldRow.run)
        token.bucket = Bucket(tenant: fixture.tenant, queue: QueueID(0), route: .any)
        batch.held = [HeldRow(token: token, limit: limit, onConflict: policy)]
        return (key, try await fixture.store.commit(batch))
    }

    private static func letIn(
        _ fixture: StoreFixture, _ key: RunKey, by message: InboxMessage
    ) async throws -> CommitOutcome {
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 0)]
        batch.ready = [fixture.ready(key)]
        batch.admitted = [key]
        batch.appliedInbox = [message.id]
        return try await fixture.store.commit(batch)
    }

    private static func end(
        _ fixture: StoreFixture, _ key: RunKey, revision: Int64, limit: Limit, expected: Int
    ) async throws -> CommitOutcome {
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: revision, to: .cancelled)]
        batch.drops = [TokenDrop(key: key, expected: expected)]
        batch.releases = [LimitRelease(key: key, step: HeldRow.run, limit: limit.id)]
        return try await fixture.store.commit(batch)
    }

    static func runLimit(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.run, "customer", slots: 1)
        let (first, one) = try await queuedRun(fixture, limit, .queue)
        try expectEqual(one.admissions.messages.map(\.id.key), [first])
        let (second, two) = try await queuedRun(fixture, limit, .queue)
        try expect(two.admissions.isEmpty)
        let stored = try await fixture.store.readInbox(limit: 1000, olderThan: .zero)
        try expect(stored.contains { $0.id == one.admissions.messages[0].id && $0.command == .admit }, "durable")
        try expect(try await letIn(fixture, first, by: one.admissions.messages[0]).excluded.isEmpty)
        let ended = try await end(fixture, first, revision: 1, limit: limit, expected: 1)
        try expectEqual(ended.admissions.messages.map(\.id.key), [second])
        // Let in, and cancelled before it has started.
        let (third, _) = try await queuedRun(fixture, limit, .queue)
        let gone = try await end(fixture, second, revision: 0, limit: limit, expected: 0)
        try expectEqual(gone.admissions.messages.map(\.id.key), [third])
        // Cancelled while it waits.
        let (fourth, _) = try await queuedRun(fixture, limit, .queue)
        try expect(try await end(fixture, fourth, revision: 0, limit: limit, expected: 0).admissions.isEmpty)
        try expect(
            try await end(fixture, third, revision: 0, limit: limit, expected: 0).admissions.isEmpty, "nobody waits")
    }

    static func runLimitRejects(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.run, "customer", slots: 2)
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for _ in 0..<3 {
            let key = try await fixture.makeKey()
            var start = fixture.start(key)
            (start.state, start.revision) = (.queued, 0)
            batch.starts.append(start)
            var token = fixture.ready(key, step: HeldRow.run)
            token.bucket = Bucket(tenant: fixture.tenant, queue: QueueID(0), route: .any)
            batch.held.append(HeldRow(token: token, limit: limit, onConflict: .reject))
            keys.append(key)
        }
        let outcome = try await fixture.store.commit(batch)
        try expectEqual(outcome.excluded.count, 1)
        guard case .conflict(let name)? = outcome.excluded[keys[2]] else { throw Unmet(description: "no conflict") }
        try expectEqual(name, "customer")
        try expectEqual(Set(outcome.admissions.messages.map(\.id.key)), Set(keys[0...1]))
        try expectEqual(
            try await fixture.store.loadRuns(keys.map { RunLoad(key: $0, knownRevision: nil) }).count, 2)
    }

    static func runLimitCancelsRunning(_ fixture: StoreFixture) async throws {
        let limit = fixture.limit(.run, "branch", slots: 1)
        let (first, one) = try await queuedRun(fixture, limit, .cancelRunning)
        _ = try await letIn(fixture, first, by: one.admissions.messages[0])
        let (second, two) = try await queuedRun(fixture, limit, .cancelRunning, after: .milliseconds(100))
        try expectEqual(
            two.admissions.messages.map(\.command), [.cancel(reason: SupersededRun.reason)], "the first must go")
        try expectEqual(two.admissions.messages.map(\.id.key), [first])
        let (third, three) = try await queuedRun(fixture, limit, .cancelRunning, after: .milliseconds(200))
        try expectEqual(three.admissions.messages.map(\.id.key), [second], "the first was told already")
        try expect(try await end(fixture, second, revision: 0, limit: limit, expected: 0).admissions.isEmpty)
        let freed = try await end(fixture, first, revision: 1, limit: limit, expected: 1)
        try expectEqual(freed.admissions.messages.map(\.id.key), [third])
    }

    /// A burst of two at once, one each hour after it; the rate of another key is its own.
    static func rates(_ fixture: StoreFixture) async throws {
        let bucket = TokenBucket(interval: 3_600_000_000, burst: 2)
        let rate = Rate(tenant: fixture.tenant, name: "api", bucket: bucket)
        let limit = fixture.limit(.step, "never made before", slots: 1)
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for index in 0..<4 {
            let key = try await fixture.makeKey()
            keys.append(key)
            batch.starts.append(fixture.start(key))
            let paced = index == 3 ? Rate(tenant: fixture.tenant, name: "other", bucket: bucket) : rate
            batch.timers.append(
                TimerRow(
                    kind: .token(fixture.ready(key)), delay: .zero, limit: index == 3 ? limit : nil, rate: paced))
        }
        _ = try await fixture.store.commit(batch)
        let fired = try await fixture.store.fireTimers(limit: 100)
        try expectEqual(fired.limits.filter { $0.tenant == fixture.tenant }, [limit.id])
        try expectEqual(try await fixture.store.admit([limit.id]).count, 1)
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 9)
        try expectEqual(Set(try await fixture.claim(slots).map(\.fence.key)), [keys[0], keys[1], keys[3]])
        guard case .scheduled(let due, "api")? = try await fixture.store.evidence(of: keys[2]).first?.place else {
            throw Unmet(description: "not paced")
        }
        let wait = due - (try await fixture.store.now())
        try expect((.seconds(3500) ... .seconds(3600)).contains(wait), "\(wait)")
        let late = try await fixture.makeKey()
        var more = fixture.makeBatch()
        more.starts = [fixture.start(late)]
        more.timers = [TimerRow(kind: .token(fixture.ready(late)), delay: .zero, rate: rate)]
        _ = try await fixture.store.commit(more)
        guard case .scheduled(let next, _)? = try await fixture.store.evidence(of: late).first?.place else {
            throw Unmet(description: "not paced")
        }
        try expect((.seconds(3599) ... .seconds(3601)).contains(next - due), "one interval after the last")
    }
}
