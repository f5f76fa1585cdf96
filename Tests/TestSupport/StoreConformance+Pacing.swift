internal import Engine
internal import Workflows

extension StoreConformance {
    /// A run that is queued until its pacing lets it start.
    private static func add(
        _ pacing: Pacing, limit: Limit? = nil, to batch: inout CommitBatch, _ fixture: StoreFixture,
        idempotency: IdempotencyRecord? = nil
    ) async throws -> RunKey {
        let key = try await fixture.makeKey()
        var start = fixture.start(key, idempotency: idempotency)
        (start.state, start.revision) = (.queued, 0)
        batch.starts.append(start)
        var token = fixture.ready(key, step: HeldRow.run)
        token.bucket = Bucket(tenant: fixture.tenant, queue: QueueID(0), route: .any)
        batch.delayed.append(DelayedStart(token: token, pacing: pacing, limit: limit))
        return key
    }

    private static func start(
        _ pacing: Pacing, limit: Limit? = nil, _ fixture: StoreFixture
    ) async throws -> (key: RunKey, outcome: CommitOutcome) {
        var batch = fixture.makeBatch()
        let key = try await add(pacing, limit: limit, to: &batch, fixture)
        return (key, try await fixture.store.commit(batch))
    }

    private static func delay(_ fixture: StoreFixture, _ key: RunKey) async throws -> DelayEvidence? {
        guard case .delayed(let delay)? = try await fixture.store.evidence(of: key).first?.place else { return nil }
        return delay
    }

    private static func isNear(_ due: Timestamp?, _ wait: Duration, from now: Timestamp) -> Bool {
        guard let due else { return false }
        // The windows are of ten minutes and more, and a busy machine may take a while to come here.
        return (wait - .seconds(120)...wait + .seconds(120)).contains(due - now)
    }

    /// Two starts an hour: the third waits for the second window, the fifth for the third.
    static func throttleWaits(_ fixture: StoreFixture) async throws {
        let rule = PacingRule.throttle(Throttle(limit: 2, per: .seconds(3600)))
        let pacing = Pacing(tenant: fixture.tenant, name: "mails", rule: rule)
        let now = try await fixture.store.now()
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for _ in 0..<3 { keys.append(try await add(pacing, to: &batch, fixture)) }
        let outcome = try await fixture.store.commit(batch)
        try expectEqual(Set(outcome.admissions.messages.map(\.id.key)), Set(keys[0...1]))
        try expect(outcome.admissions.messages.allSatisfy { $0.command == .admit })
        let stored = try await fixture.store.readInbox(limit: 1000, olderThan: .zero)
        try expect(
            outcome.admissions.messages.allSatisfy { message in stored.contains { $0.id == message.id } }, "durable")
        for wait in [1, 2, 2] as [Int] {
            let key = try await start(pacing, fixture).key
            if wait == 1 {
                let waiting = try unwrap(try await delay(fixture, keys[2]))
                try expect(waiting.isThrottle && waiting.name == "mails")
                try expect(isNear(waiting.due, .seconds(3600), from: now), "\(waiting)")
            }
            try expect(isNear(try await delay(fixture, key)?.due, .seconds(3600 * wait), from: now))
        }
        try expectEqual(
            try await fixture.store.fireTimers(limit: 100).messages.count { $0.id.key.tenant == fixture.tenant }, 0)
        // One that lets go keeps nobody from its window, and its token goes with it.
        var cancel = fixture.makeBatch()
        cancel.advances = [fixture.advance(keys[2], from: 0, to: .cancelled)]
        cancel.drops = [TokenDrop(key: keys[2], expected: 0)]
        try expect(try await fixture.store.commit(cancel).excluded.isEmpty)
        try expect(try await fixture.store.evidence(of: keys[2]).isEmpty)
        // The run starts, and its own token goes.
        let message = try unwrap(outcome.admissions.messages.first)
        var admit = fixture.makeBatch()
        admit.advances = [fixture.advance(message.id.key, from: 0)]
        admit.ready = [fixture.ready(message.id.key)]
        admit.admitted = [message.id.key]
        admit.appliedInbox = [message.id]
        try expect(try await fixture.store.commit(admit).excluded.isEmpty)
        try expectEqual(try await fixture.store.evidence(of: message.id.key).map(\.step), [0])
    }

