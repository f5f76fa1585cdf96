import Engine
import Workflows

/// What stores must do for waits, pauses and runs of runs.
extension StoreConformance {
    static func waitsUntilEnded(_ fixture: StoreFixture) async throws {
        let key = try await fixture.makeKey()
        let step = StepKey(run: key, step: 3)
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.waits = [
            WaitRow(step: step, request: WaitRequest(kind: .signal, subject: "go ✓")),
            WaitRow(step: StepKey(run: key, step: 4), request: WaitRequest(kind: .approval, subject: "")),
        ]
        batch.timers = [
            TimerRow(kind: .stepDue(step), delay: .zero),
            TimerRow(kind: .stepDue(StepKey(run: key, step: 4)), delay: .seconds(3600)),
        ]
        try expect(try await fixture.store.commit(batch).excluded.isEmpty)
        let began = try await fixture.store.now()
        let fired = try await fixture.store.fireTimers(limit: 1000)
        try expectEqual(fired.dues.filter { $0.run == key }, [step])
        try expect(!fired.deadlines.contains(key))
        let told = try await fixture.store.fireTimers(limit: 1000).dues
        // On a machine that stands still for so long somebody may be.
        let isSoon = try await fixture.store.now() - began < FiredTimers.retelling
        try expect(!isSoon || told.allSatisfy { $0.run != key }, "nobody else is told at once")
        var end = fixture.makeBatch()
        end.advances = [fixture.advance(key, from: 1)]
        end.endedWaits = [step]
        end.clearedDues = [step]
        try expect(try await fixture.store.commit(end).excluded.isEmpty)
        try expect(try await fixture.store.fireTimers(limit: 1000).dues.allSatisfy { $0.run != key })
        var cancel = fixture.makeBatch()
        cancel.advances = [fixture.advance(key, from: 2, to: .cancelled)]
        cancel.drops = [TokenDrop(key: key, expected: 1)]
        try expect(try await fixture.store.commit(cancel).excluded.isEmpty)
    }

    static func lostRaceKeepsWaits(_ fixture: StoreFixture) async throws {
        let key = try await fixture.makeKey()
        let other = try await fixture.startRun().key
        let step = StepKey(run: key, step: 0)
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.waits = [WaitRow(step: step, request: WaitRequest(kind: .child, subject: "x"))]
        batch.timers = [TimerRow(kind: .stepDue(step), delay: .zero)]
        _ = try await fixture.store.commit(batch)
        var lost = fixture.makeBatch()
        lost.advances = [fixture.advance(key, from: 7), fixture.advance(other, from: 1)]
        lost.endedWaits = [step]
        lost.clearedDues = [step]
        let message = InboxMessage(
            id: InboxID(key: key, id: StoreFixture.randomBytes()),
            command: .signal(RunSignal(name: "n", id: "1", payload: Array("1".utf8))))
        lost.posts = [InboxPost(sender: key, message: message)]
        try expect(try await fixture.store.commit(lost).excluded[key] != nil)
        try expect(try await fixture.store.fireTimers(limit: 1000).dues.contains(step))
        try expect(try await inbox(fixture).isEmpty, "a lost race tells nobody")
        var end = fixture.makeBatch()
        end.advances = [fixture.advance(key, from: 1, to: .succeeded)]
        end.endedWaits = [step]
        end.clearedDues = [step]
        try expect(try await fixture.store.commit(end).excluded.isEmpty)
    }

