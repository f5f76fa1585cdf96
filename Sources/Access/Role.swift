/// What a principal is trusted with, as it stands in the token's `roles`.
public enum Role: String, CaseIterable, Sendable {
    /// Sees everything of the tenant.
    case viewer
    /// Starts and stops runs.
    case `operator`
    /// Writes definitions, too.
    case developer
    /// Decides approvals.
    case approver
    /// Everything within the tenant.
    case admin
    /// Serves tasks; sees nothing.
    case worker
    /// Everything, in every tenant.
    case platformAdmin = "platform-admin"
}

/// Something that a request wants to do.
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
    case readSession

    /// The action in words, for the message of a refusal.
    public var name: String {
        switch self {
        case .readRuns: "read runs"
        case .startRuns: "start runs"
        case .cancelRuns: "cancel runs"
        case .readLogs: "read logs"
        case .readWorkflows: "read workflows"
        case .applyWorkflows: "apply workflows"
        case .readQueues: "read queues"
        case .operateQueues: "pause, resume and drain queues"
        case .writeQueues: "set up and delete queues"
        case .readWorkers: "read workers"
        case .connectWorker: "connect a worker"
        case .readEvents: "read events"
        case .readOverview: "read the overview"
        case .decideApprovals: "decide approvals"
        case .readMetrics: "read metrics"
        case .readSystem: "read the system's state"
        case .createSessionCodes: "create sign-in codes"
        case .readSession: "read the own session"
        }
    }
}

/// A set of actions in one word.
public struct Permissions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ actions: some Sequence<Action>) {
        rawValue = actions.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    public func contains(_ action: Action) -> Bool { rawValue & 1 << UInt32(action.rawValue) != 0 }

    /// The one table of who may do what.
    public static func of(_ role: Role) -> Self {
        switch role {
        case .viewer: looking
        case .operator: looking.union(running)
        case .developer: looking.union(running).union(Self([.applyWorkflows, .writeQueues]))
        case .approver: looking.union(Self([.decideApprovals]))
        case .worker: Self([.connectWorker, .readSession])
        case .admin, .platformAdmin: Self(Action.allCases)
        }
    }

    private static let looking = Self([
        .readRuns, .readLogs, .readWorkflows, .readQueues, .readWorkers, .readEvents, .readOverview, .readSession,
        .createSessionCodes,
    ])
    private static let running = Self([.startRuns, .cancelRuns, .operateQueues, .readMetrics])
}
