import Engine
import Workflows

/// What stores must do for outcomes that steps share.
extension StoreConformance {
    private static func request(
        _ fixture: StoreFixture, _ purpose: OutcomeRule.Purpose, step: Int32 = 0, key: String = "k"
    ) -> OutcomeRequest {
        // Keys are the tenant's; each test has a tenant of its own.
        OutcomeRequest(step: step, key: key, purpose: purpose)
    }

    private static func row(
        _ run: RunKey, _ purpose: OutcomeRule.Purpose, step: Int32 = 0, key: String = "k", output: String? = nil,
        lifetime: Duration = .seconds(3600)
    ) -> OutcomeRow {
        let success = output.map { OutcomeSettlement.Success(output: Array($0.utf8), lifetime: lifetime) }
        return OutcomeRow(
            run: run, settlement: OutcomeSettlement(step: step, key: key, purpose: purpose, success: success))
    }

    private static func found(_ output: String, by run: RunKey) -> OutcomeSearch {
        .answered(.found(output: Array(output.utf8), run: run.run))
    }

    /// Commits an advance of a run that settles a key.
    private static func settle(
        _ fixture: StoreFixture, _ row: OutcomeRow, from revision: Int64 = 1
    ) async throws -> CommitOutcome {
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(row.run, from: revision)]
        batch.sharedOutcomes = [row]
        return try await fixture.store.commit(batch)
    }

    static func cacheKeeps(_ fixture: StoreFixture) async throws {
        let (first, second) = (try await fixture.startRun().key, try await fixture.startRun().key)
        let store = fixture.store
        let ask = request(fixture, .cache)
        try expectEqual(try await store.seek(ask, for: first), .answered(.missing))
        try expectEqual(try await store.seek(ask, for: second), .answered(.missing), "nobody holds it")
        _ = try await settle(fixture, row(first, .cache, output: #"{"a":"✓"}"#))
        try expectEqual(try await store.seek(ask, for: second), found(#"{"a":"✓"}"#, by: first))
        _ = try await settle(fixture, row(second, .cache, output: "2"))
        try expectEqual(try await store.seek(ask, for: first), found("2", by: second), "the newest")
        try expectEqual(
            try await store.seek(request(fixture, .cache, key: "other"), for: first), .answered(.missing))
        // Two of one key in one batch.
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(first, from: 2)]
        batch.sharedOutcomes = [row(first, .cache, output: "3"), row(first, .cache, step: 1, output: "3")]
        try expect(try await store.commit(batch).excluded.isEmpty)
        try expectEqual(try await store.seek(ask, for: second), found("3", by: first))
        _ = try await settle(fixture, row(second, .cache, output: "4", lifetime: .zero), from: 2)
        try expectEqual(try await store.seek(ask, for: first), .answered(.missing), "it has expired")
    }

    static func keyIsHeldByOne(_ fixture: StoreFixture) async throws {
        let (first, second) = (try await fixture.startRun().key, try await fixture.startRun().key)
        let store = fixture.store
        let ask = request(fixture, .idempotency)
        try expectEqual(try await store.seek(ask, for: first), .answered(.missing))
        try expectEqual(try await store.seek(ask, for: first), .answered(.missing), "asking twice is asking once")
        try expectEqual(try await store.seek(ask, for: second), .waits)
        try expectEqual(
            try await store.seek(request(fixture, .idempotency, step: 1), for: first), .waits, "another step")
        let outcome = try await settle(fixture, row(first, .idempotency, output: "1"))
        let told = outcome.admissions.messages
        try expectEqual(Set(told.map(\.id.key)), [first, second])
        try expectEqual(
            Set(
                told.compactMap { message -> Int32? in
                    guard case .seek(let asked) = message.command else { return nil }
                    return asked.step
                }), [0, 1])
        try expectEqual(try await store.seek(ask, for: second), found("1", by: first))
        let mine = try await inbox(fixture).filter { told.contains($0) }
        try expectEqual(mine.count, 2, "the messages are durable")
    }

    static func freeKeyGoesOn(_ fixture: StoreFixture) async throws {
        let (first, second) = (try await fixture.startRun().key, try await fixture.startRun().key)
        let store = fixture.store
        let ask = request(fixture, .idempotency)
        _ = try await store.seek(ask, for: first)
        try expectEqual(try await store.seek(ask, for: second), .waits)
        // Somebody who does not hold it frees nothing, and no longer waits.
        let idle = try await settle(fixture, row(second, .idempotency))
        try expect(idle.admissions.messages.isEmpty)
        try expectEqual(try await store.seek(ask, for: second), .waits)
        let outcome = try await settle(fixture, row(first, .idempotency))
        try expectEqual(outcome.admissions.messages.map(\.id.key), [second])
        try expectEqual(try await store.seek(ask, for: second), .answered(.missing), "it holds the key now")
        try expectEqual(try await store.seek(ask, for: first), .waits)
        // An answer that came too late: the key goes, whatever else the batch does.
        var batch = fixture.makeBatch()
        batch.freedOutcomes = [row(second, .idempotency)]
        try expectEqual(try await store.commit(batch).admissions.messages.map(\.id.key), [first])
    }

    static func endedRunsHoldNoKeys(_ fixture: StoreFixture) async throws {
        let (first, second) = (try await fixture.startRun().key, try await fixture.startRun().key)
        let ask = request(fixture, .idempotency)
        _ = try await fixture.store.seek(ask, for: first)
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(first, from: 1, to: .cancelled)]
        batch.drops = [TokenDrop(key: first, expected: 1)]
        _ = try await fixture.store.commit(batch)
        try expectEqual(try await fixture.store.seek(ask, for: second), .answered(.missing))
    }

    static func lostRaceSettlesNothing(_ fixture: StoreFixture) async throws {
        let (first, second) = (try await fixture.startRun().key, try await fixture.startRun().key)
        let ask = request(fixture, .idempotency)
        _ = try await fixture.store.seek(ask, for: first)
        try expectEqual(try await fixture.store.seek(ask, for: second), .waits)
        let outcome = try await settle(fixture, row(first, .idempotency, output: "1"), from: 7)
        try expect(outcome.excluded[first] != nil && outcome.admissions.messages.isEmpty)
        try expectEqual(try await fixture.store.seek(ask, for: second), .waits)
    }
}
