/// What an entry point asks of a principal.
public enum AccessRule: Sendable, Equatable {
    /// Nobody need say who they are.
    case open
    /// Any valid token or key.
    case signedIn
    /// The permission on the whole tenant.
    case tenant(Action)
    /// The permission on what the request names, or on the whole tenant.
    case named(Action, Kind, Place)

    /// What is named.
    public enum Kind: String, Sendable {
        case workflow
        case queue
        case secret

        public func resource(_ name: String) -> Resource {
            switch self {
            case .workflow: .workflow(name)
            case .queue: .queue(name)
            case .secret: .secret(name)
            }
        }
    }

    /// Where the request names it.
    public enum Place: Sendable, Equatable {
        /// A parameter of the path.
        case path(String)
        /// A parameter of the query; without it the request is about the whole tenant.
        case query(String)
        /// The body, or the record that is found by it: the operation asks once it knows.
        case content
    }

    /// The permission that it takes, if it takes one.
    public var action: Action? {
        switch self {
        case .open, .signedIn: nil
        case .tenant(let action), .named(let action, _, _): action
        }
    }

    /// Whether a principal with these permissions on the whole tenant passes.
    public func admits(_ permissions: Permissions) -> Bool { action.map { permissions.contains($0) } ?? true }
}

/// One way into the system: an operation of openapi.yaml or a gRPC method.
public struct EntryPoint: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case rest = "REST"
        case grpc = "gRPC"
    }

    public let kind: Kind
    /// The `operationId`, or `package.Service/Method`.
    public let name: String
    public let rule: AccessRule

    /// Whether what it does is recorded in the audit log.
    public var isControl: Bool {
        let verb = name.split(separator: "/").last.map { $0.prefix(1).lowercased() + $0.dropFirst() } ?? name
        // These take the permission to start, and steer a run that is there.
        if verb == "signalRun" || verb == "redriveDeadLetter" { return true }
        // Some lists, and a look at what a job would do, take the same permission as changes.
        if verb.hasPrefix("list") || verb.hasPrefix("get") || verb == "matchBulkJob" { return false }
        return rule.action?.isControl ?? false
    }

    init(rest name: String, _ rule: AccessRule) {
        (kind, self.name, self.rule) = (.rest, name, rule)
    }

    init(grpc name: String, _ rule: AccessRule) {
        (kind, self.name, self.rule) = (.grpc, name, rule)
    }
}
