import Engine
import PostgresStore
import TestSupport
import Testing
import Workflows

@Suite("PostgresStore: a quota of workflows", .timeLimit(.minutes(5)))
struct QuotaOfWorkflowsTests {
    private static func changes(
        _ names: [String], digest: UInt8 = 1, removed: [String] = []
    ) -> ResourceChanges {
        var changes = ResourceChanges(author: "ada")
        changes.definitions = names.map { name in
            ResourceChanges.Expected(
                DefinitionRecord(name: name, canonical: Array("{}".utf8), digest: [digest], source: []), version: nil)
        }
        changes.removed = removed.map { ResourceChanges.Expected(ResourceID(.workflow, $0), version: 1) }
        return changes
    }

    @Test("a bundle over it is refused as a whole; a removed workflow leaves its place, and needs one to come back")
    func removed() async throws {
        let database = try await StoreDatabase.make()
        let store = database.store
        let tenant = try await store.ensureTenant(named: "acme")
        _ = try await store.setQuotas(TenantQuotas(tenant: tenant, limits: [.definitions: 2]))
        func refusal(_ changes: ResourceChanges) async -> QuotaKind? {
            do throws(StoreError) {
                let outcome = try await store.write(changes, tenant: tenant)
                guard case .written = outcome else {
                    Issue.record("\(outcome)")
                    return nil
                }
                return nil
            } catch {
                return error.quota
            }
        }
        func used() async throws -> Int64? { try await store.usage(of: tenant, withRuns: false)[.definitions] }
        #expect(await refusal(Self.changes(["a", "b", "c"])) == .definitions)
        #expect(try await used() == 0)
        #expect(await refusal(Self.changes(["a", "b"])) == nil)
        #expect(await refusal(Self.changes([], removed: ["a"])) == nil)
        #expect(try await used() == 1)
        #expect(await refusal(Self.changes(["c"])) == nil)
        #expect(await refusal(Self.changes(["a"], digest: 2)) == .definitions)
        #expect(try await used() == 2)
        try await database.discard()
    }
}
