import TestSupport
import Testing
import Workflows

@Suite("The store in memory")
struct MemoryStoreTests {
    @Test("does what every store must do", arguments: StoreConformance.allCases)
    func conforms(_ rule: StoreConformance) async throws {
        let start = ContinuousClock.now
        let store = MemoryStore { Timestamp(microseconds: 1_800_000_000_000_000) + start.duration(to: .now) }
        try await rule.run(on: store)
    }
}
