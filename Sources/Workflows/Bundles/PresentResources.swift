public import JSON

/// What stands in the store of the things that a plan is about, as it was read.
public struct PresentResources: Sendable {
    /// What is not there is missing; so is a queue that exists only because a workflow names it.
    public var resources: [ResourceID: PresentResource]
    /// Bundles that were applied before, by name.
    public var bundles: [String: PresentBundle]

    public init(resources: [ResourceID: PresentResource] = [:], bundles: [String: PresentBundle] = [:]) {
        self.resources = resources
        self.bundles = bundles
    }
}

public struct PresentResource: Hashable, Sendable {
    /// What it says, with its defaults.
    public var content: JSONValue
    public var version: Int64
    /// The bundle that owns it.
    public var owner: String?

    public init(content: JSONValue, version: Int64, owner: String? = nil) {
        self.content = content
        self.version = version
        self.owner = owner
    }
}

public struct PresentBundle: Hashable, Sendable {
    public var version: Int32
    /// SHA-256 of what it declares.
    public var digest: [UInt8]
    /// What it owns, declared by its newest version or by one before.
    public var owned: Set<ResourceID>

    public init(version: Int32, digest: [UInt8], owned: Set<ResourceID>) {
        self.version = version
        self.digest = digest
        self.owned = owned
    }
}
