public import Engine
public import Workflows

extension MemoryStore {
    public func tenant(named name: String) async throws(StoreError) -> TenantID? {
        await transaction { $0.tenants[name] }
    }

    public func ensureTenant(named name: String) async throws(StoreError) -> TenantID {
        await transaction { tables in
            if let known = tables.tenants[name] { return known }
            let tenant = TenantID(Int32(tables.tenants.count + 1))
            tables.tenants[name] = tenant
            return tenant
        }
    }

    public func apply(
        _ definitions: [DefinitionRecord], tenant: TenantID
    ) async throws(StoreError) -> [AppliedDefinition] {
        let applied: [AppliedDefinition]? = await transaction { tables in
            let known = Set(tables.definitions.filter { $0.tenant == tenant }.map(\.name))
            let after = known.union(definitions.map(\.name)).count
            if let limit = tables.quotas.quotas[tenant]?[.definitions], after > max(known.count, Int(limit)) {
                return nil
            }
            return definitions.map { definition in
                let versions = tables.definitions.filter { $0.tenant == tenant && $0.name == definition.name }
                if let newest = versions.last, newest.digest == definition.digest {
                    return AppliedDefinition(
                        name: newest.name, flow: newest.flow, version: newest.version, changed: false)
                }
                let stored = StoredDefinition(
                    flow: FlowVersionID(Int64(tables.definitions.count + 1)), tenant: tenant, name: definition.name,
                    version: Int32(versions.count + 1), canonical: definition.canonical, source: definition.source,
                    digest: definition.digest, createdAt: tables.now)
                tables.definitions.append(stored)
                return AppliedDefinition(
                    name: stored.name, flow: stored.flow, version: stored.version, changed: true)
            }
        }
        guard let applied else { throw .refused(code: StoreError.code(of: .definitions), detail: "over quota") }
        return applied
    }

    public func definition(
        named name: String, version: Int32?, tenant: TenantID
    ) async throws(StoreError) -> StoredDefinition? {
        await transaction { tables in
            tables.definitions.last {
                $0.tenant == tenant && $0.name == name && (version == nil || $0.version == version)
            }
        }
    }

    public func definition(_ flow: FlowVersionID) async throws(StoreError) -> StoredDefinition? {
        await transaction { tables in tables.definitions.first { $0.flow == flow } }
    }

    public func queue(named name: String, tenant: TenantID) async throws(StoreError) -> QueueID {
        await transaction { tables in
            let id = QueueID(tables.intern("queue/\(tenant.value)/\(name)"))
            if tables.queues[id] == nil { tables.queues[id] = QueueRecord(id: id, tenant: tenant, name: name) }
            return id
        }
    }

    public func route(taskType: String, pool: String) async throws(StoreError) -> RouteID {
        await transaction { RouteID($0.intern("route/\(taskType)/\(pool)")) }
    }
}
