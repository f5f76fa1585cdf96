public import Workflows

/// The slow tables that the hot path reads through caches: tenants, definitions, interned queues and routes.
public protocol Catalog: QueueRegistry, BreakerRegistry {
    /// Interns a tenant's name; `nil` when it does not exist.
    func tenant(named name: String) async throws(StoreError) -> TenantID?
    /// Creates the tenant if it is missing.
    func ensureTenant(named name: String) async throws(StoreError) -> TenantID

    /// Stores definitions, all or nothing; an unchanged one keeps its version. `source` is what the user wrote.
    func apply(_ definitions: [DefinitionRecord], tenant: TenantID) async throws(StoreError) -> [AppliedDefinition]
    /// The named version, or the newest.
    func definition(named name: String, version: Int32?, tenant: TenantID) async throws(StoreError) -> StoredDefinition?
    func definition(_ flow: FlowVersionID) async throws(StoreError) -> StoredDefinition?

    /// Interned ids, made when missing.
    func queue(named name: String, tenant: TenantID) async throws(StoreError) -> QueueID
    func route(taskType: String, pool: String) async throws(StoreError) -> RouteID
}

public struct DefinitionRecord: Sendable {
    public var name: String
    /// Canonical JSON of the definition.
    public var canonical: [UInt8]
    /// SHA-256 of the canonical form.
    public var digest: [UInt8]
    /// The text as submitted, for people.
    public var source: [UInt8]

    public init(name: String, canonical: [UInt8], digest: [UInt8], source: [UInt8]) {
        self.name = name
        self.canonical = canonical
        self.digest = digest
        self.source = source
    }
}

public struct AppliedDefinition: Sendable {
    public var name: String
    public var flow: FlowVersionID
    public var version: Int32
    public var changed: Bool

    public init(name: String, flow: FlowVersionID, version: Int32, changed: Bool) {
        self.name = name
        self.flow = flow
        self.version = version
        self.changed = changed
    }
}

public struct StoredDefinition: Sendable {
    public var flow: FlowVersionID
    public var tenant: TenantID
    public var name: String
    public var version: Int32
    public var canonical: [UInt8]
    public var source: [UInt8]
    public var digest: [UInt8]
    public var createdAt: Timestamp

    public init(
        flow: FlowVersionID, tenant: TenantID, name: String, version: Int32, canonical: [UInt8], source: [UInt8],
        digest: [UInt8], createdAt: Timestamp
    ) {
        self.flow = flow
        self.tenant = tenant
        self.name = name
        self.version = version
        self.canonical = canonical
        self.source = source
        self.digest = digest
        self.createdAt = createdAt
    }
}
