import Engine
import Workflows

/// Runs that fail, and go on.
extension StoreConformance {
    private static let failure = StepFailure(kind: .error, code: "exit_1", message: "boom", retryable: false)

    static func letter(_ key: RunKey, _ fixture: StoreFixture, revision: Int64 = 2) -> DeadLetterRow {
        DeadLetterRow(
            key: key, revision: revision, step: 0, name: "a", attempt: 1, generation: 0, flow: fixture.flow,
            failure: failure, input: Array(#"{"x":1}"#.utf8), timing: AttemptTiming(worker: "w"))
    }

    /// A run that has failed, with a dead letter.
    private static func failedRun(_ fixture: StoreFixture) async throws -> RunKey {
        let session = try await fixture.openSession()
        let (key, _) = try await fixture.startRun(lease: session)
        let lease = try await fixture.store.leases(of: [session], olderThan: .zero)
        var end = fixture.makeBatch()
        end.advances = [fixture.advance(key, from: 1, to: .failed, failure: failure)]
        end.finishes = lease.map(\.fence)
        end.transitions = [fixture.transition(key, revision: 2, state: .failed, failure: failure, session: session)]
        end.deadLetters = [letter(key, fixture)]
        try expect(try await fixture.store.commit(end).excluded.isEmpty)
        return key
    }

    static func failedRunGoesOn(_ fixture: StoreFixture) async throws {
        let key = try await failedRun(fixture)
        var late = fixture.makeBatch()
        late.advances = [fixture.advance(key, from: 7)]
        late.reopened = [RunReopened(key: key, expectedRevision: 7, by: "ada")]
        guard case .lostRace? = try await fixture.store.commit(late).excluded[key] else {
            throw Unmet(description: "a reopening from another revision has lost its race")
        }
        var again = fixture.makeBatch()
        again.advances = [fixture.advance(key, from: 2)]
        again.reopened = [RunReopened(key: key, expectedRevision: 2, by: "ada")]
        again.ready = [fixture.ready(key, attempt: 1000)]
        try expect(try await fixture.store.commit(again).excluded.isEmpty)
        let run = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)])
        try expectEqual(run.first?.state, .running)
        try expect(run.first?.ending == nil, "what it had ended with is gone")
        let session = try await fixture.openSession()
        let leased = try await fixture.claim([session])
        try expectEqual(leased.map(\.fence.attempt), [1001])
        try expect(
            try await fixture.store.commit(fixture.finishBatch(leased[0].fence, revision: 3)).excluded.isEmpty)
        let ended = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)])
        try expectEqual(ended.first?.state, .succeeded)
    }

    /// The step that is begun anew fails at once: the run ends in the commit that reopens it, in the same state as before.
    static func reopenedRunEndsAtOnce(_ fixture: StoreFixture) async throws {
        let key = try await failedRun(fixture)
        var again = fixture.makeBatch()
        again.advances = [fixture.advance(key, from: 2, to: .failed, failure: failure)]
        again.reopened = [RunReopened(key: key, expectedRevision: 2, by: "ada")]
        again.transitions = [fixture.transition(key, revision: 3, attempt: 0, state: .failed, failure: failure)]
        again.deadLetters = [letter(key, fixture, revision: 3)]
        try expect(try await fixture.store.commit(again).excluded.isEmpty)
        let run = try await fixture.store.loadRuns([RunLoad(key: key, knownRevision: nil)]).first
        try expectEqual(run?.state, .failed)
        try expectEqual(run?.ending?.failure?.code, "exit_1")
        try expectEqual(run?.transitions.count, 2)
    }
}
