import Engine
import TestSupport
import Testing
import Workflows

@Suite("Generated histories")
struct StoreHistoryTests {
    @Test(
        "PostgreSQL answers each call of a generated history as the store in memory does",
        arguments: 1...12 as ClosedRange<UInt64>)
    func agreement(seed: UInt64) async throws {
        let calls = 35
        let memory = MemoryStore(time: { Timestamp(microseconds: 1_800_000_000_000_000) })
        let expected = try await StoreHistory.lines(
            on: try await StoreFixture.make(on: memory), seed: seed, calls: calls)
        let found = try await StorePlaces.all.within {
            let database = try await StoreDatabase.make()
            let lines = try await StoreHistory.lines(
                on: try await StoreFixture.make(on: database.store), seed: seed, calls: calls)
            try await database.discard()
            return lines
        }
        let difference = zip(expected, found).enumerated().first { $0.element.0 != $0.element.1 }
        if let difference {
            let (line, (inMemory, inPostgres)) = difference
            let before = expected[max(0, line - 6)..<line].joined(separator: "\n")
            Issue.record("seed \(seed):\n\(before)\nin memory:  \(inMemory)\nPostgreSQL: \(inPostgres)")
        }
        #expect(expected.count == found.count)
        // A history that does nothing proves nothing.
        #expect(expected.contains { $0.contains("claim") && $0.contains("run") })
    }
}
