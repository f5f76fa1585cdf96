public import Engine
public import Workflows

/// Quotas and their counting, as the store's rows have them.
struct MemoryQuotas: Sendable {
    struct HolderKey: Hashable, Sendable {
        var tenant: TenantID
        var holder: QuotaHolder?
    }

    struct Reservation: Sendable {
        var units: Int32 = 0
        var used: Int64 = 0
        var expires = Timestamp(microseconds: 0)
    }

    var quotas: [TenantID: TenantQuotas] = [:]
    var changed: [TenantID: Timestamp] = [:]
    var spokenUntil: [TenantID: Timestamp] = [:]
    var reservations: [HolderKey: Reservation] = [:]
    var bytes: [TenantID: StoredBytes] = [:]

    func taken(_ tenant: TenantID) -> Int64 {
        reservations.filter { $0.key.tenant == tenant }.values.reduce(0) { $0 + $1.used + Int64($1.units) }
    }
}

extension MemoryTables {
    mutating func setQuotas(_ quotas: TenantQuotas) -> TenantQuotas {
        var written = quotas
        written.version = (self.quotas.quotas[quotas.tenant]?.version ?? 0) + 1
        self.quotas.quotas[quotas.tenant] = written
        self.quotas.changed[quotas.tenant] = now
        if written[.activeRuns] != nil { _ = recountRuns(of: quotas.tenant) }
        recountBytes(of: quotas.tenant)
        return written
    }

    func usage(of tenant: TenantID) -> [QuotaKind: Int64] {
        let limits = quotas.quotas[tenant]?.limits ?? [:]
        let bytes = quotas.bytes[tenant] ?? StoredBytes()
        func count(_ keys: some Sequence<TokenKey>) -> Int64 { Int64(keys.count { $0.run.tenant == tenant }) }
        var usage: [QuotaKind: Int64] = [
            .activeRuns: activeRuns(of: tenant),
            .pendingSteps: count(ready.keys) + count(held.keys.filter { $0.step >= 0 }),
            .concurrentSteps: count(attempts.keys),
            .workers: Int64(sessions.values.count { $0.record.tenant == tenant && $0.leasedUntil > now }),
            .definitions: Int64(Set(definitions.filter { $0.tenant == tenant }.map(\.name)).count),
        ]
        if limits[.payloadBytes] != nil { usage[.payloadBytes] = bytes.payloads }
        if limits[.logBytes] != nil { usage[.logBytes] = bytes.logs }
        return usage
    }

    private func activeRuns(of tenant: TenantID) -> Int64 {
        Int64(runs.count { $0.key.tenant == tenant && $0.value.parent == nil && !$0.value.state.isEnded })
    }

    mutating func addBytes(_ added: [TenantID: StoredBytes]) {
        for (tenant, bytes) in added where quotas.quotas[tenant]?.countsBytes == true {
            quotas.bytes[tenant, default: StoredBytes()] += bytes
        }
    }

    /// Logs are not kept in memory: their count is what was added.
    mutating func recountBytes(of tenant: TenantID) {
        guard quotas.quotas[tenant]?.countsBytes == true else {
            quotas.bytes[tenant] = nil
            return
        }
        let stored = runs.filter { $0.key.tenant == tenant }.values.reduce(0) { sum, run in
            run.history.reduce(sum + run.input.count + (run.ending?.output?.count ?? 0)) {
                $0 + ($1.transition.output?.count ?? 0)
            }
        }
        quotas.bytes[tenant, default: StoredBytes()].payloads = Int64(stored)
    }

    mutating func reserve(_ request: QuotaRequest) -> QuotaGrant {
        switch request.resource {
        case .submissions: reserveSubmissions(request)
        case .runs(let holder, let keeping): reserveRuns(request, holder, keeping)
        }
    }

    private mutating func reserveSubmissions(_ request: QuotaRequest) -> QuotaGrant {
        guard let rate = quotas.quotas[request.tenant]?[.submissionsPerSecond] else {
            return QuotaGrant(units: 0, taken: 0, limit: nil)
        }
        let second: Int64 = 1_000_000
        let until = max(quotas.spokenUntil[request.tenant]?.microseconds ?? .min, now.microseconds - second)
        let room = (now.microseconds - until) * Int64(rate) / second
        let units = QuotaGrant.units(demand: request.demand, room: room)
        let spoken = until + Int64(units) * second / Int64(rate)
        if units > 0 { quotas.spokenUntil[request.tenant] = Timestamp(microseconds: spoken) }
        return QuotaGrant(
            units: units, taken: Int64(rate) - room + Int64(units), limit: rate,
            retryAfter: .microseconds(max(0, until + second / Int64(rate) - now.microseconds)))
    }

