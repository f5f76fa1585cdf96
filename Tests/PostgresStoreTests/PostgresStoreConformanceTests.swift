import Engine
import PostgresStore
import TestSupport
import Testing

@Suite("PostgresStore: conformance", .timeLimit(.minutes(5)))
struct PostgresStoreConformanceTests {
    @Test("What every store must do", arguments: StoreConformance.allCases)
    func conformance(_ part: StoreConformance) async throws {
        try await StorePlaces.all.within {
            let database = try await StoreDatabase.make()
            try await part.run(on: database.store)
            #expect(try await database.store.auditTokens().isEmpty)
            try await database.discard()
        }
    }
}
