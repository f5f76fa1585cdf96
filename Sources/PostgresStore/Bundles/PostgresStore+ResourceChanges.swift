internal import Audit
public import Engine
internal import JSON
internal import Postgres
public import Workflows

extension PostgresStore {
    /// As the engine's role, not as requests': new slots of a limit are handed to whoever waits for them, in the same
    /// transaction. Every statement names the tenant.
    public func write(
        _ changes: ResourceChanges, tenant: TenantID
    ) async throws(StoreError) -> ResourceWrite {
        let context = AuditContext.current
        let answer: (write: ResourceWrite, joint: [LimitID]) = try await duty { (connection) throws(PostgresError) in
            do {
                return try await connection.withTransaction { transaction in
                    try await Self.state(context, in: transaction)
                    let writing = ResourceWriting(changes: changes, tenant: tenant, transaction: transaction)
                    let written = try await writing.run()
                    return (.written(written.resources), written.joint)
                }
            } catch let abandoned as ResourceWriting.Abandoned {
                return (abandoned.write, [])
            } catch let error as PostgresError {
                throw error
            } catch {
                throw PostgresError(.misuse, reason: "\(error)")
            }
        }
        context?.noteRecorded()
        guard !answer.joint.isEmpty, case .written(var written) = answer.write else { return answer.write }
        written.admissions.add(try await admitJointly(answer.joint))
        return .written(written)
    }
}

/// Writes changes in one transaction. Two applies of a tenant come one after the other; other writers of a queue or a
/// workflow lock its row, as this does. The order is: bundles, queues, workflows, limits, then what waits for limits.
private struct ResourceWriting {
    /// Rolls everything back.
    struct Abandoned: Error {
        var write: ResourceWrite
    }

    let changes: ResourceChanges
    let tenant: TenantID
    let transaction: PostgresTransaction

    /// - Returns: with what was written, lines that are to be looked at once more.
    func run() async throws -> (resources: WrittenResources, joint: [LimitID]) {
        var written = WrittenResources()
        try await transaction.query("SELECT pg_advisory_xact_lock(7038, \(tenant.value))")
        var bundles: [(id: Int32, version: Int32, record: BundleRecord)] = []
        for bundle in changes.bundles.sorted(by: { $0.value.name < $1.value.name }) {
            let id = try await lock(bundle)
            bundles.append((id, Int32(bundle.version ?? 0) + 1, bundle.value))
        }
        for queue in changes.queues.sorted(by: { $0.value.name < $1.value.name }) {
            written.queues.append(try await write(queue))
        }
        for definition in changes.definitions.sorted(by: { $0.value.name < $1.value.name }) {
            try await write(definition)
        }
        for removed in changes.removed.sorted(by: { $0.value < $1.value }) {
            switch removed.value.kind {
            case .queue: written.queues.append(try await removeQueue(removed.value, version: removed.version))
            case .workflow: try await removeWorkflow(removed.value, version: removed.version)
            case .runLimit, .stepLimit: break
            }
        }
        if !written.queues.isEmpty { try await PostgresStore.tell(written.queues, of: tenant, in: transaction) }
        let admitted = try await writeLimits()
        written.admissions = admitted?.admissions ?? Admissions()
        let touched = Set(
            changes.queues.map { ResourceID(.queue, $0.value.name) } + changes.limits.map(\.value.id)
                + changes.definitions.map { ResourceID(.workflow, $0.value.name) })
        let standing = try await resources(bundles.reduce(into: touched) { $0.formUnion($1.record.owned) })
        written.versions = standing.filter { touched.contains($0.key) }.mapValues(\.version)
        for bundle in bundles {
            try await write(bundle.record, id: bundle.id, version: bundle.version, standing)
            written.bundles[bundle.record.name] = bundle.version
        }
        return (written, admitted?.joint ?? [])
    }

    private func resources(_ ids: Set<ResourceID>) async throws(PostgresError) -> [ResourceID: PresentResource] {
        try await PresentResources.resources(ids, tenant: tenant) {
            (query) throws(PostgresError) in try await transaction.query(query)
        }
    }

    // MARK: - Bundles