    private mutating func reserveRuns(
        _ request: QuotaRequest, _ holder: QuotaHolder, _ keeping: Int32
    ) -> QuotaGrant {
        for (key, row) in quotas.reservations where key.tenant == request.tenant && row.expires <= now {
            quotas.reservations[key]?.units = 0
        }
        guard let limit = quotas.quotas[request.tenant]?[.activeRuns] else {
            return QuotaGrant(units: 0, taken: 0, limit: nil)
        }
        let key = MemoryQuotas.HolderKey(tenant: request.tenant, holder: holder)
        if let units = quotas.reservations[key]?.units, units > keeping { quotas.reservations[key]?.units = keeping }
        let taken = quotas.taken(request.tenant)
        let units = QuotaGrant.units(demand: request.demand, room: Int64(limit) - taken)
        if units > 0 {
            quotas.reservations[key, default: .init()].units += units
            quotas.reservations[key]?.expires = now + request.lease
        }
        return QuotaGrant(units: units, taken: taken + Int64(units), limit: limit)
    }

    mutating func recountRuns(of tenant: TenantID) -> Int64 {
        let base = MemoryQuotas.HolderKey(tenant: tenant, holder: nil)
        let counted = quotas.reservations.filter { $0.key.tenant == tenant }.values.reduce(0) { $0 + $1.used }
        let difference = activeRuns(of: tenant) - counted
        quotas.reservations[base, default: .init()].used += difference
        return difference
    }

    // MARK: Commits

    /// Starts of a batch that its holder has no units for.
    func overQuota(_ batch: CommitBatch) -> [RunKey: CommitOutcome.Exclusion] {
        var refused: [RunKey: CommitOutcome.Exclusion] = [:]
        let starts = batch.counted.filter { $0.change > 0 }
        for (tenant, runs) in Dictionary(grouping: starts, by: \.key.tenant) {
            guard quotas.quotas[tenant]?[.activeRuns] != nil else { continue }
            let row = batch.holder.flatMap {
                quotas.reservations[MemoryQuotas.HolderKey(tenant: tenant, holder: $0)]
            }
            let owned = row.map { $0.expires > now ? Int($0.units) : 0 } ?? 0
            let lacks = runs.count { $0.hasUnit } > owned
            for run in runs where !run.hasUnit || lacks { refused[run.key] = .overQuota }
        }
        return refused
    }

    /// Units become runs, and ended runs leave places.
    mutating func count(_ batch: CommitBatch, excluded: [RunKey: CommitOutcome.Exclusion]) {
        for run in batch.counted where excluded[run.key] == nil {
            let key = MemoryQuotas.HolderKey(tenant: run.key.tenant, holder: batch.holder)
            quotas.reservations[key, default: .init()].used += Int64(run.change)
            if run.change > 0, let units = quotas.reservations[key]?.units, units > 0 {
                quotas.reservations[key]?.units = units - 1
            }
        }
    }

    /// How many more of a tenant's steps may run.
    func places(of tenant: TenantID) -> Int {
        guard let limit = quotas.quotas[tenant]?[.concurrentSteps] else { return .max }
        return max(0, Int(limit) - attempts.keys.count { $0.run.tenant == tenant })
    }
}

extension MemoryStore {
    public func quotas(recent: Bool) async throws(StoreError) -> [TenantQuotas] {
        await transaction { tables in
            let all = tables.quotas.quotas.values
            return recent
                ? all.filter { (tables.quotas.changed[$0.tenant] ?? tables.now) + .seconds(10) > tables.now }
                : Array(all)
        }
    }

    public func quotas(of tenant: TenantID) async throws(StoreError) -> TenantQuotas {
        await transaction { $0.quotas.quotas[tenant] ?? TenantQuotas(tenant: tenant) }
    }

    public func setQuotas(_ quotas: TenantQuotas) async throws(StoreError) -> TenantQuotas {
        await transaction { $0.setQuotas(quotas) }
    }

    public func usage(of tenant: TenantID, withRuns: Bool) async throws(StoreError) -> [QuotaKind: Int64] {
        await transaction { $0.usage(of: tenant).filter { withRuns || $0.key != .activeRuns } }
    }

    public func addBytes(_ bytes: [TenantID: StoredBytes]) async throws(StoreError) {
        await transaction { $0.addBytes(bytes) }
    }

    public func recountBytes(of tenant: TenantID) async throws(StoreError) {
        await transaction { $0.recountBytes(of: tenant) }
    }

    public func reserve(_ request: QuotaRequest) async throws(StoreError) -> QuotaGrant {
        await transaction { $0.reserve(request) }
    }

    public func recountRuns(of tenant: TenantID) async throws(StoreError) -> Int64 {
        await transaction { $0.recountRuns(of: tenant) }
    }
}
