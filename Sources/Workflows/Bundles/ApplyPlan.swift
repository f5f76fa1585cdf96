public import JSON

/// What applying some files would do to what is there: the whole decision, before anything is written.
public struct ApplyPlan: Sendable {
    public enum Action: String, Sendable, CaseIterable {
        case create
        case change
        /// It is in nobody's declaration any more, and goes.
        case remove
        /// The bundle owned it and no longer declares it; it stays, because removal was not asked for.
        case keep
        case unchanged
    }

    /// What becomes of one thing.
    public struct Change: Sendable {
        public var id: ResourceID
        public var action: Action
        /// The bundle that declares it, or has done so.
        public var bundle: String?
        /// What was seen of it; the change is for this version only. `nil`: it is not there.
        public var version: Int64?
        public var before: JSONValue?
        public var after: JSONValue?
        /// Of a change: where it differs.
        public var differences: [ValueDifference] = []
    }

    /// What becomes of a bundle.
    public struct BundleChange: Sendable {
        public var bundle: Bundle
        /// The newest version; `nil`: it is new.
        public var version: Int32?
        /// A new version comes of it.
        public var isChanged: Bool
        /// What it owns afterwards.
        public var owned: Set<ResourceID>
        /// SHA-256 of what it declares.
        public var digest: [UInt8]
        /// The text as it was given.
        public var source: [UInt8]
    }

    /// Something that another bundle owns.
    public struct Conflict: Hashable, Sendable {
        public var id: ResourceID
        public var owner: String
        public var bundle: String

        public init(id: ResourceID, owner: String, bundle: String) {
            self.id = id
            self.owner = owner
            self.bundle = bundle
        }
    }

    public private(set) var changes: [Change] = []
    public private(set) var bundles: [BundleChange] = []
    /// Nothing may be applied while there are any.
    public private(set) var conflicts: [Conflict] = []

    /// - Parameters:
    ///   - prunes: What a bundle owns and no longer declares is removed.
    ///   - digest: SHA-256.
    public init(
        _ manifests: [Manifest], present: PresentResources, prunes: Bool, digest: ([UInt8]) -> [UInt8]
    ) {
        for manifest in manifests {
            switch manifest.content {
            case .workflow(let workflow): _ = add(workflow.declared, of: nil, present)
            case .bundle(let bundle):
                add(bundle, source: manifest.source, present, prunes: prunes, digest: digest(bundle.canonical))
            }
        }
        changes.sort { $0.id < $1.id }
        conflicts.sort { $0.id < $1.id }
    }

    /// Something would be written.
    public var isChanging: Bool {
        bundles.contains(where: \.isChanged) || changes.contains { $0.action.isWrite }
    }

    private mutating func add(
        _ bundle: Bundle, source: [UInt8], _ present: PresentResources, prunes: Bool, digest: [UInt8]
    ) {
        let known = present.bundles[bundle.name]
        var isChanged = known?.digest != digest
        var owned: Set<ResourceID> = []
        for declared in bundle.declared {
            if add(declared, of: bundle.name, present) { isChanged = true }
            owned.insert(declared.id)
        }
        for id in (known?.owned ?? []).subtracting(owned) {
            guard let resource = present.resources[id] else { continue }
            let action: Action = prunes ? .remove : .keep
            if prunes { isChanged = true } else { owned.insert(id) }
            changes.append(
                Change(
                    id: id, action: action, bundle: bundle.name, version: resource.version, before: resource.content,
                    after: prunes ? Optional.none : resource.content))
        }
        bundles.append(
            BundleChange(
                bundle: bundle, version: known?.version, isChanged: isChanged, owned: owned, digest: digest,
                source: source))
    }

    /// Answers whether anything is to be written of it, its owner too.
    private mutating func add(_ declared: Declared, of bundle: String?, _ present: PresentResources) -> Bool {
        let resource = present.resources[declared.id]
        if let bundle, let owner = resource?.owner, owner != bundle {
            conflicts.append(Conflict(id: declared.id, owner: owner, bundle: bundle))
            return false
        }
        var change = Change(
            id: declared.id, action: .create, bundle: bundle ?? resource?.owner, version: resource?.version,
            before: resource?.content, after: declared.content)
        if let resource {
            change.differences = ValueDifference.between(resource.content, declared.content)
            change.action = change.differences.isEmpty ? .unchanged : .change
        }
        changes.append(change)
        return change.action.isWrite || bundle != nil && resource?.owner != bundle
    }
}

extension ApplyPlan.Action {
    /// Something of the thing itself is written.
    public var isWrite: Bool {
        switch self {
        case .create, .change, .remove: true
        case .keep, .unchanged: false
        }
    }
}

/// One thing as a bundle declares it.
struct Declared {
    var id: ResourceID
    var content: JSONValue
}

extension BundledWorkflow {
    /// Read back from the canonical text, as what is stored is: a real number without a fraction is an integer there.
    var declared: Declared {
        let definition = workflow.definition
        let content = (try? JSONValue(parsing: definition.canonical)) ?? definition.json
        return Declared(id: ResourceID(.workflow, name), content: content)
    }
}

extension Bundle {
    var declared: [Declared] {
        queues.map { Declared(id: ResourceID(.queue, $0.name), content: $0.json) }
            + limits.map { Declared(id: $0.id, content: $0.json) } + workflows.map(\.declared)
    }
}

extension [Manifest] {
    /// Everything that is declared.
    public var declared: Set<ResourceID> { reduce(into: []) { $0.formUnion($1.declared) } }
}
