internal import Engine
internal import JSON
internal import Postgres
internal import Workflows

/// Asks the database, inside a transaction or outside.
typealias Asking = (PostgresQuery) async throws(PostgresError) -> PostgresResult

extension PresentResources {
    /// Reads what stands of these things, and of what the named bundles own.
    static func read(
        _ ids: Set<ResourceID>, bundles: [String], tenant: TenantID, _ ask: Asking
    ) async throws(PostgresError) -> PresentResources {
        var present = PresentResources()
        present.bundles = try await Self.bundles(bundles, tenant: tenant, ask)
        let all = present.bundles.values.reduce(into: ids) { $0.formUnion($1.owned) }
        present.resources = try await resources(all, tenant: tenant, ask)
        return present
    }

    private static func bundles(
        _ names: [String], tenant: TenantID, _ ask: Asking
    ) async throws(PostgresError) -> [String: PresentBundle] {
        guard !names.isEmpty else { return [:] }
        let rows = try await ask(
            """
            SELECT b.name, b.version, v.digest, r.kind, r.name FROM bundles b
            JOIN bundle_versions v ON v.tenant = b.tenant AND v.bundle = b.id AND v.version = b.version
            LEFT JOIN bundle_resources r ON r.tenant = b.tenant AND r.bundle = b.id
            WHERE b.tenant = \(tenant.value) AND b.name = ANY (\(names))
            """)
        var found: [String: PresentBundle] = [:]
        for row in rows {
            let name = try row.decode(0, as: String.self)
            let first = PresentBundle(version: try row.decode(1), digest: try row.decode(2), owned: [])
            var bundle = found[name] ?? first
            if let kind = try row.decode(3, as: Int16?.self) {
                bundle.owned.insert(ResourceID(try ResourceKind(database: kind), try row.decode(4)))
            }
            found[name] = bundle
        }
        return found
    }

    /// What stands of these things.
    static func resources(
        _ ids: Set<ResourceID>, tenant: TenantID, _ ask: Asking
    ) async throws(PostgresError) -> [ResourceID: PresentResource] {
        guard !ids.isEmpty else { return [:] }
        var found: [ResourceID: PresentResource] = [:]
        let queues = ids.filter { $0.kind == .queue }.map(\.name)
        if !queues.isEmpty {
            let rows = try await ask(
                """
                SELECT id, tenant, name, discipline, boost, weight, strict, concurrency, paused, draining, version
                FROM queues WHERE tenant = \(tenant.value) AND name = ANY (\(queues)) AND declared
                """)
            for queue in try PostgresStore.queues(rows) {
                let declaration = QueueDeclaration(name: queue.name, queue.settings)
                found[ResourceID(.queue, queue.name)] = PresentResource(
                    content: declaration.json, version: queue.version)
            }
        }
        let limits = ids.filter { $0.kind == .runLimit || $0.kind == .stepLimit }.map(\.name)
        if !limits.isEmpty {
            let rows = try await ask(
                """
                SELECT level, name, slots, version FROM declared_limits
                WHERE tenant = \(tenant.value) AND name = ANY (\(limits))
                """)
            for row in rows {
                let limit = try LimitDeclaration(row)
                guard ids.contains(limit.id) else { continue }
                found[limit.id] = PresentResource(content: limit.json, version: try row.decode(3))
            }
        }
        let workflows = ids.filter { $0.kind == .workflow }.map(\.name)
        if !workflows.isEmpty {
            let rows = try await ask(
                """
                SELECT w.name, w.version, v.canonical
                FROM workflows w JOIN workflow_versions v ON v.workflow = w.id AND v.version = w.version
                WHERE w.tenant = \(tenant.value) AND w.name = ANY (\(workflows)) AND w.removed_at IS NULL
                """)
            for row in rows {
                let canonical = try row.decode(2, as: [UInt8].self)
                guard let content = try? JSONValue(parsing: canonical) else {
                    throw PostgresError(.decoding, reason: "a stored definition is no JSON")
                }
                found[ResourceID(.workflow, try row.decode(0))] = PresentResource(
                    content: content, version: Int64(try row.decode(1, as: Int32.self)))
            }
        }
        let owners = try await ask(
            """
            SELECT r.kind, r.name, b.name FROM bundle_resources r JOIN bundles b ON b.tenant = r.tenant AND b.id = r.bundle
            WHERE r.tenant = \(tenant.value) AND r.name = ANY (\(Array(Set(ids.map(\.name)))))
            """)
        for row in owners {
            found[ResourceID(try ResourceKind(database: row.decode(0)), try row.decode(1))]?.owner = try row.decode(2)
        }
        return found
    }
}

extension ResourceKind {
    init(database value: Int16) throws(PostgresError) {
        guard let kind = Self(rawValue: value) else {
            throw PostgresError(.decoding, reason: "a resource has an unknown kind")
        }
        self = kind
    }
}

extension LimitDeclaration {
    /// Reads level, name and slots.
    init(_ row: PostgresRow) throws(PostgresError) {
        let level = try row.decode(0, as: Int16.self)
        self.init(
            name: try row.decode(1), unit: level == LimitLevel.run.rawValue ? .runs : .steps,
            slots: try row.decode(2))
    }
}
