import Engine
import Workflows

/// What a pause does to tokens that wait for slots, rates and times.
extension StoreConformance {
    static func pauseParksWhereTokensWait(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let slots = Array(repeating: session, count: 9)
        let limit = fixture.limit(.step, "disk", slots: 1)
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.held = [
            HeldRow(token: fixture.ready(key, step: 0, rank: 1), limit: limit),
            HeldRow(token: fixture.ready(key, step: 1, rank: 2), limit: limit),
        ]
        batch.timers = [
            TimerRow(kind: .token(fixture.ready(key, step: 2)), delay: .zero, limit: limit),
            TimerRow(kind: .token(fixture.ready(key, step: 3)), delay: .seconds(3600)),
        ]
        try expectEqual(try await fixture.store.commit(batch).admissions.count, 1)

        var pause = fixture.makeBatch()
        pause.advances = [fixture.advance(key, from: 1, to: .paused)]
        pause.pauses = [RunPause(key: key, isPaused: true)]
        // Two that come with the pause, or during it.
        pause.parked = [
            TimerRow(kind: .token(fixture.ready(key, step: 4)), delay: .zero, limit: limit),
            TimerRow(kind: .token(fixture.ready(key, step: 5)), delay: .seconds(3600)),
        ]
        try expect(try await fixture.store.commit(pause).excluded.isEmpty)
        try expect(try await fixture.store.fireTimers(limit: 1000).limits.isEmpty)
        try expectEqual(try await fixture.store.admit([limit.id]).count, 0, "nobody stands in the line")
        try expectEqual(try await fixture.claim(slots).count, 0)
        let places = try await fixture.store.evidence(of: key)
        try expectEqual(places.count, 6)
        for place in places {
            guard case .parked = place.place else { throw Unmet(description: "\(place)") }
        }
        // The step that was ready has kept its slot.
        let other = try await fixture.makeKey()
        var rival = fixture.makeBatch()
        rival.starts = [fixture.start(other)]
        rival.held = [HeldRow(token: fixture.ready(other, rank: 3), limit: limit)]
        try expectEqual(try await fixture.store.commit(rival).admissions.count, 0)

        var resume = fixture.makeBatch()
        resume.advances = [fixture.advance(key, from: 2)]
        resume.pauses = [RunPause(key: key, isPaused: false)]
        let outcome = try await fixture.store.commit(resume)
        try expectEqual(Set(outcome.limits), [limit.id])
        try expectEqual(outcome.resumed.map(\.bucket), [fixture.bucket])
        try expectEqual(try await fixture.store.admit(outcome.limits).count, 0, "the slot is taken")
        let first = try await fixture.claim(slots)
        try expectEqual(first.map(\.fence.step), [0], "two of the others are not due, three wait for a slot")
        var finish = fixture.makeBatch()
        finish.advances = [fixture.advance(key, from: 3)]
        finish.finishes = first.map(\.fence)
        finish.transitions = [fixture.transition(key, revision: 4, session: session)]
        finish.releases = [LimitRelease(key: key, step: 0, limit: limit.id)]
        try expectEqual(try await fixture.store.commit(finish).admissions.count, 1)
        try expectEqual(try await fixture.claim(slots).map(\.fence.step), [1], "the best of the line")
        let waiting = try await fixture.store.evidence(of: key).filter {
            if case .scheduled = $0.place { true } else { false }
        }
        try expectEqual(waiting.map(\.step), [3, 5])
    }

    static func droppedStepsGiveSlotsBack(_ fixture: StoreFixture) async throws {
        let session = try await fixture.openSession()
        let limit = fixture.limit(.step, "disk", slots: 2)
        let key = try await fixture.makeKey()
        var batch = fixture.makeBatch()
        batch.starts = [fixture.start(key)]
        batch.held = (0..<5).map { HeldRow(token: fixture.ready(key, step: $0, rank: Rank($0)), limit: limit) }
        try expectEqual(try await fixture.store.commit(batch).admissions.count, 2)
        let leased = try await fixture.claim([session])
        try expectEqual(leased.map(\.fence.step), [0])
        var drop = fixture.makeBatch()
        drop.advances = [fixture.advance(key, from: 1)]
        // One that runs, one that is ready, one that waits.
        drop.drops = [TokenDrop(key: key, expected: 3, steps: [0, 1, 2])]
        drop.releases = [0, 1, 2].map { LimitRelease(key: key, step: $0, limit: limit.id) }
        let outcome = try await fixture.store.commit(drop)
        try expectEqual(outcome.dropped, leased.map(\.fence))
        try expectEqual(outcome.admissions.count, 2)
        try expectEqual(try await fixture.claim([session, session, session]).map(\.fence.step), [3, 4])
    }
}
