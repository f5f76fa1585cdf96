import JSON
public import Workflows

/// The port to what bundles declare: slow tables, read and written for people, which no run waits for. It has no twin in
/// memory; its tests run on PostgreSQL.
public protocol BundleStore: Sendable {
    /// What stands of these things, and of what the named bundles own.
    func present(
        _ ids: Set<ResourceID>, bundles: [String], tenant: TenantID
    ) async throws(StoreError) -> PresentResources

    /// Writes everything, or nothing, in one transaction.
    func write(_ changes: ResourceChanges, tenant: TenantID) async throws(StoreError) -> ResourceWrite

    /// By name, after a name.
    func bundles(after name: String?, limit: Int, tenant: TenantID) async throws(StoreError) -> [BundleSummary]
    /// The named version, or the newest.
    func bundle(named name: String, version: Int32?, tenant: TenantID) async throws(StoreError) -> StoredBundle?
    /// The newest first, 1,000 at most.
    func bundleVersions(of name: String, tenant: TenantID) async throws(StoreError) -> [BundleSummary]

    /// By unit and name.
    func declaredLimits(tenant: TenantID) async throws(StoreError) -> [DeclaredLimit]
}

/// Changes that are written together. Each is for the version that its author has seen: `nil`, there was none.
public struct ResourceChanges: Sendable {
    public struct Expected<Value: Sendable>: Sendable {
        public var value: Value
        public var version: Int64?

        public init(_ value: Value, version: Int64?) {
            self.value = value
            self.version = version
        }
    }

    public var queues: [Expected<QueueDeclaration>] = []
    public var limits: [Expected<LimitDeclaration>] = []
    public var definitions: [Expected<DefinitionRecord>] = []
    /// They go; the version is there.
    public var removed: [Expected<ResourceID>] = []
    public var bundles: [Expected<BundleRecord>] = []
    /// Who applies.
    public var author: String

    public init(author: String) { self.author = author }
}

/// A bundle to be written.
public struct BundleRecord: Sendable {
    public var name: String
    /// SHA-256 of what it declares.
    public var digest: [UInt8]
    /// The text as submitted.
    public var source: [UInt8]
    public var owned: Set<ResourceID>

    public init(name: String, digest: [UInt8], source: [UInt8], owned: Set<ResourceID>) {
        self.name = name
        self.digest = digest
        self.source = source
        self.owned = owned
    }
}

/// What became of changes.
public enum ResourceWrite: Sendable {
    case written(WrittenResources)
    /// Something is not what its author has seen; nothing was written.
    case moved(ResourceID)
    /// A bundle has another version.
    case bundleMoved(String)
    /// A queue that should go has so many steps still; nothing was written.
    case queueNotEmpty(String, tokens: Int)
}

/// What was written, and whom it concerns.
public struct WrittenResources: Sendable {
    /// The versions that things have now; what was removed is missing.
    public var versions: [ResourceID: Int64] = [:]
    /// New versions of bundles.
    public var bundles: [String: Int32] = [:]
    public var queues: [QueueID] = []
    /// What new slots of limits have let in.
    public var admissions = Admissions()

    public init() {}
}

/// A version of a bundle.
public struct BundleSummary: Hashable, Sendable {
    public var name: String
    public var version: Int32
    public var appliedAt: Timestamp
    public var appliedBy: String

    public init(name: String, version: Int32, appliedAt: Timestamp, appliedBy: String) {
        self.name = name
        self.version = version
        self.appliedAt = appliedAt
        self.appliedBy = appliedBy
    }
}

/// A version of a bundle with what it says.
public struct StoredBundle: Sendable {
    public var summary: BundleSummary
    public var digest: [UInt8]
    public var source: [UInt8]
    /// JSON: what the version owns, each with its kind, name and version.
    public var resources: [UInt8]

    public init(summary: BundleSummary, digest: [UInt8], source: [UInt8], resources: [UInt8]) {
        self.summary = summary
        self.digest = digest
        self.source = source
        self.resources = resources
    }
}

/// A limit that somebody has declared.
public struct DeclaredLimit: Hashable, Sendable {
    public var declaration: LimitDeclaration
    /// Rises with each change: the ETag.
    public var version: Int64
    /// The bundle that owns it.
    public var owner: String?

    public init(declaration: LimitDeclaration, version: Int64, owner: String?) {
        self.declaration = declaration
        self.version = version
        self.owner = owner
    }
}

extension QueueSettings {
    public init(_ declaration: QueueDeclaration) {
        self.init(
            order: declaration.order, weight: declaration.weight, isStrict: declaration.isStrict,
            concurrency: declaration.concurrency)
    }
}

extension QueueDeclaration {
    public init(name: String, _ settings: QueueSettings) {
        self.init(
            name: name, order: settings.order, weight: settings.weight, isStrict: settings.isStrict,
            concurrency: settings.concurrency)
    }
}

extension LimitDeclaration {
    /// The limit that all runs or steps of the tenant with this key share.
    public func id(tenant: TenantID) -> LimitID { LimitID(tenant: tenant, level: level, name: keyName) }

    /// As the runs name it: a key is JSON text.
    public var keyName: String { ":" + JSONValue.string(name).text() }

    public var level: LimitLevel {
        switch unit {
        case .runs: .run
        case .steps: .step
        }
    }
}