    private func lock(_ bundle: ResourceChanges.Expected<BundleRecord>) async throws -> Int32 {
        let name = bundle.value.name
        try await transaction.query(
            "INSERT INTO bundles (tenant, name) VALUES (\(tenant.value), \(name)) ON CONFLICT DO NOTHING")
        let row = try await transaction.query(
            "SELECT id, version FROM bundles WHERE tenant = \(tenant.value) AND name = \(name) FOR UPDATE")[0]
        guard Int64(try row.decode(1, as: Int32.self)) == bundle.version ?? 0 else {
            throw Abandoned(write: .bundleMoved(name))
        }
        return try row.decode(0)
    }

    private func write(
        _ bundle: BundleRecord, id: Int32, version: Int32, _ standing: [ResourceID: PresentResource]
    ) async throws {
        let owned = bundle.owned.sorted()
        let (kinds, names) = (owned.map(\.kind.rawValue), owned.map(\.name))
        try await transaction.query(
            """
            DELETE FROM bundle_resources r WHERE r.tenant = \(tenant.value) AND r.bundle = \(id) AND NOT EXISTS (
                SELECT FROM unnest(\(kinds)::int2[], \(names)::text[]) n(kind, name)
                WHERE n.kind = r.kind AND n.name = r.name)
            """)
        try await transaction.query(
            """
            INSERT INTO bundle_resources (tenant, bundle, kind, name)
            SELECT \(tenant.value), \(id), n.kind, n.name FROM unnest(\(kinds)::int2[], \(names)::text[]) n(kind, name)
            ON CONFLICT DO NOTHING
            """)
        let foreign = try await transaction.query(
            """
            SELECT r.kind, r.name FROM bundle_resources r
            JOIN unnest(\(kinds)::int2[], \(names)::text[]) n(kind, name) ON n.kind = r.kind AND n.name = r.name
            WHERE r.tenant = \(tenant.value) AND r.bundle <> \(id)
            """)
        if let row = foreign.first {
            throw Abandoned(write: .moved(ResourceID(try ResourceKind(database: row.decode(0)), try row.decode(1))))
        }
        let resources = owned.compactMap { id in
            standing[id].map { resource -> JSONValue in
                [
                    "kind": .string(id.kind.text), "name": .string(id.name), "version": .int(resource.version),
                ]
            }
        }
        try await transaction.query(
            """
            INSERT INTO bundle_versions (tenant, bundle, version, digest, source, resources, applied_by)
            VALUES (\(tenant.value), \(id), \(version), \(bundle.digest), \(RawText(bundle.source)),
                \(RawText(JSONValue.array(resources).bytes())), \(changes.author))
            """)
        try await transaction.query("UPDATE bundles SET version = \(version) WHERE id = \(id)")
    }

    // MARK: - Queues and workflows

    /// Locks a queue's row; its version counts only when somebody has set it up.
    private func lockQueue(_ name: String) async throws -> (record: QueueRecord, isDeclared: Bool)? {
        let rows = try await transaction.query(
            """
            SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version, declared
            FROM queues WHERE tenant = \(tenant.value) AND name = \(name) FOR UPDATE
            """)
        guard let row = rows.first, let record = try PostgresStore.queues(rows).first else { return nil }
        return (record, try row.decode(11))
    }

    private func write(_ queue: ResourceChanges.Expected<QueueDeclaration>) async throws -> QueueID {
        let name = queue.value.name
        try await PostgresStore.makeQueue(named: name, of: tenant, in: transaction)
        let id = ResourceID(.queue, name)
        guard let (record, isDeclared) = try await lockQueue(name),
            (isDeclared ? record.version : nil) == queue.version
        else { throw Abandoned(write: .moved(id)) }
        return try await PostgresStore.write(
            .settings(QueueSettings(queue.value)), to: record, isDeclared: true, in: transaction
        ).id
    }

    private func removeQueue(_ id: ResourceID, version: Int64?) async throws -> QueueID {
        guard let (record, isDeclared) = try await lockQueue(id.name), isDeclared, record.version == version else {
            throw Abandoned(write: .moved(id))
        }
        let tokens = try await PostgresStore.delete(record, in: transaction)
        guard tokens == 0 else { throw Abandoned(write: .queueNotEmpty(id.name, tokens: tokens)) }
        return record.id
    }

