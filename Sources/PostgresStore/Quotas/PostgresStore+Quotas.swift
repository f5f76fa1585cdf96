internal import Audit
public import Engine
internal import Postgres
public import Workflows

extension PostgresStore {
    public func quotas(recent: Bool) async throws(StoreError) -> [TenantQuotas] {
        try await duty { (connection) throws(PostgresError) in
            var found: [TenantQuotas] = []
            for row in try await connection.execute(recent ? QuotaStatement.recent : QuotaStatement.all) {
                found.append(try TenantQuotas(row))
            }
            return found
        }
    }

    public func quotas(of tenant: TenantID) async throws(StoreError) -> TenantQuotas {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            try await scope.execute(QuotaStatement.one, tenant.value).first
                .map { (row) throws(PostgresError) in try TenantQuotas(row) } ?? TenantQuotas(tenant: tenant)
        }
    }

    public func setQuotas(_ quotas: TenantQuotas) async throws(StoreError) -> TenantQuotas {
        let tenant = quotas.tenant
        let context = AuditContext.current
        let written = try await change { transaction in
            let before = try await QuotaChange.text(of: tenant, transaction)
            let written = try TenantQuotas(
                try await transaction.execute(
                    QuotaStatement.set, tenant.value, quotas[.submissionsPerSecond], quotas[.activeRuns],
                    quotas[.pendingSteps], quotas[.concurrentSteps], quotas[.workers], quotas[.definitions],
                    quotas[.payloadBytes], quotas[.logBytes], quotas.softPercent, quotas.retention.runDays,
                    quotas.retention.logDays)[0])
            if !written.countsBytes { try await transaction.execute(StoredByteStatement.forget, tenant.value) }
            if let context {
                let after = try await QuotaChange.text(of: tenant, transaction)
                try await QuotaChange.record(of: tenant, before: before, after: after, context, transaction)
            }
            return written
        }
        if written[.activeRuns] != nil { _ = try await recountRuns(of: tenant) }
        if written.countsBytes { try await recountBytes(of: tenant) }
        return written
    }

    public func usage(of tenant: TenantID, withRuns: Bool) async throws(StoreError) -> [QuotaKind: Int64] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            let row = try await scope.execute(QuotaStatement.usage, tenant.value)[0]
            var usage: [QuotaKind: Int64] = [
                .pendingSteps: try row.decode(0), .concurrentSteps: try row.decode(1), .workers: try row.decode(2),
                .definitions: try row.decode(3),
            ]
            if let payloads = try row.decode(4, as: Int64?.self) { usage[.payloadBytes] = payloads }
            if let logs = try row.decode(5, as: Int64?.self) { usage[.logBytes] = logs }
            if withRuns {
                usage[.activeRuns] = try await scope.execute(QuotaStatement.countRuns, tenant.value)[0]
                    .decode(0, as: Int64.self)
            }
            return usage
        }
    }

    public func reserve(_ request: QuotaRequest) async throws(StoreError) -> QuotaGrant {
        let (tenant, demand) = (request.tenant.value, Int64(max(0, request.demand)))
        return try await duty { (connection) throws(PostgresError) in
            switch request.resource {
            case .submissions:
                let rows = try await connection.execute(QuotaStatement.reserveSubmissions, tenant, demand)
                guard let row = rows.first else { return QuotaGrant(units: 0, taken: 0, limit: nil) }
                let pause = try row.decode(3, as: Int64.self)
                return QuotaGrant(
                    units: try row.decode(0), taken: try row.decode(2), limit: try row.decode(1),
                    retryAfter: .microseconds(max(0, pause)))
            case .runs(let holder, let keeping):
                var pipeline = PostgresPipeline(.transaction)
                let node = holder.node.uuid
                pipeline.add(QuotaStatement.lockRuns, tenant)
                pipeline.add(QuotaStatement.expire, tenant)
                pipeline.add(QuotaStatement.keep, tenant, node, holder.lane, max(0, keeping))
                pipeline.add(
                    QuotaStatement.reserveRuns, tenant, node, holder.lane, demand, request.lease.microseconds)
                guard let row = try await connection.execute(pipeline)[3].first else {
                    return QuotaGrant(units: 0, taken: 0, limit: nil)
                }
                return QuotaGrant(units: try row.decode(0), taken: try row.decode(2), limit: try row.decode(1))
            }
        }
    }

    public func recountRuns(of tenant: TenantID) async throws(StoreError) -> Int64 {
        try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            for statement in [QuotaStatement.lockRuns, QuotaStatement.fold, QuotaStatement.recount] {
                pipeline.add(statement, tenant.value)
            }
            return try await connection.execute(pipeline)[2].decode(row: 0, column: 0, as: Int64.self)
        }
    }
}

extension TenantQuotas {
    /// Reads `QuotaStatement.columns`.
    init(_ row: PostgresRow) throws(PostgresError) {
        var limits: [QuotaKind: Int64] = [:]
        for kind in QuotaKind.allCases { limits[kind] = try row.decode(Int(kind.rawValue), as: Int64?.self) }
        self.init(
            tenant: TenantID(try row.decode(0)), limits: limits, softPercent: try row.decode(9),
            retention: TenantRetention(runDays: try row.decode(11), logDays: try row.decode(12)),
            version: try row.decode(10))
    }
}
