import Engine
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: rotation of dead letters", .timeLimit(.minutes(5)))
struct RotationTests {
    private struct Refused: Error {}

    private func fill(_ fixture: StoreFixture, count: Int64) async throws -> [DeadLetterID] {
        var ids: [DeadLetterID] = []
        for number in 0..<count {
            let (key, _) = try await fixture.startRun()
            var batch = fixture.makeBatch()
            batch.advances = [fixture.advance(key, from: 1)]
            batch.deadLetters = [
                DeadLetterRow(
                    key: key, revision: 2, step: 0, name: "a", attempt: 1, generation: Int32(number),
                    flow: fixture.flow, failure: StepFailure(kind: .error, message: "x", retryable: false), input: nil)
            ]
            #expect(try await fixture.store.commit(batch).excluded.isEmpty)
            ids.append(DeadLetterID(run: key.run, revision: 2))
        }
        return ids
    }

    @Test("the newest stay, of each tenant; those that go are handed on first, the oldest first")
    func count() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let one = try await StoreFixture.make(on: store)
        let two = try await StoreFixture.make(on: store)
        let ids = try await fill(one, count: 5)
        _ = try await fill(two, count: 2)
        let exported = Mutex<[DeadLetterID]>([])
        let rotate = { (retention: DeadLetterRetention, limit: Int) async throws(StoreError) in
            try await store.rotateDeadLetters(retention, limit: limit) { letters in
                exported.withLock { $0 += letters.map(\.id) }
            }
        }
        #expect(try await rotate(DeadLetterRetention(), 100) == 0)
        #expect(try await rotate(DeadLetterRetention(age: .seconds(3600)), 100) == 0)
        await #expect(throws: StoreError.self) {
            _ = try await store.rotateDeadLetters(DeadLetterRetention(count: 2), limit: 100) { _ in throw Refused() }
        }
        #expect(try await rotate(DeadLetterRetention(count: 2), 2) == 2)
        #expect(try await rotate(DeadLetterRetention(count: 2), 100) == 1)
        #expect(exported.withLock { $0 } == Array(ids.prefix(3)))
        #expect(try await rotate(DeadLetterRetention(count: 2), 100) == 0)
        let left = try await store.deadLetters(passing: [], before: nil, limit: 9, tenant: one.tenant)
        #expect(left.letters.map(\.id) == ids.suffix(2).reversed())
        #expect(try await rotate(DeadLetterRetention(age: .zero), 100) == 4)
        try await database.discard()
    }
}
