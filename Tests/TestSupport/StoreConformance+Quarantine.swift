internal import Engine
internal import Workflows

extension StoreConformance {
    /// Loses a step with its worker, in a lease that has no end for the others.
    private static func lose(_ fixture: StoreFixture, alone: Bool = true) async throws -> [RescuedAttempt] {
        let dead = try await fixture.openSession(lease: .zero)
        let tasks = try await fixture.claim(alone ? [dead] : [dead, dead])
        try expectEqual(tasks.count, alone ? 1 : 2)
        let rescued = try await fixture.store.rescue(limit: 1000, lease: .microseconds(3))
        return rescued.filter { $0.fence.key.tenant == fixture.tenant }
    }

    /// The third loss quarantines, if the step was alone; the token stays until the failure is recorded.
    static func lossAloneQuarantines(_ fixture: StoreFixture) async throws {
        let (key, _) = try await fixture.startRun(rank: 1)
        let (neighbour, _) = try await fixture.startRun(rank: 2)
        for _ in 0..<2 { try expect(try await lose(fixture, alone: false).allSatisfy { $0.quarantine == nil }) }
        let together = try await lose(fixture, alone: false)
        try expect(together.allSatisfy { $0.quarantine == nil }, "nobody was alone")
        let alone = try await lose(fixture)
        try expectEqual(alone.map(\.fence.key), [key])
        let timing = try unwrap(alone.first?.quarantine)
        try expectEqual(timing.losses, 3)
        try expectEqual(timing.worker, "worker")
        // Until it is recorded every look finds it.
        let again = try await fixture.store.rescue(limit: 1000, lease: .microseconds(3))
        try expectEqual(again.filter { $0.fence.key == key }.map(\.fence), alone.map(\.fence))
        try expectEqual(try await fixture.store.commit(fixture.finishBatch(alone[0].fence)).excluded.count, 0)
        let live = try await fixture.openSession()
        try expectEqual(try await fixture.claim([live, live]).map(\.fence.key), [neighbour])
    }

    /// Many sessions end at once: no loss counts, until a step was lost again and again.
    static func massExpiryCountsNothing(_ fixture: StoreFixture) async throws {
        for rank in 0..<2 { _ = try await fixture.startRun(rank: Rank(rank)) }
        func expire() async throws -> [RescuedAttempt] {
            let sessions = [try await fixture.openSession(lease: .zero), try await fixture.openSession(lease: .zero)]
            try expectEqual(try await fixture.claim(sessions).count, 2)
            // Both are silent in a lease that is long enough to look back on.
            return try await fixture.store.rescue(limit: 1000, lease: .seconds(60))
        }
        for _ in 0..<4 { try expect(try await expire().allSatisfy { $0.quarantine == nil }) }
        let live = try await fixture.openSession()
        let tasks = try await fixture.claim([live, live])
        try expectEqual(tasks.map(\.losses), [0, 0])
        _ = try await fixture.store.release(tasks.map(\.fence))
        _ = try await expire()
        let suspects = try await fixture.claim([live, live])
        try expectEqual(suspects.map(\.losses), [2, 2], "five losses make a suspect whatever they were")
    }
}
