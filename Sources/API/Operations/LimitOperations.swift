import Access
import Engine
import Workflows

/// What can be done to declared limits.
struct LimitOperations: Sendable {
    private let engine: Engine
    private let store: any BundleStore

    init(parts: APIParts) {
        engine = parts.engine
        store = parts.bundles
    }

    func list(tenant: TenantID) async throws -> [DeclaredLimit] { try await store.declaredLimits(tenant: tenant) }

    func limit(_ id: ResourceID, tenant: TenantID) async throws -> DeclaredLimit {
        guard let limit = try await list(tenant: tenant).first(where: { $0.declaration.id == id }) else {
            throw Self.missing(id)
        }
        return limit
    }

    /// Declares a limit, or gives it other slots; whoever waits for them goes on.
    func put(
        _ limit: LimitDeclaration, if condition: QueueOperations.Condition, _ caller: Caller
    ) async throws -> (limit: DeclaredLimit, isNew: Bool) {
        let version = try await write(limit.id, condition, caller) { changes, version in
            changes.limits = [.init(limit, version: version)]
        }
        return (try await self.limit(limit.id, tenant: caller.tenant), version == nil)
    }

    /// The definitions that use the key say again how many slots it has.
    func delete(_ id: ResourceID, if condition: QueueOperations.Condition, _ caller: Caller) async throws {
        let condition = condition == .any ? .present(nil) : condition
        _ = try await write(id, condition, caller) { changes, version in
            changes.removed = [.init(id, version: version)]
        }
    }

    /// Answers the version that was there before.
    private func write(
        _ id: ResourceID, _ condition: QueueOperations.Condition, _ caller: Caller,
        _ fill: (inout ResourceChanges, Int64?) -> Void
    ) async throws -> Int64? {
        while true {
            let present = try await store.present([id], bundles: [], tenant: caller.tenant).resources[id]
            switch (condition, present) {
            case (.any, _), (.absent, nil), (.present(nil), .some): break
            case (.present(let wanted?), let known?) where wanted == known.version: break
            case (.present(nil), nil): throw Self.missing(id)
            case (.absent, let known?), (.present, let known?):
                throw Problem.versionMismatch("limit", id.name, tag: "\"\(known.version)\"")
            case (.present, nil): throw Problem.versionMismatch("limit", id.name, tag: nil)
            }
            var changes = ResourceChanges(author: caller.principal.subject)
            fill(&changes, present?.version)
            if case .written(let written) = try await store.write(changes, tenant: caller.tenant) {
                await engine.note(written, of: changes, tenant: caller.tenant)
                return present?.version
            }
        }
    }

    private static func missing(_ id: ResourceID) -> Problem {
        Problem(404, "limit_not_found", "The \(id) is not declared.")
    }
}