    private func write(_ definition: ResourceChanges.Expected<DefinitionRecord>) async throws {
        let name = definition.value.name
        let rows = try await transaction.query(
            """
            SELECT version FROM workflows
            WHERE tenant = \(tenant.value) AND name = \(name) AND removed_at IS NULL AND version > 0 FOR UPDATE
            """)
        let version = try rows.first.map { row in Int64(try row.decode(0, as: Int32.self)) }
        guard version == definition.version else { throw Abandoned(write: .moved(ResourceID(.workflow, name))) }
        let applied = try await PostgresStore.apply(definition.value, tenant: tenant, in: transaction)
        // Where there was no row to lock, somebody may have come first.
        guard version != nil || applied.changed else {
            throw Abandoned(write: .moved(ResourceID(.workflow, name)))
        }
    }

    private func removeWorkflow(_ id: ResourceID, version: Int64?) async throws {
        let gone = try await transaction.query(
            """
            UPDATE workflows SET removed_at = now()
            WHERE tenant = \(tenant.value) AND name = \(id.name) AND version = \(version) AND removed_at IS NULL
            RETURNING id
            """)
        guard !gone.isEmpty else { throw Abandoned(write: .moved(id)) }
    }

    // MARK: - Limits

    /// Writes all limits in the order in which they are locked everywhere, then hands out the slots that are free.
    private func writeLimits() async throws -> AdmittedRows? {
        var writes: [(id: LimitID, limit: LimitDeclaration, version: Int64?, isRemoved: Bool)] = []
        for limit in changes.limits {
            writes.append((limit.value.id(tenant: tenant), limit.value, limit.version, false))
        }
        for removed in changes.removed {
            guard let unit = LimitedUnit.allCases.first(where: { $0.kind == removed.value.kind }) else { continue }
            let limit = LimitDeclaration(name: removed.value.name, unit: unit, slots: 0)
            writes.append((limit.id(tenant: tenant), limit, removed.version, true))
        }
        guard !writes.isEmpty else { return nil }
        writes.sort { LimitID.precedes($0.id, $1.id) }
        for write in writes {
            let limit = write.limit
            let level = limit.level.rawValue
            let known = try await transaction.query(
                """
                SELECT version FROM declared_limits
                WHERE tenant = \(tenant.value) AND level = \(level) AND name = \(limit.name) FOR UPDATE
                """)
            guard try known.first?.decode(0, as: Int64.self) == write.version else {
                throw Abandoned(write: .moved(limit.id))
            }
            if write.isRemoved { try await remove(limit, write.id) } else { try await declare(limit, write.id) }
        }
        let admitted = try await transaction.execute(
            LimitStatement.admit, writes.map(\.id.tenant.value), writes.map(\.id.digest.uuid))
        return try AdmittedRows(admitted)
    }

    private func declare(_ limit: LimitDeclaration, _ id: LimitID) async throws {
        let level = limit.level.rawValue
        try await transaction.query(
            """
            INSERT INTO declared_limits AS d (tenant, level, name, slots)
            VALUES (\(tenant.value), \(level), \(limit.name), \(limit.slots))
            ON CONFLICT (tenant, level, name) DO UPDATE
            SET slots = excluded.slots, version = d.version + 1, updated_at = now()
            """)
        try await transaction.query(
            """
            INSERT INTO limits (tenant, id, level, name, slots, flow)
            VALUES (\(tenant.value), \(id.digest.uuid), \(level), \(limit.keyName), \(limit.slots), \(Int64.max))
            ON CONFLICT (tenant, id) DO UPDATE SET slots = excluded.slots, flow = excluded.flow, used_at = now()
            """)
    }

    /// The next definition that uses the key says how many slots it has; until then they stay.
    private func remove(_ limit: LimitDeclaration, _ id: LimitID) async throws {
        try await transaction.query(
            """
            DELETE FROM declared_limits
            WHERE tenant = \(tenant.value) AND level = \(limit.level.rawValue) AND name = \(limit.name)
            """)
        try await transaction.query(
            """
            UPDATE limits SET flow = 0, used_at = now() WHERE tenant = \(tenant.value) AND id = \(id.digest.uuid)
            """)
    }
}
