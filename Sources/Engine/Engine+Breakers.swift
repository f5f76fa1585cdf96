import Supervision
public import Workflows

extension Engine {
    /// The tenant's breakers, by kind and name.
    public func breakers(tenant: TenantID) async throws(EngineError) -> [BreakerRecord] {
        do {
            return try await catalog.breakers(tenant: tenant)
        } catch {
            throw .unavailable(error)
        }
    }

    /// Sets up, removes, resets or trips a breaker. This node knows it at once, the others by the event log.
    public func changeBreaker(
        named name: String, tenant: TenantID, _ change: BreakerChange
    ) async throws(EngineError) -> BreakerWrite {
        do {
            let write = try await catalog.changeBreaker(named: name, tenant: tenant, change)
            switch write {
            case .written, .removed:
                try await parts.breakers.refresh()
                parts.breakerChanges.raise()
                parts.committed()
            case .missing, .notOfType: break
            }
            return write
        } catch {
            parts.storeFailed(error, in: "breakers")
            throw .unavailable(error)
        }
    }
}
