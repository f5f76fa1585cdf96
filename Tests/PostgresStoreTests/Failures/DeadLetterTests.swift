import Engine
import Filters
import PostgresStore
import TestSupport
import Testing
import Workflows

/// The list of dead letters on PostgreSQL.
@Suite("PostgresStore: dead letters", .timeLimit(.minutes(5)))
struct DeadLetterTests {
    private static func failure(_ code: String) -> StepFailure {
        StepFailure(kind: code == "slow" ? .timeout : .error, code: code, message: "it said \(code)", retryable: false)
    }

    /// Seven runs, each with two letters.
    private func fill(_ fixture: StoreFixture) async throws -> [RunKey] {
        var keys: [RunKey] = []
        for number in 0..<7 {
            let key = try await fixture.makeKey()
            keys.append(key)
            var batch = fixture.makeBatch()
            var start = fixture.start(key)
            let code = number < 3 ? "slow" : "exit_\(number)"
            start.state = .failed
            start.ending = RunEnding(output: nil, failure: Self.failure(code))
            batch.starts = [start]
            for step: Int32 in 0...1 {
                batch.transitions.append(
                    fixture.transition(
                        key, revision: Int64(step), step: step, attempt: 2, state: .failed, failure: Self.failure(code))
                )
                batch.deadLetters.append(
                    DeadLetterRow(
                        key: key, revision: Int64(step), step: step, name: step == 0 ? "load" : "store", attempt: 2,
                        generation: Int32(number), flow: fixture.flow, failure: Self.failure(code),
                        input: Array(#"{"n":\#(number)}"#.utf8), timing: AttemptTiming(worker: "w\(number)")))
            }
            #expect(try await fixture.store.commit(batch).excluded.isEmpty)
        }
        return keys
    }

    private func list(
        _ store: PostgresStore, _ filter: String, _ fixture: StoreFixture, before: DeadLetterPosition? = nil,
        limit: Int = 50
    ) async throws -> DeadLetterPage {
        let predicates = try Filter(parsing: filter, keys: DeadLetter.filterKeys).predicates(now: 1 << 52)
        return try await store.deadLetters(passing: predicates, before: before, limit: limit, tenant: fixture.tenant)
    }

    @Test("pages, newest first, and every key of the filter")
    func lists() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let fixture = try await StoreFixture.make(on: store)
        let keys = try await fill(fixture)
        var seen: [DeadLetterID] = []
        var position: DeadLetterPosition?
        repeat {
            let page = try await list(store, "", fixture, before: position, limit: 5)
            seen += page.letters.map(\.id)
            position = page.next
        } while position != nil
        #expect(seen.count == 14 && Set(seen).count == 14)
        #expect(seen.first?.run == keys.last?.run && seen.last?.run == keys.first?.run)
        let counts = [
            "state:open": 14, "state:redriven": 0, "workflow:flow": 14, "workflow:other*": 0, "version:1": 14,
            "run:\(keys[2].run)": 2, "step:load": 7, "-step:load": 7, "error:exit_*": 8, "kind:timeout": 6,
            "worker:w5": 2, "failed:<2001-01-01": 0, "until:2h": 14, "attempt:2": 14, "replays:>=5": 4,
            "\"said EXIT\"": 8,
            "step:load error:exit_3,exit_4": 2,
        ]
        for (filter, count) in counts {
            #expect(try await list(store, filter, fixture).letters.count == count, "\(filter)")
        }
        let other = try await StoreFixture.make(on: store)
        #expect(try await list(store, "", other).letters.isEmpty)
        try await database.discard()
    }

    @Test("one letter has its input and every attempt; a redrive marks those of its run alone")
    func one() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let fixture = try await StoreFixture.make(on: store)
        let keys = try await fill(fixture)
        let id = DeadLetterID(run: keys[4].run, revision: 1)
        #expect(DeadLetterID("\(id)") == id)
        let found = try #require(try await store.deadLetter(id, tenant: fixture.tenant))
        #expect(found.letter.row.name == "store" && found.letter.workflow == "flow" && found.letter.version == 1)
        #expect(found.letter.row.input == Array(#"{"n":4}"#.utf8) && found.letter.row.failure == Self.failure("exit_4"))
        #expect(found.attempts.map(\.transition.attempt) == [2])
        #expect(try await store.deadLetter(id, tenant: TenantID(fixture.tenant.value + 1)) == nil)
        var batch = fixture.makeBatch()
        batch.advances = [fixture.advance(keys[4], from: 1)]
        batch.reopened = [RunReopened(key: keys[4], expectedRevision: 1, by: "ada")]
        batch.ready = [fixture.ready(keys[4], attempt: 1000)]
        #expect(try await store.commit(batch).excluded.isEmpty)
        let redriven = try await list(store, "state:redriven", fixture).letters
        #expect(redriven.map(\.id.run) == [keys[4].run, keys[4].run])
        #expect(redriven.allSatisfy { $0.redrivenBy == "ada" && $0.redrivenAt != nil })
        #expect(try await store.auditTokens().isEmpty)
        try await database.discard()
    }
}
