internal import Engine
internal import Workflows

extension StoreConformance {
    static func startClaimFinish(_ fixture: StoreFixture) async throws {
        let (key, started) = try await fixture.startRun()
        try expect(started.excluded.isEmpty)
        try expect(started.leased.isEmpty)
        let session = try await fixture.openSession()
        let task = try unwrap(try await fixture.claim([session]).first)
        try expectEqual(task.fence, AttemptFence(key: key, step: 0, attempt: 1, session: session))
        try expectEqual(task.bucket, fixture.bucket)
        let ended = try await fixture.store.commit(fixture.finishBatch(task.fence, output: #"{"n":1}"#))
        try expect(ended.excluded.isEmpty)
        let record = try unwrap(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        try expectEqual(record.state, .succeeded)
        try expectEqual(record.revision, 2)
        try expect(record.ending != nil)
        try expectEqual(record.transitions.map(\.state), [.succeeded])
        try expectEqual(record.transitions.first?.output, Array(#"{"n":1}"#.utf8))
        try expect(try await fixture.claim([session]).isEmpty)
    }

    static func fastPathLeases(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, outcome) = try await fixture.startRun(lease: session)
        try expectEqual(outcome.leased.map(\.fence), [AttemptFence(key: key, step: 0, attempt: 1, session: session)])
        try expect(try await fixture.claim([session]).isEmpty, "a leased token is not ready")
        let ended = try await fixture.store.commit(fixture.finishBatch(outcome.leased[0].fence))
        try expect(ended.excluded.isEmpty)
    }

    static func fastPathYieldsToLowerRank(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (first, _) = try await fixture.startRun(rank: 10)
        let (second, outcome) = try await fixture.startRun(lease: session, rank: 20)
        try expect(outcome.leased.isEmpty, "a lower rank waits")
        let (third, lower) = try await fixture.startRun(lease: session, rank: 5)
        try expectEqual(lower.leased.map(\.fence.key), [third])
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [first, second])
    }

    static func lostRaceWritesNothing(_ fixture: StoreFixture) async throws {
        let (loser, _) = try await fixture.startRun(steps: 2)
        let (winner, _) = try await fixture.startRun(steps: 2)
        let session = try await fixture.openSession()
        let tasks = try await fixture.claim([session, session, session, session])
        var batch = fixture.makeBatch()
        for task in tasks where task.fence.step == 0 {
            let known: Int64 = task.fence.key == loser ? 7 : 1
            batch.advances.append(fixture.advance(task.fence.key, from: known))
            batch.finishes.append(task.fence)
            batch.transitions.append(fixture.transition(task.fence.key, revision: known + 1))
            batch.ready.append(fixture.ready(task.fence.key, step: 9))
            batch.timers.append(
                TimerRow(kind: .token(fixture.ready(task.fence.key, step: 8)), delay: .seconds(100)))
        }
        let outcome = try await fixture.store.commit(batch)
        try expectEqual(outcome.excluded.count, 1)
        guard case .lostRace? = outcome.excluded[loser] else { throw Unmet(description: "no lost race") }
        let records = try await fixture.store.loadRuns([
            RunLoad(key: loser, knownRevision: nil), RunLoad(key: winner, knownRevision: nil),
        ])
        try expectEqual(records.map(\.revision), [1, 2])
        try expectEqual(records.map(\.transitions.count), [0, 1])
        try expectEqual(try await fixture.claim([session, session]).map(\.fence.key), [winner])
        let fence = try unwrap(tasks.map(\.fence).first { $0.key == loser && $0.step == 0 })
        let again = try await fixture.store.commit(fixture.finishBatch(fence, ends: false))
        try expect(again.excluded.isEmpty, "the loser's lease is untouched")
    }

    static func staleFenceWritesNothing(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (stale, _) = try await fixture.startRun(lease: session)
        let (fresh, _) = try await fixture.startRun(lease: session)
        let wrong = AttemptFence(key: stale, step: 0, attempt: 1, session: SessionID(StoreFixture.randomBytes()))
        var batch = fixture.finishBatch(wrong)
        let other = fixture.finishBatch(AttemptFence(key: fresh, step: 0, attempt: 1, session: session))
        batch.advances += other.advances
        batch.finishes += other.finishes
        batch.transitions += other.transitions
        let outcome = try await fixture.store.commit(batch)
        guard case .staleFences(let fences)? = outcome.excluded[stale], outcome.excluded.count == 1 else {
            throw Unmet(description: "\(outcome.excluded)")
        }
        try expectEqual(fences, [wrong])
        let records = try await fixture.store.loadRuns([
            RunLoad(key: stale, knownRevision: nil), RunLoad(key: fresh, knownRevision: nil),
        ])
        try expectEqual(records.map(\.state), [.running, .succeeded])
        try expectEqual(records[0].transitions.count, 0)
    }

    static func finishOnce(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, _) = try await fixture.startRun(steps: 2, lease: session)
        let fence = AttemptFence(key: key, step: 0, attempt: 1, session: session)
        let first = try await fixture.store.commit(fixture.finishBatch(fence, ends: false))
        try expect(first.excluded.isEmpty)
        let second = try await fixture.store.commit(fixture.finishBatch(fence, revision: 2, ends: false))
        guard case .staleFences? = second.excluded[key] else { throw Unmet(description: "\(second.excluded)") }
    }

    static func idempotencyKey(_ fixture: StoreFixture, sameBody: Bool) async throws {
        let (first, second) = (try await fixture.makeKey(), try await fixture.makeKey())
        var batch = fixture.makeBatch()
        batch.starts = [
            fixture.start(first, idempotency: IdempotencyRecord(key: "k", digest: [1], lifetime: .seconds(60)))
        ]
        batch.ready = [fixture.ready(first)]
        try expect(try await fixture.store.commit(batch).excluded.isEmpty)
        var again = fixture.makeBatch()
        again.starts = [
            fixture.start(
                second, idempotency: IdempotencyRecord(key: "k", digest: sameBody ? [1] : [2], lifetime: .seconds(60)))
        ]
        again.ready = [fixture.ready(second)]
        let outcome = try await fixture.store.commit(again)
        guard case .duplicate(let holder, let same)? = outcome.excluded[second] else {
            throw Unmet(description: "\(outcome.excluded)")
        }
        try expectEqual(holder, first.run)
        try expectEqual(same, sameBody)
        try expect(try await fixture.store.loadRuns([RunLoad(key: second, knownRevision: nil)]).isEmpty)
        try expectEqual(try await fixture.claim(Array(repeating: SessionID(second.run.bytes), count: 4)).count, 1)
    }

    static func idempotencyKeyTwiceInOneBatch(_ fixture: StoreFixture) async throws {
        let keys = [try await fixture.makeKey(), try await fixture.makeKey(), try await fixture.makeKey()]
        var batch = fixture.makeBatch()
        for (key, digest) in zip(keys, [1, 1, 2] as [UInt8]) {
            batch.starts.append(
                fixture.start(key, idempotency: IdempotencyRecord(key: "k", digest: [digest], lifetime: .seconds(60))))
            batch.ready.append(fixture.ready(key))
        }
        let outcome = try await fixture.store.commit(batch)
        guard case .duplicate(keys[0].run, sameBody: true)? = outcome.excluded[keys[1]],
            case .duplicate(keys[0].run, sameBody: false)? = outcome.excluded[keys[2]], outcome.excluded.count == 2
        else { throw Unmet(description: "\(outcome.excluded)") }
    }

    static func runIDTaken(_ fixture: StoreFixture) async throws {
        let (key, _) = try await fixture.startRun()
        for (input, same) in [("{}", true), (#"{"other":1}"#, false)] {
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key, input: input)]
            batch.ready = [fixture.ready(key)]
            let outcome = try await fixture.store.commit(batch)
            guard case .duplicate(key.run, let sameBody)? = outcome.excluded[key] else {
                throw Unmet(description: "\(outcome.excluded)")
            }
            try expectEqual(sameBody, same)
        }
        try expectEqual(try await fixture.claim(Array(repeating: SessionID(key.run.bytes), count: 4)).count, 1)
    }

    static func loadSinceRevision(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let (key, _) = try await fixture.startRun(steps: 3, lease: session)
        for step in 0..<Int32(3) {
            let fence = AttemptFence(key: key, step: step, attempt: 1, session: session)
            _ = try await fixture.store.commit(
                fixture.finishBatch(fence, revision: Int64(step) + 1, ends: step == 2))
        }
        let all = try unwrap(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        try expectEqual(all.transitions.map(\.step), [0, 1, 2])
        try expectEqual(all.transitions.map(\.revision), [2, 3, 4])
        let some = try unwrap(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: 3)]).first)
        try expectEqual(some.transitions.map(\.step), [2])
        try expectEqual(some.revision, 4)
        let nobody = RunKey(tenant: fixture.tenant, run: RunID(StoreFixture.randomBytes()))
        try expect(try await fixture.store.loadRuns([RunLoad(key: nobody, knownRevision: nil)]).isEmpty)
    }

    static func longTextsSurvive(_ fixture: StoreFixture) async throws {
        let long = "\"" + String(repeating: "ä", count: 50_000) + "\""
        let session = try await fixture.openSession()
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key, input: long)]
        batch.ready = [fixture.ready(key, lease: session)]
        _ = try await fixture.store.commit(batch)
        var finish = fixture.finishBatch(
            AttemptFence(key: key, step: 0, attempt: 1, session: session), output: long)
        finish.advances = [fixture.advance(key, from: 1, to: .succeeded, output: long)]
        _ = try await fixture.store.commit(finish)
        let record = try unwrap(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        try expect(record.input == Array(long.utf8), "input")
        try expect(record.transitions.first?.output == Array(long.utf8), "output of the step")
        try expect(record.ending?.output == Array(long.utf8), "output of the run")
    }

    static func failuresSurvive(_ fixture: StoreFixture) async throws {
        let failure = StepFailure(
            kind: .timeout, code: "exit_3", message: "a \"quoted\"\n\tline \\ ✓", retryable: true, step: "b")
        let session = try await fixture.openSession()
        let (key, _) = try await fixture.startRun(lease: session)
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(key, from: 1, to: .failed, failure: failure)]
        batch.finishes = [AttemptFence(key: key, step: 0, attempt: 1, session: session)]
        batch.transitions = [fixture.transition(key, revision: 2, state: .failed, failure: failure)]
        try expect(try await fixture.store.commit(batch).excluded.isEmpty)
        let record = try unwrap(try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        try expectEqual(record.ending?.failure, failure)
        try expectEqual(record.transitions.first?.failure, failure)
    }

    static func definitionsHaveVersions(_ fixture: StoreFixture) async throws {
        func record(_ name: String, _ digest: UInt8) -> DefinitionRecord {
            DefinitionRecord(
                name: name, canonical: Array(#"{"v":\#(digest)}"#.utf8), digest: [digest], source: Array("source".utf8))
        }
        let first = try await fixture.store.apply([record("b", 1), record("a", 1)], tenant: fixture.tenant)
        try expectEqual(first.map(\.name), ["b", "a"])
        try expectEqual(first.map(\.version), [1, 1])
        let second = try await fixture.store.apply([record("b", 1), record("a", 2)], tenant: fixture.tenant)
        try expectEqual(second.map(\.changed), [false, true])
        try expectEqual(second.map(\.version), [1, 2])
        try expectEqual(second[0].flow, first[0].flow)
        let newest = try await fixture.store.definition(named: "a", version: nil, tenant: fixture.tenant)
        try expectEqual(newest?.version, 2)
        try expectEqual(newest?.canonical, Array(#"{"v":2}"#.utf8))
        let old = try await fixture.store.definition(named: "a", version: 1, tenant: fixture.tenant)
        try expectEqual(old?.flow, first[1].flow)
        try expectEqual(try await fixture.store.definition(first[1].flow)?.digest, [1])
        try expect(try await fixture.store.definition(named: "c", version: nil, tenant: fixture.tenant) == nil)
    }

    static func internedIDsAreStable(_ fixture: StoreFixture) async throws {
        let store = fixture.store
        try expectEqual(try await store.queue(named: "default", tenant: fixture.tenant), fixture.bucket.queue)
        try expect(try await store.queue(named: "other", tenant: fixture.tenant) != fixture.bucket.queue)
        let route = try await store.route(taskType: "t\(fixture.tenant.value)", pool: "cpu")
        try expectEqual(try await store.route(taskType: "t\(fixture.tenant.value)", pool: "cpu"), route)
        try expect(try await store.route(taskType: "t\(fixture.tenant.value)", pool: "io") != route)
        let name = "named-\(fixture.tenant.value)"
        try expect(try await store.tenant(named: name) == nil)
        let made = try await store.ensureTenant(named: name)
        try expectEqual(try await store.ensureTenant(named: name), made)
        try expectEqual(try await store.tenant(named: name), made)
    }
}
