/// Something that a request wants to do; the unit of which roles are made.
public enum Action: Int, CaseIterable, Sendable {
    case readRuns
    case startRuns
    case cancelRuns
    case readLogs
    case readWorkflows
    case applyWorkflows
    case readQueues
    case operateQueues
    case writeQueues
    case readWorkers
    case connectWorker
    case readEvents
    case readOverview
    case decideApprovals
    case readMetrics
    case readSystem
    case createSessionCodes
    case readKeys
    case manageKeys
    case revokeTokens
    case readSecrets
    case writeSecrets
    case readRoles
    case manageRoles
    case readAudit
    case manageTenants
    case useSecrets

    /// The permission's name, as custom roles and `docs/permissions.md` have it.
    public var permission: String {
        switch self {
        case .readRuns: "runs:read"
        case .startRuns: "runs:start"
        case .cancelRuns: "runs:cancel"
        case .readLogs: "logs:read"
        case .readWorkflows: "workflows:read"
        case .applyWorkflows: "workflows:apply"
        case .readQueues: "queues:read"
        case .operateQueues: "queues:operate"
        case .writeQueues: "queues:write"
        case .readWorkers: "workers:read"
        case .connectWorker: "workers:connect"
        case .readEvents: "events:read"
        case .readOverview: "overview:read"
        case .decideApprovals: "approvals:decide"
        case .readMetrics: "metrics:read"
        case .readSystem: "system:read"
        case .createSessionCodes: "sessions:create"
        case .readKeys: "keys:read"
        case .manageKeys: "keys:manage"
        case .revokeTokens: "tokens:revoke"
        case .readSecrets: "secrets:read"
        case .writeSecrets: "secrets:write"
        case .readRoles: "roles:read"
        case .manageRoles: "roles:manage"
        case .readAudit: "audit:read"
        case .manageTenants: "tenants:manage"
        case .useSecrets: "secrets:use"
        }
    }

    /// The action in words, for the message of a refusal.
    public var name: String {
        switch self {
        case .readRuns: "read runs"
        case .startRuns: "start and signal runs"
        case .cancelRuns: "pause, resume and cancel runs"
        case .readLogs: "read logs"
        case .readWorkflows: "read workflows"
        case .applyWorkflows: "apply workflows"
        case .readQueues: "read queues and limits"
        case .operateQueues: "pause, resume and drain queues"
        case .writeQueues: "set up and delete queues, declare limits"
        case .readWorkers: "read workers"
        case .connectWorker: "connect a worker"
        case .readEvents: "read events"
        case .readOverview: "read the overview"
        case .decideApprovals: "decide approvals"
        case .readMetrics: "read metrics"
        case .readSystem: "read the system's state"
        case .createSessionCodes: "create sign-in codes"
        case .readKeys: "list API keys"
        case .manageKeys: "create and revoke API keys"
        case .revokeTokens: "revoke tokens"
        case .readSecrets: "list secrets (never their values)"
        case .writeSecrets: "set, delete and re-seal secrets"
        case .readRoles: "list roles and grants"
        case .manageRoles: "change roles and grants"
        case .readAudit: "read the audit log"
        case .manageTenants: "create, suspend and resume tenants"
        case .useSecrets: "name secrets in workflows"
        }
    }

    /// Whether it changes what others depend on, so that the audit log has it. Starting runs and serving them does not:
    /// runs are a log of their own.
    public var isControl: Bool {
        switch self {
        case .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview, .readMetrics,
            .readSystem, .readKeys, .readSecrets, .readRoles, .readAudit, .startRuns, .connectWorker,
            .useSecrets:
            false
        case .cancelRuns, .applyWorkflows, .operateQueues, .writeQueues, .decideApprovals, .createSessionCodes,
            .manageKeys, .revokeTokens, .writeSecrets, .manageRoles, .manageTenants:
            true
        }
    }

    /// The action of a permission's name.
    public init?(permission: String) {
        guard let action = Self.allCases.first(where: { $0.permission == permission }) else { return nil }
        self = action
    }
}
