internal import Audit
public import Engine
internal import Postgres
public import Workflows

extension PostgresStore: BreakerRegistry {
    public func advanceBreakers(limit: Int) async throws(StoreError) -> BreakerPass {
        var pass = BreakerPass()
        let due = try await duty { (connection) throws(PostgresError) in
            var pipeline = PostgresPipeline(.transaction)
            pipeline.add(BreakerStatement.due, Int64(limit))
            pipeline.add(BreakerStatement.unclosed)
            let results = try await connection.execute(pipeline)
            var due: [BreakerPlace] = []
            for row in results[0] { due.append(try BreakerPlace(row)) }
            return (due, try Self.unclosed(results[1]))
        }
        for place in due.0 {
            let admissions = try await changing(place) { record, now in record.breaker.advance(to: now) }
            guard let admissions else { continue }
            pass.opened += 1
            pass.admissions.add(admissions)
        }
        for target in due.1.targets {
            let admissions = try await recall(target)
            pass.admissions.add(admissions)
        }
        for tenant in due.1.tenants {
            try await duty { (connection) throws(PostgresError) in
                _ = try await connection.execute(BreakerStatement.shutQueues, tenant.value)
            }
        }
        pass.next = due.1.next
        return pass
    }

    public func breakers(tenant: TenantID) async throws(StoreError) -> [BreakerRecord] {
        try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            var records: [BreakerRecord] = []
            for row in try await scope.execute(BreakerStatement.list, tenant.value) {
                records.append(try BreakerRecord(row))
            }
            return records
        }
    }

    public func routeBreakers() async throws(StoreError) -> [RouteBreaker] {
        try await duty { (connection) throws(PostgresError) in
            var breakers: [RouteBreaker] = []
            for row in try await connection.execute(BreakerStatement.routes) {
                breakers.append(
                    RouteBreaker(
                        record: try BreakerRecord(row), routes: try row.decode(17, as: [Int32].self).map(RouteID.init)))
            }
            return breakers
        }
    }

    public func changeBreaker(
        named name: String, tenant: TenantID, _ change: BreakerChange
    ) async throws(StoreError) -> BreakerWrite {
        if case .rule(let rule) = change { return try await set(rule, of: name, tenant: tenant) }
        let found = try await reader(of: tenant.value) { (scope) throws(PostgresError) in
            try await scope.execute(BreakerStatement.find, tenant.value, name).first.map {
                (row) throws(PostgresError) in try BreakerPlace(row, tenant: tenant)
            }
        }
        guard let place = found else { return .missing }
        switch change {
        case .rule: return .missing
        case .removal:
            guard place.kind == .taskType else { return .notOfType }
            return try await remove(place)
        case .reset: _ = try await changing(place) { $0.breaker.reset(at: $1) }
        case .trip(let time): _ = try await changing(place) { $0.breaker.trip(for: time, at: $1) }
        }
        let record = try await breakers(tenant: tenant).first { $0.id == place.id }
        return record.map { .written($0, isNew: false) } ?? .missing
    }

    // MARK: - Parts

    /// Which breaker, and with it the limit that it sets.
    private struct BreakerPlace: Sendable {
        var id: LimitID
        var kind: BreakerKind
        var name: String

        /// Reads tenant, id, kind and name.
        init(_ row: PostgresRow) throws(PostgresError) {
            try self.init(row, from: 1, tenant: TenantID(try row.decode(0)))
        }

        init(_ row: PostgresRow, tenant: TenantID) throws(PostgresError) {
            try self.init(row, from: 0, tenant: tenant)
        }

        init(_ row: PostgresRow, from column: Int, tenant: TenantID) throws(PostgresError) {
            id = LimitID(tenant: tenant, digest: RunID.Bytes(try row.decode(column, as: PostgresUUID.self)))
            guard let kind = BreakerKind(rawValue: try row.decode(column + 1)) else {
                throw PostgresError(.decoding, reason: "a breaker is of an unknown kind")
            }
            self.kind = kind
            name = try row.decode(column + 2)
        }

        /// The limit whose row is locked first.
        var limits: LimitColumns {
            kind == .target
                ? LimitColumns(stated: [.breaker(tenant: id.tenant, name: name)], known: []) : LimitColumns()
        }
    }

    private static func unclosed(
        _ rows: PostgresResult
    ) throws(PostgresError) -> (targets: [BreakerPlace], tenants: [TenantID], next: Timestamp?) {
        var targets: [BreakerPlace] = []
        var tenants: [TenantID] = []
        var next: Timestamp?
        for row in rows {
            switch try row.decode(0, as: Int32.self) {
            case 1: targets.append(try BreakerPlace(row, from: 2, tenant: TenantID(try row.decode(1))))
            case 2: tenants.append(TenantID(try row.decode(1)))
            default: next = try row.decode(5, as: PostgresTimestamp?.self).map(Timestamp.init)
            }
        }
        return (targets, tenants, next)
    }

    /// Changes a breaker under its lock, and lets in whoever may go on then.
    ///
    /// - Returns: `nil` when there was nothing to change.
    private func changing(
        _ place: BreakerPlace, _ body: @Sendable @escaping (inout BreakerRecord, Timestamp) -> Void
    ) async throws(StoreError) -> Admissions? {
        let answer: (rows: AdmittedRows?, freed: [LimitID])? = try await change { transaction in
            let limits = place.limits
            if !limits.isEmpty {
                var lock = PostgresPipeline(.single)
                limits.addLock(to: &lock)
                _ = try await transaction.execute(lock)
            }
            let rows = try await BreakerRows(locking: [place.id: true], in: transaction)
            var isChanged = false
            let effect = try await rows.change(in: transaction) { record, now in
                let old = record
                body(&record, now)
                isChanged = record != old
            }
            guard isChanged else { return nil }
            guard !limits.isEmpty else { return (nil, effect.freed) }
            let admitted = try await transaction.execute(LimitStatement.admit, limits.tenants, limits.ids)
            return (try AdmittedRows(admitted), effect.freed)
        }
        guard let answer else { return nil }
        var admissions = answer.rows?.admissions ?? Admissions()
        admissions.add(try await admitLater(joint: answer.rows?.joint ?? [], freed: answer.freed))
        return admissions
    }

    private func recall(_ place: BreakerPlace) async throws(StoreError) -> Admissions {
        let freed: [LimitID] = try await change { transaction in
            var lock = PostgresPipeline(.single)
            place.limits.addLock(to: &lock)
            _ = try await transaction.execute(lock)
            let rows = try await BreakerRows(locking: [place.id: true], in: transaction)
            guard rows.records.contains(where: { $0.slots == 0 }) else { return [] }
            return try await BreakerRows.recall([place.id], in: transaction)
        }
        return try await admitLater(joint: [], freed: freed)
    }

    private func set(
        _ rule: BreakerRule, of taskType: String, tenant: TenantID
    ) async throws(StoreError) -> BreakerWrite {
        try await change { transaction in
            let id = LimitID(tenant: tenant, breaker: .taskType, name: taskType)
            let rows = try await transaction.execute(
                BreakerStatement.setRule, tenant.value, id.digest.uuid, taskType, rule.failures, rule.ratio,
                rule.window.microseconds, rule.pause.microseconds, rule.probes)
            let record = try BreakerRecord(rows[0])
            try await transaction.execute(BreakerStatement.shutQueues, tenant.value)
            return .written(record, isNew: record.revision == 1)
        }
    }

    private func remove(_ place: BreakerPlace) async throws(StoreError) -> BreakerWrite {
        try await change { transaction in
            try await transaction.execute(
                BreakerStatement.remove, place.id.tenant.value, place.id.digest.uuid)
            try await transaction.execute(BreakerStatement.shutQueues, place.id.tenant.value)
            return .removed
        }
    }
}
