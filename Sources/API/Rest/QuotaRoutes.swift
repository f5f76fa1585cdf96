import Access
import Engine
import HTTP
import JSON
import Workflows

/// `/v1/usage`, and `/v1/tenants/{name}/quotas` for the platform's administrators.
struct QuotaRoutes: Sendable {
    let engine: Engine
    let catalog: any Catalog

    var routes: [Route] {
        [
            Route("GET", "/v1/usage", "getUsage", usage),
            Route("GET", "/v1/tenants/{name}/quotas", "getQuotas", get),
            Route("PUT", "/v1/tenants/{name}/quotas", "putQuotas", put),
        ]
    }

    private func usage(_ call: Call) async throws -> HTTPResponse {
        let (quotas, uses) = try await engine.usage(of: call.caller.tenant)
        return .json { writer in
            writer.object { members in
                members.string("tenant", call.caller.principal.tenant)
                members.integer("soft_percent", Int64(quotas.softPercent))
                members.member("usage") { $0.array(QuotaKind.allCases) { $0.use($1, uses, quotas) } }
            }
        }
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let (name, tenant) = try await tenant(call)
        return try await answer(try await engine.quotas(of: tenant), name)
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let body = try await call.object(limit: 16 << 10, members: ["limits", "soft_percent", "weight", "retention"])
        let (name, tenant) = try await tenant(call)
        let quotas = try TenantQuotas(body, of: tenant)
        if let value = body["weight"] {
            let weight = try value.integer("weight", in: QueueSettings.weights)
            try await catalog.setWeight(weight, of: tenant)
        }
        return try await answer(try await engine.setQuotas(quotas), name)
    }

    private func answer(_ quotas: TenantQuotas, _ name: String) async throws -> HTTPResponse {
        let weight = try await catalog.tenantWeights([quotas.tenant])[quotas.tenant] ?? QueueSettings.defaultWeight
        return .json { $0.quotas(quotas, of: name, weight: weight) }
    }

    private func tenant(_ call: Call) async throws -> (String, TenantID) {
        let name = call.parameter("name")
        guard let tenant = try await catalog.tenant(named: name) else {
            throw Problem(404, "tenant_not_found", "There is no tenant \"\(name)\".")
        }
        return (name, tenant)
    }
}

extension TenantQuotas {
    /// What is not named is unlimited, and kept for good.
    ///
    /// - Throws: 400 `invalid_body`.
    fileprivate init(_ body: JSONObject, of tenant: TenantID) throws(Problem) {
        self.init(tenant: tenant)
        guard case .object(let limits)? = body["limits"] else {
            throw Problem(400, "invalid_body", "The body needs the field limits, an object.")
        }
        for (name, value) in limits {
            guard let kind = QuotaKind(name: name) else {
                let known = QuotaKind.allCases.map(\.name).joined(separator: ", ")
                throw Problem(400, "unknown_field", "There is no quota \"\(name)\"; known: \(known).")
            }
            if case .null = value { continue }
            let least: Int64 = kind == .submissionsPerSecond ? 1 : 0
            self.limits[kind] = try value.integer("limits.\(name)", in: least...kind.most)
        }
        if let value = body["soft_percent"] {
            softPercent = try value.integer("soft_percent", in: 1...100)
        }
        retention = try TenantRetention(body["retention"])
    }
}

extension TenantRetention {
    /// - Throws: 400 `invalid_body`.
    fileprivate init(_ value: JSONValue?) throws(Problem) {
        self.init()
        guard let value else { return }
        guard case .object(let days) = value else {
            throw Problem(400, "invalid_body", "retention must be an object with run_days and log_days.")
        }
        for (name, value) in days {
            guard name == "run_days" || name == "log_days" else {
                throw Problem(
                    400, "unknown_field", "There is no retention \"\(name)\"; known: run_days, log_days.")
            }
            if case .null = value { continue }
            let number = try value.integer("retention.\(name)", in: 1...Self.mostDays)
            if name == "run_days" { runDays = number } else { logDays = number }
        }
    }
}

extension JSONWriter {
    /// `TenantQuotas`.
    mutating func quotas(_ quotas: TenantQuotas, of tenant: String, weight: Int32) {
        object { members in
            members.string("tenant", tenant)
            members.member("limits") { writer in
                writer.object { members in
                    members.limit("submissions_per_second", quotas[.submissionsPerSecond])
                    members.limit("active_runs", quotas[.activeRuns])
                    members.limit("pending_steps", quotas[.pendingSteps])
                    members.limit("concurrent_steps", quotas[.concurrentSteps])
                    members.limit("workers", quotas[.workers])
                    members.limit("definitions", quotas[.definitions])
                    members.limit("payload_bytes", quotas[.payloadBytes])
                    members.limit("log_bytes", quotas[.logBytes])
                }
            }
            members.member("retention") { writer in
                writer.object { members in
                    members.limit("run_days", quotas.retention.runDays.map(Int64.init))
                    members.limit("log_days", quotas.retention.logDays.map(Int64.init))
                }
            }
            members.integer("soft_percent", Int64(quotas.softPercent))
            members.integer("weight", Int64(weight))
            members.integer("version", quotas.version)
        }
    }

    /// `QuotaUse`; of submissions only what the quota says.
    mutating func use(_ kind: QuotaKind, _ uses: [QuotaUse], _ quotas: TenantQuotas) {
        object { members in
            members.string("quota", kind.name)
            if let use = uses.first(where: { $0.kind == kind }) { members.integer("used", use.used) }
            if let limit = quotas[kind] { members.integer("limit", limit) }
            if let soft = quotas.softLimit(kind) { members.integer("soft_limit", soft) }
        }
    }
}

extension JSONWriter.Members {
    fileprivate mutating func limit(_ name: StaticString, _ value: Int64?) {
        if let value { integer(name, value) }
    }
}

extension HTTPFields {
    /// Says which quotas the tenant has nearly used up: `active_runs; used=85; limit=100`, more of them after commas.
    mutating func addWarnings(_ warnings: [QuotaUse]) {
        guard !warnings.isEmpty else { return }
        self["beamline-quota-warning"] = warnings.map { use in
            "\(use.kind.name); used=\(use.used); limit=\(use.limit ?? 0)"
        }.joined(separator: ", ")
    }
}
