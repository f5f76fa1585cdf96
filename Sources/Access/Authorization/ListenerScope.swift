/// What a listener is for.
public enum Listener: String, CaseIterable, Sendable {
    /// Runs, workflows, events, the dashboard.
    case `public`
    /// Workers.
    case workers
    /// Keys, roles, tenants, secrets, and everything that the public listener has.
    case management
    /// Metrics.
    case metrics
}

/// The entry points that a listener serves. What has a listener of its own is not served by others.
public struct ListenerScope: Sendable, Hashable {
    private let homes: Set<Listener>

    /// Everything: of a server with one kind of listener.
    public static let everything = Self(homes: Set(Listener.allCases))

    private init(homes: Set<Listener>) { self.homes = homes }

    /// - Parameter listeners: the kinds that the server has, `public` always among them.
    public init(of listener: Listener, among listeners: Set<Listener>) {
        var homes: Set<Listener> = []
        switch listener {
        case .public:
            homes = [.public]
            if !listeners.contains(.workers) { homes.insert(.workers) }
            if !listeners.contains(.management) { homes.insert(.management) }
            if listeners.isDisjoint(with: [.metrics, .management]) { homes.insert(.metrics) }
        case .workers: homes = [.workers]
        case .management:
            homes = [.public, .management]
            if !listeners.contains(.metrics) { homes.insert(.metrics) }
        case .metrics: homes = [.metrics]
        }
        self.init(homes: homes)
    }

    /// Whether the listener has the dashboard's pages.
    public var servesPages: Bool { homes.contains(.public) }

    /// Whether it serves an entry point that is at home there.
    public func serves(_ home: Listener?) -> Bool { home.map { homes.contains($0) } ?? true }
}

extension EntryPoints {
    /// Where an entry point is at home; `nil` is everywhere.
    ///
    /// - Parameter name: an operation's id, or `package.Service/Method`.
    public static func home(of name: String) -> Listener? { homes[name] ?? .public }

    /// Those that are not the public listener's.
    private static let homes: [String: Listener?] = {
        var homes: [String: Listener?] = [:]
        for name in ["getHealth", "getReadiness", "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"] {
            homes[name] = .some(nil)
        }
        homes["getMetrics"] = .metrics
        homes["beamline.v1.WorkerService/Connect"] = .workers
        for name in management { homes[name] = .management }
        return homes
    }()

    private static let management = [
        "getSupervisionTree", "listKeys", "createKey", "revokeKey", "revokeToken", "listRoles", "putRole", "deleteRole",
        "listGrants", "addGrant", "removeGrant", "listTenants", "suspendTenant", "resumeTenant", "listSecrets",
        "setSecret", "deleteSecret", "rotateSecrets", "getQuotas", "putQuotas", "listUsers", "getUser", "suspendUser",
        "resumeUser", "endUserSessions",
        "listAudit",
    ]

    /// The names that have a home other than the public listener.
    static var housed: [String] { Array(homes.keys) }
}
