/// What a request acts on, as far as grants tell things apart.
public enum Resource: Sendable, Hashable {
    /// The tenant as a whole, or something of it that has no name of its own.
    case tenant
    case workflow(String)
    case queue(String)
    case secret(String)

    /// The thing's name; `nil` for the tenant.
    public var name: String? {
        switch self {
        case .tenant: nil
        case .workflow(let name), .queue(let name), .secret(let name): name
        }
    }
}

/// What a grant is about.
public enum GrantTarget: Sendable, Hashable {
    /// Every workflow, queue and secret whose name begins with this and a slash.
    case namespace(String)
    case workflow(String)
    case queue(String)
    case secret(String)

    /// Whether something lies within the target. Compares octets and allocates nothing.
    @inline(__always)
    public func covers(_ resource: Resource) -> Bool {
        switch (self, resource) {
        case (.workflow(let mine), .workflow(let name)): mine == name
        case (.queue(let mine), .queue(let name)): mine == name
        case (.secret(let mine), .secret(let name)): mine == name
        case (.namespace(let space), .workflow(let name)), (.namespace(let space), .queue(let name)),
            (.namespace(let space), .secret(let name)):
            Self.isWithin(space, name)
        case (_, .tenant), (.workflow, _), (.queue, _), (.secret, _): false
        }
    }

    private static func isWithin(_ space: String, _ name: String) -> Bool {
        let (space, name) = (space.utf8, name.utf8)
        return name.count > space.count && name.starts(with: space)
            && name[name.index(name.startIndex, offsetBy: space.count)] == UInt8(ascii: "/")
    }

    /// The kind's name, as the API and the database have it.
    public var kind: String {
        switch self {
        case .namespace: "namespace"
        case .workflow: "workflow"
        case .queue: "queue"
        case .secret: "secret"
        }
    }

    public var name: String {
        switch self {
        case .namespace(let name), .workflow(let name), .queue(let name), .secret(let name): name
        }
    }

    /// `nil` for an unknown kind, and for a name that is empty or longer than 200 bytes.
    public init?(kind: String, name: String) {
        guard (1...200).contains(name.utf8.count) else { return nil }
        switch kind {
        case "namespace": self = .namespace(name)
        case "workflow": self = .workflow(name)
        case "queue": self = .queue(name)
        case "secret": self = .secret(name)
        default: return nil
        }
    }
}

/// Permissions on one thing, or on one namespace.
public struct Grant: Sendable, Hashable {
    public let target: GrantTarget
    public let permissions: Permissions

    public init(_ permissions: Permissions, on target: GrantTarget) {
        self.target = target
        self.permissions = permissions
    }
}
