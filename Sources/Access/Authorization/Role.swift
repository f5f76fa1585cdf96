/// What a principal is trusted with, as it stands in a token's or a key's `roles`.
public enum Role: String, CaseIterable, Sendable {
    /// Sees everything of the tenant but its keys and its audit log.
    case viewer
    /// Starts and stops runs, operates queues.
    case `operator`
    /// Writes definitions and sets up queues, too.
    case developer
    /// Decides approvals.
    case approver
    /// Everything within the tenant.
    case admin
    /// Serves tasks; sees nothing.
    case worker
    /// Everything, in every tenant, and the tenants themselves.
    case platformAdmin = "platform-admin"

    /// The one table of who may do what.
    public var permissions: Permissions {
        switch self {
        case .viewer: Self.looking
        case .operator: Self.looking.union(Self.running)
        case .developer:
            Self.looking.union(Self.running).union(Permissions([.applyWorkflows, .writeQueues, .useSecrets]))
        case .approver: Self.looking.union(Permissions([.decideApprovals]))
        case .admin: Permissions.all.subtracting(Permissions([.manageTenants]))
        case .worker: Permissions([.connectWorker])
        case .platformAdmin: .all
        }
    }

    /// The role in a sentence, for `docs/permissions.md`.
    public var summary: String {
        switch self {
        case .viewer: "Sees everything of the tenant but its API keys and its audit log."
        case .operator: "A viewer who also starts, signals, pauses and cancels runs, pauses, resumes and drains queues."
        case .developer: "An operator who also applies workflows, names secrets in them, sets up and deletes queues."
        case .approver: "A viewer who also decides approvals."
        case .admin: "Everything within the tenant."
        case .worker: "Serves tasks; sees nothing."
        case .platformAdmin: "Everything, and the tenants themselves."
        }
    }

    private static let looking = Permissions([
        .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview,
        .createSessionCodes, .readSecrets, .readRoles,
    ])
    private static let running = Permissions([.startRuns, .cancelRuns, .operateQueues, .readMetrics])

    /// Whether a custom role may be called so: 1 to 63 of lower-case letters, digits and `-`, and no role's own name.
    public static func isCustomName(_ name: String) -> Bool {
        Self(rawValue: name) == nil && Principal.isTenantName(name)
    }
}
