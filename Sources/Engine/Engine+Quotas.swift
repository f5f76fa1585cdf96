import Telemetry
public import Workflows

extension Engine {
    /// The tenant's quotas; none, with version 0, when nobody has set any.
    public func quotas(of tenant: TenantID) async throws(EngineError) -> TenantQuotas {
        do {
            return try await parts.store.quotas(of: tenant)
        } catch {
            throw .unavailable(error)
        }
    }

    /// Replaces the tenant's quotas. This node knows them at once, the others after a second.
    public func setQuotas(_ quotas: TenantQuotas) async throws(EngineError) -> TenantQuotas {
        do {
            let written = try await parts.store.setQuotas(quotas)
            parts.quotas.note([written])
            return written
        } catch {
            parts.storeFailed(error, in: "quotas")
            throw .unavailable(error)
        }
    }

    /// Whether so many bytes of output of one of the tenant's steps are kept. They are counted, where that is limited.
    public func takesLog(_ bytes: Int, of tenant: TenantID) -> Bool { parts.quotas.takesLog(bytes, of: tenant) }

    /// What the tenant uses now, beside its quotas: counted in the database. Of submissions only the quota is told.
    public func usage(of tenant: TenantID) async throws(EngineError) -> (quotas: TenantQuotas, uses: [QuotaUse]) {
        do {
            let quotas = try await parts.store.quotas(of: tenant)
            let used = try await parts.store.usage(of: tenant, withRuns: true)
            return (
                quotas,
                QuotaKind.allCases.compactMap { kind in
                    used[kind].map { QuotaUse(kind: kind, used: $0, limit: quotas[kind]) }
                }
            )
        } catch {
            throw .unavailable(error)
        }
    }

    /// Of tenants with quotas: what they use, and may.
    var quotaFamilies: [MetricFamily] {
        let uses = parts.quotas.uses
        guard !uses.isEmpty else { return [] }
        func family(_ name: String, _ help: String, _ value: (QuotaUse) -> Double) -> MetricFamily {
            MetricFamily(
                name, help: help, kind: .gauge,
                samples: uses.map { entry in
                    MetricFamily.Sample(
                        value(entry.use), labels: [("tenant", "\(entry.tenant.value)"), ("quota", entry.use.kind.name)])
                })
        }
        return [
            family("beamline_quota_used", "Used or reserved of a quota, as this node has last seen it.") {
                Double($0.used)
            },
            family("beamline_quota_limit", "The quota.") { Double($0.limit ?? 0) },
        ]
    }
}