    static func dropTakesSomeSteps(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [
            fixture.ready(key, step: 0, lease: session), fixture.ready(key, step: 1), fixture.ready(key, step: 5),
        ]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(key, step: 2)), delay: .seconds(3600)),
            TimerRow(kind: .stepDue(StepKey(run: key, step: 0)), delay: .zero),
            TimerRow(kind: .stepDue(StepKey(run: key, step: 5)), delay: .zero),
        ]
        batch.waits = [
            WaitRow(step: StepKey(run: key, step: 3), request: WaitRequest(kind: .time, subject: ""))
        ]
        batch.parked = [TimerRow(kind: .token(fixture.ready(key, step: 4)), delay: .zero)]
        let leased = try await fixture.store.commit(batch).leased
        try expectEqual(leased.map(\.fence.step), [0])
        var drop = fixture.makeBatch()
        drop.advances = [fixture.advance(key, from: 1)]
        drop.drops = [TokenDrop(key: key, expected: 5, steps: [0, 1, 2, 3, 4])]
        drop.ready = [fixture.ready(key, step: 6)]
        let outcome = try await fixture.store.commit(drop)
        try expectEqual(outcome.dropped, [AttemptFence(key: key, step: 0, attempt: 1, session: session)])
        try expectEqual(
            Set(try await fixture.claim([session, session, session]).map(\.fence.step)), [5, 6],
            "the others stay, and what comes with the drop")
        let dues = try await fixture.store.fireTimers(limit: 1000).dues.filter { $0.run == key }
        try expectEqual(dues, [StepKey(run: key, step: 5)])
    }

    static func pauseHoldsTokens(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let key = try await fixture.makeKey()
        let other = try await fixture.startRun().key
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key, step: 0), fixture.ready(key, step: 1, rank: 7)]
        batch.timers = [TimerRow(kind: .token(fixture.ready(key, step: 2)), delay: .zero)]
        _ = try await fixture.store.commit(batch)
        var pause = fixture.makeBatch()
        pause.advances = [fixture.advance(key, from: 1, to: .paused)]
        pause.pauses = [RunPause(key: key, isPaused: true)]
        _ = try await fixture.store.commit(pause)
        _ = try await fixture.store.fireTimers(limit: 1000)
        let slots = [session, session, session, session]
        try expectEqual(try await fixture.claim(slots).map(\.fence.key), [other], "only the other run's")
        var resume = fixture.makeBatch()
        resume.advances = [fixture.advance(key, from: 2)]
        resume.pauses = [RunPause(key: key, isPaused: false)]
        let outcome = try await fixture.store.commit(resume)
        try expect(outcome.resumed.contains { $0.bucket == fixture.bucket && $0.lowestRank == 7 })
        try expectEqual(Set(try await fixture.claim(slots).map(\.fence.step)), [0, 1, 2])
    }

    static func postsWithTheirSender(_ fixture: StoreFixture) async throws {
        let parent = try await fixture.startRun().key
        let child = try await fixture.makeKey()
        let commands: [InboxMessage.Command] = [
            .cancel(reason: "enough"),
            .signal(RunSignal(name: "go ✓", id: "a\"b", payload: Array(#"{"n":1}"#.utf8))),
            .childEnded(step: 4, .succeeded(output: Array("[1]".utf8))),
            .childEnded(
                step: 4, .failed(StepFailure(kind: .timeout, code: "x", message: "späť", retryable: false, step: "s"))),
            .startChild(
                ChildStart(
                    run: child.run, parent: RunContext.Parent(run: parent.run, step: 2), depth: 3, workflow: "a/b",
                    input: Array("{}".utf8))),
        ]
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(parent, from: 1)]
        batch.posts = commands.map {
            InboxPost(
                sender: parent,
                message: InboxMessage(id: InboxID(key: child, id: StoreFixture.randomBytes()), command: $0))
        }
        _ = try await fixture.store.commit(batch)
        let found = try await inbox(fixture)
        try expectEqual(found.count, commands.count)
        for command in commands { try expect(found.contains { $0.command == command }, "\(command)") }
        _ = try await fixture.store.postInbox(found)
        try expectEqual(try await inbox(fixture).count, commands.count, "an id stands once")
    }

    static func childKnowsItsParent(_ fixture: StoreFixture) async throws {
        let parent = RunContext.Parent(run: try await fixture.makeKey().run, step: 12)
        let key = try await fixture.makeKey()
        var start = fixture.start(key)
        start.parent = parent
        start.depth = 5
        var batch = fixture.makeBatch()
        batch.starts = [start, fixture.start(try await fixture.makeKey())]
        batch.ready = batch.starts.map { fixture.ready($0.key) }
        _ = try await fixture.store.commit(batch)
        let loads = batch.starts.map { RunLoad(key: $0.key, knownRevision: nil) }
        let records = try await fixture.store.loadRuns(loads)
        try expectEqual(records.map(\.parent), [parent, nil])
        try expectEqual(records.map(\.depth), [5, 0])
    }

    static func itemsAndOutputsSurvive(_ fixture: StoreFixture) async throws {
        let key = try await fixture.makeKey()
        let long = "[" + repeatElement("\"item\"", count: 2000).joined(separator: ",") + "]"
        let output = "[" + repeatElement("1", count: 4000).joined(separator: ",") + "]"
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.ready = [fixture.ready(key)]
        batch.transitions = [
            fixture.transition(key, revision: 1, step: 1, attempt: -1, state: .expanded, output: long),
            fixture.transition(key, revision: 1, step: 1, attempt: 0, output: output),
            fixture.transition(key, revision: 1, step: -1, attempt: 0, state: .signalled, output: "{}"),
            fixture.transition(key, revision: 1, step: -2, attempt: -2, state: .entered, output: "\"finally\""),
        ]
        try expect(try await fixture.store.commit(batch).excluded.isEmpty)
        let record = try unwrap(
            try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first)
        let texts = Dictionary(
            record.transitions.map { ($0.state, $0.output.map { String(decoding: $0, as: UTF8.self) }) }
        ) { first, _ in first }
        try expectEqual(texts[.expanded], long)
        try expectEqual(texts[.succeeded], output)
        try expectEqual(texts[.signalled], "{}")
        try expectEqual(texts[.entered], "\"finally\"")
    }

    static func approvalsWait(_ fixture: StoreFixture) async throws {
        var keys: [RunKey] = []
        for number in 0..<3 {
            let key = try await fixture.makeKey()
            var batch = fixture.makeBatch()
            batch.starts = [fixture.start(key)]
            batch.waits = [
                WaitRow(
                    step: StepKey(run: key, step: 2), request: WaitRequest(kind: .approval, subject: "n \(number)")),
                WaitRow(step: StepKey(run: key, step: 3), request: WaitRequest(kind: .signal, subject: "go")),
            ]
            _ = try await fixture.store.commit(batch)
            keys.append(key)
        }
        func page(after position: ApprovalPosition?, _ limit: Int) async throws -> [WaitingApproval] {
            try await fixture.store.approvals(tenant: fixture.tenant, after: position, limit: limit)
        }
        let all = try await page(after: nil, 100)
        try expectEqual(Set(all.map(\.step)), Set(keys.map { StepKey(run: $0, step: 2) }))
        try expectEqual(Set(all.map(\.message)), ["n 0", "n 1", "n 2"])
        let last = all[1]
        let rest = try await page(
            after: ApprovalPosition(since: last.since, run: last.step.run.run, step: last.step.step), 100)
        try expectEqual(rest, [all[2]])
        try expectEqual(try await page(after: nil, 1), [all[0]])
        var end = fixture.makeBatch()
        end.advances = [fixture.advance(keys[0], from: 1)]
        end.endedWaits = [StepKey(run: keys[0], step: 2)]
        _ = try await fixture.store.commit(end)
        try expectEqual(try await page(after: nil, 100).count, 2)
    }

    static func inbox(_ fixture: StoreFixture) async throws -> [InboxMessage] {
        try await fixture.store.readInbox(limit: 1000, olderThan: .zero).filter { $0.id.key.tenant == fixture.tenant }
    }
}