    static func throttleDrops(_ fixture: StoreFixture) async throws {
        let rule = PacingRule.throttle(Throttle(limit: 1, per: .seconds(3600), excess: .drop))
        let pacing = Pacing(tenant: fixture.tenant, name: "mails", rule: rule)
        let record = IdempotencyRecord(key: "k", digest: [1], lifetime: .seconds(60))
        var batch = fixture.makeBatch()
        let first = try await add(pacing, to: &batch, fixture, idempotency: record)
        let second = try await add(pacing, to: &batch, fixture)
        let outcome = try await fixture.store.commit(batch)
        guard case .throttled("mails", let pause)? = outcome.excluded[second] else {
            throw Unmet(description: "\(outcome.excluded)")
        }
        try expect((.seconds(3500) ... .seconds(3600)).contains(pause), "\(pause)")
        try expectEqual(outcome.admissions.messages.map(\.id.key), [first])
        try expectEqual(
            try await fixture.store.loadRuns([first, second].map { RunLoad(key: $0, knownRevision: nil) }).map(\.key),
            [first])
        // What was accepted is answered with again, however full the window is.
        var again = fixture.makeBatch()
        let repeated = try await add(pacing, to: &again, fixture, idempotency: record)
        guard case .duplicate(let run, true)? = try await fixture.store.commit(again).excluded[repeated] else {
            throw Unmet(description: "no duplicate")
        }
        try expectEqual(run, first.run)
        let other = Pacing(tenant: fixture.tenant, name: "letters", rule: rule)
        try expect(try await start(other, fixture).outcome.excluded.isEmpty, "another key has a window of its own")
    }

    static func debounce(_ fixture: StoreFixture) async throws {
        let rule = PacingRule.debounce(Debounce(quiet: .seconds(600), longest: .seconds(900)))
        let pacing = Pacing(tenant: fixture.tenant, name: "branch", rule: rule)
        let now = try await fixture.store.now()
        let (first, one) = try await start(pacing, fixture)
        try expect(one.admissions.messages.isEmpty)
        let waiting = try unwrap(try await delay(fixture, first))
        try expect(!waiting.isThrottle && waiting.name == "branch")
        try expect(isNear(waiting.due, .seconds(600), from: now))
        // Two in one batch: the second of them is the newest.
        var batch = fixture.makeBatch()
        let second = try await add(pacing, to: &batch, fixture)
        let third = try await add(pacing, to: &batch, fixture)
        let outcome = try await fixture.store.commit(batch)
        try expectEqual(Set(outcome.admissions.messages.map(\.id.key)), [first, second])
        try expect(
            outcome.admissions.messages.allSatisfy { $0.command == .cancel(reason: SupersededRun.debounced) })
        try expectEqual(try await delay(fixture, first), nil, "it waits for its end only")
        try expect(isNear(try await delay(fixture, third)?.due, .seconds(600), from: now))
        // Without patience the newest starts, and a new succession begins.
        let hasty = Pacing(
            tenant: fixture.tenant, name: "branch",
            rule: .debounce(Debounce(quiet: .milliseconds(1), longest: .milliseconds(1))))
        let (fourth, four) = try await start(hasty, fixture)
        try expectEqual(four.admissions.messages.map(\.id.key), [third])
        try await until("the fourth's time comes") {
            _ = try await fixture.store.fireTimers(limit: 100)
            let told = try await fixture.store.readInbox(limit: 10_000, olderThan: .zero)
            return told.contains { $0.id.key == fourth && $0.command == .admit }
        }
        try expectEqual(try await delay(fixture, fourth), nil)
        let (fifth, five) = try await start(pacing, fixture)
        try expect(five.admissions.messages.isEmpty, "the fourth has started, nobody replaces it")
        try expect(isNear(try await delay(fixture, fifth)?.due, .seconds(600), from: now))
    }

    /// A run whose time has come stands in the line of its limit.
    static func pacedRunNeedsSlot(_ fixture: StoreFixture) async throws {
        let rule = PacingRule.throttle(Throttle(limit: 5, per: .seconds(3600)))
        let pacing = Pacing(tenant: fixture.tenant, name: "mails", rule: rule)
        let limit = fixture.limit(.run, "customer", slots: 1)
        var batch = fixture.makeBatch()
        var keys: [RunKey] = []
        for _ in 0..<2 { keys.append(try await add(pacing, limit: limit, to: &batch, fixture)) }
        try expect(try await fixture.store.commit(batch).admissions.isEmpty)
        try await until("their time comes") {
            _ = try await fixture.store.fireTimers(limit: 100)
            for key in keys { if try await delay(fixture, key) != nil { return false } }
            return true
        }
        let admitted = try await fixture.store.admit([limit.id])
        try expectEqual(admitted.messages.map(\.id.key), [keys[0]])
        guard case .held(let evidence?)? = try await fixture.store.evidence(of: keys[1]).first?.place else {
            throw Unmet(description: "not held")
        }
        try expectEqual(evidence.holders.map(\.run), [keys[0].run])
    }

    /// Looks at the rows, because another test on the same store may have fired them.
    private static func until(_ what: String, _ body: () async throws -> Bool) async throws {
        for _ in 0..<10_000 where try await body() { return }
        throw Unmet(description: what)
    }
}
