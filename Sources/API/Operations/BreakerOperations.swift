import Engine
import Workflows

/// What can be done to circuit breakers.
struct BreakerOperations: Sendable {
    private let engine: Engine

    init(parts: APIParts) { engine = parts.engine }

    func list(tenant: TenantID) async throws -> [BreakerRecord] { try await engine.breakers(tenant: tenant) }

    /// By the task type, the target's name or the id.
    func breaker(_ name: String, tenant: TenantID) async throws -> BreakerRecord {
        let found = try await list(tenant: tenant).first { $0.name == name || $0.id.digest.uuidText == name }
        guard let found else { throw Self.missing(name) }
        return found
    }

    /// Sets up the breaker of a task type, or changes its rule.
    func put(
        _ taskType: String, _ rule: BreakerRule, tenant: TenantID
    ) async throws -> (breaker: BreakerRecord, isNew: Bool) {
        let write = try await engine.changeBreaker(named: taskType, tenant: tenant, .rule(rule))
        if case .written(let breaker, let isNew) = write { return (breaker, isNew) }
        throw Self.missing(taskType)
    }

    func delete(_ name: String, tenant: TenantID) async throws {
        switch try await engine.changeBreaker(named: name, tenant: tenant, .removal) {
        case .removed: return
        case .written, .missing: throw Self.missing(name)
        case .notOfType:
            throw Problem(
                409, "breaker_of_target",
                "The breaker \(name) stands in a definition: apply the workflow without it.")
        }
    }

    func reset(_ name: String, tenant: TenantID) async throws -> BreakerRecord {
        try await change(name, .reset, tenant: tenant)
    }

    func trip(_ name: String, for time: Duration?, tenant: TenantID) async throws -> BreakerRecord {
        try await change(name, .trip(time), tenant: tenant)
    }

    private func change(_ name: String, _ change: BreakerChange, tenant: TenantID) async throws -> BreakerRecord {
        let write = try await engine.changeBreaker(named: name, tenant: tenant, change)
        if case .written(let breaker, _) = write { return breaker }
        throw Self.missing(name)
    }

    private static func missing(_ name: String) -> Problem {
        Problem(404, "breaker_not_found", "There is no breaker \"\(name)\".")
    }
}
